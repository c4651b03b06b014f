package roster

import (
	"cmp"
	"slices"
	"time"
)

// sameMoment is how far two accounts of one moment may be apart: last activity
// counts whole seconds.
const sameMoment = moment(2 * time.Second / time.Microsecond)

// fresh is for how long what was asked counts while the server holds presence
// back and the contact may come and go unseen.
const fresh = moment(time.Minute / time.Microsecond)

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
