package roster

import (
	"cmp"
	"slices"
	"time"

	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/probe"
)

// maxResources bounds what is kept of one contact; the latest stay.
const maxResources = 32

// sameMoment is how far two accounts of one moment may be apart: last activity
// counts whole seconds.
const sameMoment = 2 * time.Second

// knowledge is what is known of one contact's availability. It is a value of
// facts, apart from sessions and clocks.
type knowledge struct {
	online []Resource  // in no order, one for each name
	gone   []departure // resources that left, to outlast a late presence
	ended  time.Time   // the latest moment at which nothing was online any more
	seen   sighting
	source Source
	learnt time.Time // when something was last heard
}

type departure struct {
	name string
	at   time.Time
}

// sighting is the end of the contact's last appearance.
type sighting struct {
	at       time.Time // zero: not known
	resource string
	status   string
	source   Source
	exact    bool // a stamp or our own eyes, not counted in whole seconds
	settled  bool // an empty status means that nothing was said
}

// presence takes a presence of the contact. It returns whether it said
// anything about availability.
func (k *knowledge) presence(p probe.Presence, source Source) bool {
	switch p.Type {
	case stanza.AvailablePresence:
		k.available(p)
	case stanza.UnavailablePresence:
		if name := p.From.Resourcepart(); name != "" {
			k.left(name, p, source)
		} else {
			k.offline(p, source)
		}
	default:
		return false
	}
	k.confirm(source, p.Received)
	return true
}

func (k *knowledge) confirm(source Source, at time.Time) {
	if !at.Before(k.learnt) {
		k.learnt, k.source = at, source
	}
}

func (k *knowledge) available(p probe.Presence) {
	r := Resource{
		Name:     p.From.Resourcepart(),
		Show:     p.Show,
		Status:   p.Status(),
		Priority: p.Priority,
		Since:    p.At(),
		Idle:     p.Idle,
	}
	if !r.Since.After(k.ended) {
		return
	}
	for _, d := range k.gone {
		if d.name == r.Name && !r.Since.After(d.at) {
			return
		}
	}
	if i := k.index(r.Name); i >= 0 {
		if r.Since.Before(k.online[i].Since) {
			return
		}
		k.online[i] = r
		return
	}
	k.online = append(k.online, r)
	if len(k.online) > maxResources {
		slices.SortFunc(k.online, func(a, b Resource) int { return b.Since.Compare(a.Since) })
		k.online = k.online[:maxResources]
	}
}

// left takes that one resource went offline.
func (k *knowledge) left(name string, p probe.Presence, source Source) {
	at := p.At()
	if i := k.index(name); i >= 0 && !k.online[i].Since.After(at) {
		k.online = slices.Delete(k.online, i, i+1)
	}
	k.gone = slices.DeleteFunc(k.gone, func(d departure) bool { return d.name == name && !d.at.After(at) })
	k.gone = append(k.gone, departure{name, at})
	if len(k.gone) > maxResources {
		slices.SortFunc(k.gone, func(a, b departure) int { return b.at.Compare(a.at) })
		k.gone = k.gone[:maxResources]
	}
	k.sight(sighting{at: at, resource: name, status: p.Status(), source: source, exact: true, settled: true})
}

// offline takes that the contact as a whole is offline.
func (k *knowledge) offline(p probe.Presence, source Source) {
	at := p.At()
	watched := false
	k.online = slices.DeleteFunc(k.online, func(r Resource) bool {
		over := !r.Since.After(at)
		watched = watched || over
		return over
	})
	if at.After(k.ended) {
		k.ended = at
	}
	s := sighting{status: p.Status(), source: source, exact: true}
	if stamped := !p.Delay.Stamp.IsZero(); stamped || watched {
		s.at = at
		s.resource = p.Delay.From.Resourcepart()
	}
	k.sight(s)
}

// activity takes the merged answer of a probe about a contact who is offline.
func (k *knowledge) activity(a probe.Answer) {
	source := LastActivity
	if a.LastSeenFrom == probe.FromPresence || a.LastSeenFrom == probe.FromNothing && len(a.Presences) > 0 {
		source = Probe
	}
	at := a.LastSeen
	if at.IsZero() {
		at = a.Received
	}
	k.online = slices.DeleteFunc(k.online, func(r Resource) bool { return !r.Since.After(at) })
	if at.After(k.ended) {
		k.ended = at
	}
	k.sight(sighting{at: a.LastSeen, status: a.Status, source: source, exact: source == Probe, settled: a.Activity.Told || a.Status != ""})
	k.confirm(source, a.Received)
}

// sight takes the end of an appearance: the later one counts, and of two
// accounts of the same one neither loses what only it tells.
func (k *knowledge) sight(s sighting) {
	old := k.seen
	apart := s.at.Sub(old.at).Abs()
	switch {
	case s.at.IsZero():
		// Offline, without a time: it may still have the words.
		if old.at.IsZero() && s.status != "" {
			k.seen = s
		}
		return
	case old.at.IsZero(), apart > sameMoment && s.at.After(old.at):
		if s.status == "" && old.at.IsZero() {
			s.status = old.status
		}
	case apart > sameMoment:
		return
	default:
		first, second := s, old
		if old.exact && !s.exact || old.exact == s.exact && old.at.After(s.at) {
			first, second = old, s
		}
		first.status = cmp.Or(first.status, second.status)
		first.resource = cmp.Or(first.resource, second.resource)
		first.settled = first.settled || second.settled
		s = first
	}
	k.seen = s
}

func (k *knowledge) index(name string) int {
	return slices.IndexFunc(k.online, func(r Resource) bool { return r.Name == name })
}

// lack tells what is missing, for a session that began at the given time.
func (k *knowledge) lack(began time.Time) Lack {
	switch {
	case k.learnt.IsZero():
		return NeverHeard
	case k.learnt.Before(began):
		return Outdated
	case len(k.online) == 0 && (k.seen.at.IsZero() || k.seen.status == "" && !k.seen.settled):
		return NoDetails
	}
	return Nothing
}

// describe fills in what is known into c.
func (k *knowledge) describe(c *Contact, began time.Time) {
	c.Lack, c.Source, c.Learnt = k.lack(began), k.source, k.learnt
	if len(k.online) > 0 {
		c.Online = true
		c.Resources = slices.Clone(k.online)
		slices.SortFunc(c.Resources, func(a, b Resource) int {
			return cmp.Or(cmp.Compare(b.Priority, a.Priority), b.Since.Compare(a.Since), cmp.Compare(a.Name, b.Name))
		})
		c.Status = c.Resources[0].Status
		return
	}
	c.LastSeen, c.Resource, c.Status = k.seen.at, k.seen.resource, k.seen.status
	if !k.seen.at.IsZero() || k.seen.status != "" {
		c.Source = k.seen.source
	}
}
