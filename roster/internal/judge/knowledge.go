package judge

import (
	"cmp"
	"slices"

	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/probe"
)

// Epoch numbers the sessions of a process from 1. Zero means before the first
// session.
type Epoch uint32

// Hearing says when and how something was heard.
type Hearing struct {
	At       Moment
	Epoch    Epoch
	Source   Source // Live or Probe
	Filtered Moment // when the server began to hold presence back, if it may; zero: it does not
	Login    bool   // the presence of the login may still be arriving
}

// Knowledge is what is known about one contact's availability. The zero value
// means that nothing is known. There is one for each contact, so it is kept
// small.
type Knowledge struct {
	here   *[]Resource // connected, as reported in epoch; nil if there is none
	left   *departure  // the last one; nil if there was none since it was online, see parted
	rare   *rare       // what few contacts have; nil if there is nothing
	online Moment      // when it was last reported available
	learnt Moment
	epoch  Epoch // when availability was last reported
	partly Epoch // in which resources may have come or left unreported
	source Source
	room   bool
	been   bool // it was here at some time, whatever our clock said then
}

// rare is what only few contacts have.
type rare struct {
	why   error  // why nothing is known
	words string // statuses of resources whose departure nobody reported, each between two zeros
	life  Moment // the last sign of life other than presence
	up    Moment // when a server or component started
	since Moment // when everything known was last dropped
}

// some returns what few contacts have, for reading.
func (k *Knowledge) some() rare {
	if k.rare == nil {
		return rare{}
	}
	return *k.rare
}

// set lets f change what few contacts have.
func (k *Knowledge) set(f func(*rare)) {
	r := k.some()
	if f(&r); r != (rare{}) {
		k.rare = &r
	} else {
		k.rare = nil
	}
}

// Forget drops everything known, as of the moment at.
func (k *Knowledge) Forget(at Moment) {
	*k = Knowledge{}
	if at != 0 {
		k.rare = &rare{since: at}
	}
}

// Since returns when everything known was last dropped, or zero if it never
// was.
func (k *Knowledge) Since() Moment { return k.some().since }

// Anything reports whether anything was ever learnt.
func (k *Knowledge) Anything() bool {
	r := k.some()
	return k.learnt != 0 || k.room || r.life != 0 || r.why != nil
}

// Presence applies a presence of the contact, and reports whether it changed
// anything.
func (k *Knowledge) Presence(p *probe.Presence, h Hearing, keep bool) bool {
	if p.Room {
		return k.occupant()
	}
	if k.room || h.Epoch < k.epoch {
		return false // the room itself, or what a former session still hears
	}
	switch p.Type {
	case stanza.AvailablePresence:
		k.available(p, h, keep)
	case stanza.UnavailablePresence:
		if k.epoch != h.Epoch {
			k.lose()
		}
		k.unavailable(p, h)
	case stanza.ErrorPresence:
		k.Why(p.Err)
	default:
		return false
	}
	return true
}

// occupant records that the contact is a room (XEP-0045 section 7.2.2).
func (k *Knowledge) occupant() bool {
	if k.room {
		return false
	}
	k.Forget(k.Since())
	k.room = true
	return true
}

func (k *Knowledge) available(p *probe.Presence, h Hearing, keep bool) {
	if k.epoch != h.Epoch {
		k.here = nil
	}
	if k.here == nil && k.rare != nil && k.learnt != k.online {
		k.set(func(r *rare) { r.words = "" }) // it was offline since
	}
	r := Resource{
		Name:     p.From.Resourcepart(),
		Show:     p.Show,
		Status:   p.Status(),
		Since:    cmp.Or(MomentOf(p.Delay.Stamp), MomentOf(p.Held), h.At),
		Idle:     MomentOf(p.Idle),
		Priority: p.Priority,
	}
	if keep {
		whole := *p
		r.Kept = &whole
	}
	here := slices.DeleteFunc(k.resources(), func(old Resource) bool { return old.Name == r.Name })
	if len(here) == maxResources {
		here = slices.Delete(here, 0, 1)
	}
	k.setResources(append(here, r))
	k.been = true
	switch {
	case h.Filtered == 0 && p.Held.IsZero(), h.Source == Probe && p.Held.IsZero():
		k.online = h.At
	case h.Filtered != 0:
		// It was there at some time since.
		k.online = max(k.online, h.Filtered)
	}
	if !k.parted() || h.At-k.left.at > apart {
		k.left = nil // else its server may still tell of it
	}
	k.told(h, h.Source)
}

// told records that availability was reported.
func (k *Knowledge) told(h Hearing, source Source) {
	k.epoch, k.learnt, k.source = h.Epoch, h.At, source
	if k.rare != nil && k.rare.why != nil {
		k.Why(nil)
	}
}

func (k *Knowledge) unavailable(p *probe.Presence, h Hearing) {
	name := p.From.Resourcepart()
	was := k.here != nil
	if name == "" {
		k.partly = 0
	}
	stamped := !p.Delay.Stamp.IsZero() || ahead(p)
	answer := h.Source == Probe && (name == "" || stamped)
	if name != "" {
		was = k.remove(name)
		if k.here != nil {
			// What it says as it leaves is not said on leaving as a whole.
			k.remember([]string{p.Status()})
			if was && !answer {
				k.part(name, h, h.Filtered != 0 || !p.Held.IsZero())
			}
			k.told(h, h.Source)
			return
		}
	} else if was {
		here := k.resources()
		name = here[len(here)-1].Name
		k.lose()
	}
	d := told(p, h)
	d.resource = cmp.Or(d.resource, name)
	toldBefore := k.epoch == h.Epoch
	repeated := k.left != nil && !k.parted() && k.left.epoch == h.Epoch && h.Filtered == 0 && h.At-k.left.at <= late
	k.told(h, h.Source)
	if (p.MadeFromAvailable() || k.before(d.words)) && (!was || answer) {
		// A server made it of the last available presence: the contact is
		// offline, and it is not known how it left.
		return
	}
	if d.at == 0 && !p.Held.IsZero() {
		d.at, d.byStamp, d.bounded = h.At, false, true
	}
	// Servers answer for an offline contact from its bare JID, or with a stamp.
	// Anything else is a resource that leaves now, known or not.
	leaves := p.From.Resourcepart() != "" && !stamped && !repeated
	again := toldBefore && !h.Login && h.Source == Live && h.Filtered == 0 && p.Held.IsZero() // unprompted
	switch {
	case was && !answer, leaves:
		// If nothing was reported about the contact in this session, other
		// resources may be connected.
		d.doubt = !toldBefore
		k.depart(&d, p, h)
	case d.at != 0:
		k.account(&d, h)
	case k.left != nil && k.left.distinct(&d) && (repeated || again):
		// It came and left again unseen.
		k.depart(&d, p, h)
	case d.words != "":
		k.account(&d, h)
	case k.left != nil && (k.left.live || k.left.cause == NeverLoggedIn) && again && !repeated:
		k.left.doubt = true // it may have come and left again unseen
	}
}

// part records that one resource left, at some time before now if the server may
// have held that back, and others are still there.
func (k *Knowledge) part(name string, h Hearing, held bool) {
	if !held {
		k.online = h.At
	}
	if k.online == 0 {
		return // nothing would say that it was online after that
	}
	d := partedAt(h.At-1, name, h.Epoch)
	d.heard, d.bounded = k.online-1, held
	k.leave(d)
}

// parted reports whether the contact was online after the departure that is
// known. That one is kept only because its server may report it as the last, if
// it did not write down the one that followed.
func (k *Knowledge) parted() bool { return k.left != nil && k.left.live && k.left.heard < k.online }

// depart records a departure that was seen. It happened now, by our clock,
// unless the server held the presence back. Then it happened at some time since
// the contact was last reported available.
func (k *Knowledge) depart(d *departure, p *probe.Presence, h Hearing) {
	k.online = min(k.online, h.At)
	d.at, d.byStamp, d.live, d.settled = h.At, false, true, true
	d.bounded = h.Filtered != 0 || !p.Held.IsZero()
	if !p.Held.IsZero() {
		d.at = min(max(MomentOf(p.Held), k.online), h.At)
	}
	if p.MadeFromAvailable() {
		d.say(p.Status(), Live)
	}
	if d.bounded && k.parted() {
		d.parted = k.left.at
	}
	k.leave(d)
}

// leave sets the last departure.
func (k *Knowledge) leave(d *departure) {
	if k.left == nil {
		k.left = new(departure)
	}
	*k.left = *d
}

// Alive records a sign of life other than presence, such as a message.
func (k *Knowledge) Alive(at, now Moment) bool {
	if at > now || at <= max(k.online, k.some().life) || k.room {
		return false
	}
	k.set(func(r *rare) { r.life = at })
	return true
}

// Why records the error because of which nothing can be known.
func (k *Knowledge) Why(err error) { k.set(func(r *rare) { r.why = err }) }

// Partly records that from now on, in this epoch, reports may be incomplete
// until an answer comes.
func (k *Knowledge) Partly(e Epoch) { k.partly = e }

// Room reports whether the contact was seen to be a room.
func (k *Knowledge) Room() bool { return k.room }

// SetUp records when a server or component started.
func (k *Knowledge) SetUp(at Moment) bool {
	if k.some().up == at {
		return false
	}
	k.set(func(r *rare) { r.up = at })
	return true
}

// ToldAt returns when availability was last reported.
func (k *Knowledge) ToldAt() Moment { return k.learnt }
