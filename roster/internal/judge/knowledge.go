package judge

import (
	"cmp"
	"slices"
	"strings"

	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/probe"
)

// maxResources bounds the resources of one contact; the latest stay.
const maxResources = 32

// Epoch numbers the sessions of a process from 1. Zero is the time before it.
type Epoch uint32

// Hearing is when and how something was heard.
type Hearing struct {
	At       Moment
	Epoch    Epoch
	Source   Source // Live or Probe
	Filtered bool   // the server may be holding presence back
}

// Knowledge is what is known of one contact's availability. The zero value is
// nothing. There is one for each contact, so it is kept small.
type Knowledge struct {
	here   []Resource // connected, as told in epoch
	left   *departure // the last one, nil where there was none since Online
	why    error      // why nothing is known
	online Moment     // when it was last told to be available
	life   Moment     // the last other sign of life
	learnt Moment
	up     Moment // since when a server or component is up
	since  Moment // when all that was known before was dropped
	epoch  Epoch  // when availability was last told
	source Source
	room   bool
}

// Resource is a connected client.
type Resource struct {
	Name     string
	Show     string
	Status   string
	Since    Moment
	Idle     Moment
	Priority int8
	Kept     *probe.Presence // the presence whole, where its other children are kept
}

// Forget drops all that is known, as of a moment.
func (k *Knowledge) Forget(at Moment) { *k = Knowledge{since: at} }

// Since returns when all that was known before was dropped, zero for never.
func (k *Knowledge) Since() Moment { return k.since }

// Anything reports whether anything was ever learnt.
func (k *Knowledge) Anything() bool {
	return k.learnt != 0 || k.life != 0 || k.room || k.why != nil
}

// Presence takes a presence of the contact. It reports whether that changed
// anything.
func (k *Knowledge) Presence(p probe.Presence, h Hearing, keep bool) bool {
	if p.Room {
		return k.occupant()
	}
	if k.room || h.Epoch < k.epoch {
		return false // a bare address of a room's, or what a former session still hears
	}
	switch p.Type {
	case stanza.AvailablePresence:
		k.available(p, h, keep)
	case stanza.UnavailablePresence:
		if k.epoch != h.Epoch {
			k.here = nil
		}
		k.unavailable(p, h)
	case stanza.ErrorPresence:
		k.why = p.Err
		return true
	default:
		return false
	}
	return true
}

// occupant takes that the contact is a room (XEP-0045 section 7.2.2).
func (k *Knowledge) occupant() bool {
	if k.room {
		return false
	}
	*k = Knowledge{since: k.since, room: true}
	return true
}

func (k *Knowledge) available(p probe.Presence, h Hearing, keep bool) {
	if k.epoch != h.Epoch {
		k.here = k.here[:0]
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
		r.Kept = &p
	}
	k.remove(r.Name)
	if len(k.here) == maxResources {
		k.here = slices.Delete(k.here, 0, 1)
	}
	k.here = append(k.here, r)
	k.left, k.online = nil, h.At
	k.told(h, h.Source)
}

// remove takes a resource off, and reports whether it was there.
func (k *Knowledge) remove(name string) bool {
	i := slices.IndexFunc(k.here, func(r Resource) bool { return r.Name == name })
	if i < 0 {
		return false
	}
	k.here = slices.Delete(k.here, i, i+1)
	return true
}

// told takes that availability was told.
func (k *Knowledge) told(h Hearing, source Source) {
	k.epoch, k.learnt, k.source, k.why = h.Epoch, h.At, source, nil
}

func (k *Knowledge) unavailable(p probe.Presence, h Hearing) {
	name := p.From.Resourcepart()
	was := len(k.here) > 0
	answer := h.Source == Probe && (name == "" || !p.Delay.Stamp.IsZero())
	if name != "" {
		was = k.remove(name)
		if len(k.here) > 0 {
			k.told(h, h.Source)
			return
		}
	} else if was {
		name = k.here[len(k.here)-1].Name
		k.here = nil
	}
	d := told(p, h)
	d.resource = cmp.Or(d.resource, name)
	repeated := k.left != nil && k.left.epoch == h.Epoch && !h.Filtered
	k.told(h, h.Source)
	if p.LastWords() && !was {
		// A server made it of the last available presence: the contact is
		// offline, and nothing is told of how it left.
		return
	}
	if d.at == 0 && !p.Held.IsZero() {
		d.at, d.byStamp, d.bounded = h.At, false, true
	}
	// Servers answer for who is offline from the bare address, or with a stamp:
	// anything else is a resource that leaves now, known or not.
	leaves := p.From.Resourcepart() != "" && p.Delay.Stamp.IsZero() && p.Held.IsZero() && h.Source == Live && !repeated
	switch {
	case was && !answer, leaves:
		k.depart(d, p, h)
	case d.at != 0:
		k.account(d, h)
	case repeated && k.left.distinct(d):
		// It came and left again unseen.
		d.at, d.byStamp, d.bounded = h.At, false, true
		k.left = &d
	case d.said():
		k.account(d, h)
	}
}

// depart takes a departure that was seen. It happened now, by our clock, unless
// the server held it back: then it happened at some time since the contact was
// last told to be available.
func (k *Knowledge) depart(d departure, p probe.Presence, h Hearing) {
	k.online = min(k.online, h.At)
	d.at, d.byStamp, d.live, d.settled = h.At, false, true, true
	d.bounded = h.Filtered || !p.Held.IsZero()
	if !p.Held.IsZero() {
		d.at = min(max(MomentOf(p.Held), k.online), h.At)
	}
	if p.LastWords() {
		d.words(p.Status(), Live)
	}
	k.left = &d
}

// Alive takes another sign of life than presence: a message, for example.
func (k *Knowledge) Alive(at, now Moment) bool {
	if at > now || at <= max(k.online, k.life) || k.room {
		return false
	}
	k.life = at
	return true
}

// Why takes why nothing can be known.
func (k *Knowledge) Why(err error) { k.why = err }

// Room reports whether the contact was seen to be a room.
func (k *Knowledge) Room() bool { return k.room }

func compareResources(a, b Resource) int {
	return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(b.Since, a.Since), strings.Compare(a.Name, b.Name))
}

// SetUp takes when a server or component came up.
func (k *Knowledge) SetUp(at Moment) bool {
	changed := k.up != at
	k.up = at
	return changed
}

// ToldAt returns when availability was last told.
func (k *Knowledge) ToldAt() Moment { return k.learnt }
