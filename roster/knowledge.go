package roster

import (
	"cmp"
	"slices"
	"time"

	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/probe"
)

// Bounds of what is kept of one contact; the latest stay.
const (
	maxResources  = 32 // resources that are online
	maxDepartures = 16 // resources that left
	maxEnds       = 8
)

// sameMoment is how far two accounts of one moment may be apart: last activity
// counts whole seconds.
const sameMoment = moment(2 * time.Second / time.Microsecond)

// fresh is for how long what was asked counts while the server holds presence
// back and the contact may come and go unseen.
const fresh = moment(time.Minute / time.Microsecond)

// knowledge is what is known of one contact's availability, apart from
// sessions and clocks.
//
// Every part of it is the greatest of the facts that it is made of, in an
// order that leaves no ties. So it does not depend on the order in which facts
// come, nor on how often (but for facts that exceed the bounds). What they mean
// together is worked out when somebody looks, see state.
type knowledge struct {
	resources []event // the latest of each resource, in no order
	up        moment  // when a resource was online last
	seen      sighting
	absence   *absence // nil where nothing was told of it
	learnt    moment   // when something was last heard, and how
	since     moment   // when all that was known before was dropped
	began     moment   // when the latest epoch began in which something was heard
	source    Source
}

// absence is what was told of the contact as a whole being offline. Many contacts
// have none, because they left before our eyes.
type absence struct {
	ends   []end    // the earliest first
	active sighting // by last activity, in whole seconds
	words  words
	asked  moment // when the last answer came that says offline
}

// absent returns the absence to change.
func (k *knowledge) absent() *absence {
	if k.absence == nil {
		k.absence = new(absence)
	}
	return k.absence
}

// told returns the absence to look at.
func (k *knowledge) told() absence {
	if k.absence == nil {
		return absence{}
	}
	return *k.absence
}

// hearing is when and how something was heard. It was heard in an epoch: from
// its beginning on the server tells everything anew, as it does with each session
// and after some silences. Zero is the time before this process began.
type hearing struct {
	at     moment
	began  moment // when the epoch began
	source Source
}

// event is a resource's coming, change or leaving. There is at least one for
// each contact who was heard of, so it is kept small.
type event struct {
	name  string
	at    moment // what counts for which is later
	heard moment
	here  *appearance // nil: it left
}

// appearance is how a resource is online.
type appearance struct {
	status   string
	since    moment
	idle     moment
	show     show
	priority int8
}

// resource is the copy for callers, of one that is online.
func (e event) resource() Resource {
	return Resource{
		Name:     e.name,
		Show:     shows[e.here.show],
		Status:   e.here.status,
		Priority: e.here.priority,
		Since:    e.here.since.time(),
		Idle:     e.here.idle.time(),
	}
}

// show is an index of shows (RFC 6121 section 4.7.2.1).
type show uint8

var shows = [...]string{"", "away", "chat", "dnd", "xa"}

func showOf(s string) show {
	return show(max(slices.Index(shows[:], s), 0))
}

// end is a moment at which no resource was online.
type end struct {
	at     moment
	heard  moment
	began  moment // when the epoch began in which it was heard
	source Source
}

// sighting is the end of an appearance of the contact.
type sighting struct {
	at       moment // zero: not known
	heard    moment
	resource string
	status   string
	settled  bool // an empty status means that nothing was said
	source   Source
}

// words are what a contact said as it left, nobody knows when.
type words struct {
	heard  moment
	status string
	source Source
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func (a event) compare(b event) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.heard, b.heard), -compareBool(a.here != nil, b.here != nil),
		valueOf(a.here).compare(valueOf(b.here)))
}

func (a appearance) compare(b appearance) int {
	return cmp.Or(cmp.Compare(a.since, b.since), cmp.Compare(a.priority, b.priority), cmp.Compare(a.show, b.show),
		cmp.Compare(a.status, b.status), cmp.Compare(a.idle, b.idle))
}

func (a end) compare(b end) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.heard, b.heard), cmp.Compare(a.began, b.began), cmp.Compare(b.source, a.source))
}

func (a sighting) compare(b sighting) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.heard, b.heard), compareBool(a.settled, b.settled),
		cmp.Compare(a.status, b.status), cmp.Compare(a.resource, b.resource), cmp.Compare(b.source, a.source))
}

func (a words) compare(b words) int {
	return cmp.Or(cmp.Compare(a.heard, b.heard), cmp.Compare(a.status, b.status), cmp.Compare(b.source, a.source))
}

// presence takes a presence of the contact. It returns whether it said
// anything about availability.
//
// A server says what holds: however old the stamp, it speaks of the epoch's
// beginning at the earliest, and so replaces what was heard before.
func (k *knowledge) presence(p probe.Presence, h hearing) bool {
	at := h.at
	if !p.Delay.Stamp.IsZero() {
		at = momentOf(p.Delay.Stamp)
	}
	spoken := max(upTo(at, h.at), h.began)
	name := p.From.Resourcepart()
	switch {
	case p.Type == stanza.AvailablePresence:
		k.event(event{name: name, at: spoken, heard: h.at, here: &appearance{
			status:   p.Status(),
			since:    at,
			idle:     momentOf(p.Idle),
			show:     showOf(p.Show),
			priority: p.Priority,
		}})
		k.up = max(k.up, spoken)
	case p.Type != stanza.UnavailablePresence:
		return false
	case name != "":
		k.event(event{name: name, at: spoken, heard: h.at})
		k.seen.take(sighting{at: at, heard: h.at, resource: name, status: p.Status(), settled: true, source: h.source})
	default:
		k.offline(p, h)
	}
	k.confirm(h)
	return true
}

// upTo is the latest that a stamp can mean, at most when it was heard. Most
// stamps are of whole seconds, and must not be earlier than what was heard
// before in the same second.
func upTo(stamp, heard moment) moment {
	const second = 1e6
	if stamp%second == 0 {
		return max(min(stamp+second-1, heard), stamp)
	}
	return stamp
}

func (k *knowledge) event(e event) {
	if i := slices.IndexFunc(k.resources, func(old event) bool { return old.name == e.name }); i < 0 {
		k.resources = append(k.resources, e)
	} else if e.compare(k.resources[i]) > 0 {
		k.resources[i] = e
	}
	k.bound(true, maxResources)
	k.bound(false, maxDepartures)
}

// bound forgets the earliest event of a kind where there are too many.
func (k *knowledge) bound(online bool, most int) {
	n, first := 0, -1
	for i, e := range k.resources {
		if (e.here != nil) != online {
			continue
		}
		if n++; first < 0 || e.compare(k.resources[first]) < 0 {
			first = i
		}
	}
	if n > most {
		k.resources = slices.Delete(k.resources, first, first+1)
	}
}

// offline takes that the contact as a whole is offline.
func (k *knowledge) offline(p probe.Presence, h hearing) {
	status := p.Status()
	if p.LastWords() {
		status = "" // said while online, and no goodbye
	}
	stamp := p.Delay.Stamp
	if stamp.IsZero() {
		k.end(end{at: h.at, heard: h.at, began: h.began, source: h.source})
		if status != "" {
			k.say(words{h.at, status, h.source})
		}
		return
	}
	at := momentOf(stamp)
	k.end(end{at: max(upTo(at, h.at), h.began), heard: h.at, began: h.began, source: h.source})
	k.seen.take(sighting{at: at, heard: h.at, resource: p.Delay.From.Resourcepart(), status: status, source: h.source})
}

func (k *knowledge) end(e end) {
	a := k.absent()
	i, found := slices.BinarySearchFunc(a.ends, e, end.compare)
	if found {
		return
	}
	a.ends = slices.Insert(a.ends, i, e)
	if len(a.ends) > maxEnds {
		a.ends = slices.Delete(a.ends, 0, 1)
	}
}

// answer takes the answer to a probe about a contact who is offline; its
// presences were taken already.
func (k *knowledge) answer(a probe.Answer, h hearing) {
	h.source = Probe
	var at moment
	if a.Activity.Told && (a.Activity.Ago > 0 || a.Activity.Status != "") {
		h.source, at = LastActivity, h.at.sub(a.Activity.Ago)
		k.act(sighting{at: at, heard: h.at, status: a.Activity.Status, source: h.source})
	}
	if at = max(at, momentOf(a.LastSeen)); at == 0 {
		at = h.at // nobody knows since when, but now
	}
	k.end(end{at: max(at, h.began), heard: h.at, began: h.began, source: h.source})
	k.absence.asked = max(k.absence.asked, h.at)
	k.confirm(h)
}

func (k *knowledge) confirm(h hearing) {
	if cmp.Or(cmp.Compare(h.at, k.learnt), cmp.Compare(k.source, h.source)) > 0 {
		k.learnt, k.source = h.at, h.source
	}
	k.began = max(k.began, h.began)
}

// act takes a last activity.
func (k *knowledge) act(s sighting) {
	k.absent().active.take(s)
}

// say takes what the contact said.
func (k *knowledge) say(w words) {
	if a := k.absent(); w.compare(a.words) > 0 {
		a.words = w
	}
}

func (s *sighting) take(other sighting) {
	if other.compare(*s) > 0 {
		*s = other
	}
}

// online tells whether an event is of a resource that is online: none of the
// ends is later, and the server has told of it since it tells everything anew.
func (k *knowledge) online(e event) bool {
	if e.here == nil || e.heard < k.began {
		return false
	}
	if k.absence == nil || len(k.absence.ends) == 0 {
		return true
	}
	last := k.absence.ends[len(k.absence.ends)-1]
	return cmp.Or(cmp.Compare(e.at, last.at), cmp.Compare(e.heard, last.heard)) > 0
}

func (k *knowledge) isOnline() bool {
	return slices.ContainsFunc(k.resources, k.online)
}

// last is the end of the contact's last appearance, for one who is offline.
func (k *knowledge) last() sighting {
	told := k.told()
	s, other := k.lasting(k.seen), k.lasting(told.active)
	if other.at-s.at > sameMoment || other.status != "" && other.status != s.status && s.heard < k.began && s.heard < other.heard {
		s, other = other, s // not the same appearance
	}
	if other.status != "" && s.status == "" && s.at-other.at <= sameMoment {
		s.status, s.settled = other.status, true
	}
	if w := k.watched(); w.at > s.at {
		s = w
	}
	s = k.lasting(s)
	if s.at != 0 && s.at < k.up {
		s.at = k.up // a clock that is slow: we have seen better
	}
	if w := told.words; s.status == "" && (!s.settled || w.heard == s.at) && w.heard > k.up && w.heard >= s.at {
		s.status = w.status
		s.source = cmp.Or(s.source, w.source)
	}
	s.settled = s.settled || s.at != 0 && told.asked >= s.at
	return s
}

// valueOf is what p points to, or the zero value.
func valueOf[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// lasting returns a sighting unless the contact was online after that, and the
// sighting does not know.
func (k *knowledge) lasting(s sighting) sighting {
	if s.at < k.up && s.heard < k.up {
		return sighting{}
	}
	return s
}

// watched is the end of an appearance that was seen as it happened, by a
// presence that speaks of the contact as a whole.
func (k *knowledge) watched() sighting {
	var s sighting
	var latest event
	for _, e := range k.resources {
		if e.here == nil {
			continue
		}
		for _, end := range k.told().ends {
			if end.at < e.at {
				continue
			}
			if end.began < e.at && end.source == Live && cmp.Or(cmp.Compare(end.at, s.at), e.compare(latest)) > 0 {
				latest = e
				s = sighting{at: end.at, heard: end.at, resource: e.name, settled: true, source: end.source}
			}
			break
		}
	}
	return s
}

// horizon is what makes knowledge outdated: a new epoch, and a server that
// holds presence back.
type horizon struct {
	now      moment
	began    moment // of the epoch
	filtered bool
}

// lack tells what is missing.
func (k *knowledge) lack(h horizon) Lack {
	switch {
	case k.learnt == 0:
		return NeverHeard
	case k.began < h.began, h.filtered && h.now-k.learnt > fresh:
		return Outdated
	case k.isOnline():
		return Nothing
	}
	s := k.last()
	switch {
	case s.at == 0 || s.status == "" && !s.settled:
		return NoDetails
	case s.heard < k.began && k.told().asked < k.began:
		// That the contact is offline now does not say that it was all the
		// while: it may have come and left again.
		return Outdated
	}
	return Nothing
}

// describe fills in what is known into c.
func (k *knowledge) describe(c *Contact, h horizon) {
	c.Lack, c.Source, c.Learnt = k.lack(h), k.source, k.learnt.time()
	for _, e := range k.resources {
		if k.online(e) {
			c.Resources = append(c.Resources, e.resource())
		}
	}
	if len(c.Resources) > 0 {
		c.Online = true
		sortResources(c.Resources)
		c.Status = c.Resources[0].Status
		return
	}
	s := k.last()
	c.LastSeen, c.Resource, c.Status = s.at.time(), s.resource, s.status
	c.Source = cmp.Or(s.source, c.Source)
}

// sortResources puts the best first.
func sortResources(resources []Resource) {
	slices.SortFunc(resources, func(a, b Resource) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), b.Since.Compare(a.Since), cmp.Compare(a.Name, b.Name))
	})
}
