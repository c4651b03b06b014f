package roster

import "example.org/lastpresence/internal/wire/address"

// record returns what is to be kept of the contact.
func (e *entry) record(texts bool) Record {
	k := &e.knowledge
	seen, told := k.seen, k.told()
	if w := k.watched(); w.compare(seen) > 0 {
		seen = w
	}
	r := Record{
		JID:          address.OfKey(e.key),
		Listed:       e.listed.time(),
		Name:         e.name,
		Groups:       e.groups,
		Subscription: e.subscription.String(),
		Ask:          e.ask,
		Approved:     e.approved,
		Since:        k.since.time(),
		Seen:         seen.record(),
		Active:       told.active.record(),
		Said:         Sighting{Heard: told.words.heard.time(), Status: told.words.status},
		Online:       k.up.time(),
		Asked:        told.asked.time(),
		Learnt:       k.learnt.time(),
	}
	if !texts {
		r.Seen.Status, r.Active.Status, r.Said = "", "", Sighting{}
	}
	return r
}

func (s sighting) record() Sighting {
	return Sighting{
		At:       s.at.time(),
		Heard:    s.heard.time(),
		Resource: s.resource,
		Status:   s.status,
		Settled:  s.settled,
	}
}

// details returns those that a store kept.
func (r Record) details() details {
	return details{
		name:         r.Name,
		groups:       r.Groups,
		subscription: subscriptionOf(r.Subscription),
		ask:          r.Ask,
		approved:     r.Approved,
	}
}

// restore takes what a store kept of what is known. Times that are later than now
// are of a clock that was wrong, and count as now.
func (e *entry) restore(r Record, now moment) {
	k := &e.knowledge
	switch since := min(momentOf(r.Since), now); {
	case since < k.since:
		return
	case since > k.since:
		*k = knowledge{since: since}
	}
	k.seen.take(restored(r.Seen, now))
	if r.Active != (Sighting{}) {
		k.act(restored(r.Active, now))
	}
	if r.Said != (Sighting{}) {
		k.say(words{min(momentOf(r.Said.Heard), now), r.Said.Status, Stored})
	}
	k.up = max(k.up, min(momentOf(r.Online), now))
	if !r.Asked.IsZero() {
		a := k.absent()
		a.asked = max(a.asked, min(momentOf(r.Asked), now))
	}
	if learnt := min(momentOf(r.Learnt), now); learnt != 0 {
		k.confirm(hearing{at: learnt, source: Stored})
	}
}

func restored(s Sighting, now moment) sighting {
	return sighting{
		at:       min(momentOf(s.At), now),
		heard:    min(momentOf(s.Heard), now),
		resource: s.Resource,
		status:   s.Status,
		settled:  s.Settled,
		source:   Stored,
	}
}
