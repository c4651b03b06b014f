package roster

import (
	"time"

	"example.org/lastpresence/internal/wire/address"
	"example.org/lastpresence/roster/internal/judge"
)

// record returns what is to be kept of the contact.
func (e *entry) record(texts bool) Record {
	k := e.Keep()
	r := Record{
		JID:          address.OfKey(e.key),
		Listed:       e.listed.Time(),
		Name:         e.name,
		Groups:       e.groupNames(),
		Subscription: e.subscription.String(),
		Ask:          e.ask,
		Approved:     e.approved,
		Since:        k.Since.Time(),
		Seen:         departureOf(k.Seen),
		Told:         departureOf(k.Told),
		Online:       k.Online.Time(),
		Words:        k.Words,
		Learnt:       k.Learnt.Time(),
	}
	if !texts {
		r = r.withoutTexts()
	}
	return r
}

// withoutTexts returns the record without what the contact said. That it said
// something is then not known, either.
func (r Record) withoutTexts() Record {
	r.Words = nil
	for _, d := range []*Departure{&r.Seen, &r.Told} {
		if d.Status != "" {
			d.Status, d.Settled = "", false
		}
	}
	return r
}

func departureOf(a judge.Report) Departure {
	return Departure{
		Heard: a.Heard.Time(), At: a.At.Time(), Stamp: a.Stamp.Time(), Resource: a.Resource, Status: a.Status,
		Cause: Cause(a.Cause), Text: a.Text, Settled: a.Settled, Ours: a.Ours, Bounded: a.Bounded,
	}
}

// kept returns what the record says of availability.
func (r Record) kept() judge.Kept {
	return judge.Kept{
		Since:  judge.MomentOf(r.Since),
		Seen:   r.Seen.report(),
		Told:   r.Told.report(),
		Online: judge.MomentOf(r.Online),
		Words:  r.Words,
		Learnt: judge.MomentOf(r.Learnt),
	}
}

func (d Departure) report() judge.Report {
	return judge.Report{
		Heard: judge.MomentOf(d.Heard), At: judge.MomentOf(d.At), Stamp: judge.MomentOf(d.Stamp), Resource: d.Resource, Status: d.Status,
		Cause: judge.Cause(d.Cause), Text: d.Text, Settled: d.Settled, Ours: d.Ours, Bounded: d.Bounded,
	}
}

// ahead reports whether the record has facts from the future: see [Record.AsOf].
func (r Record) ahead(now time.Time) bool {
	past := r.AsOf(now)
	return past.Seen != r.Seen || past.Told != r.Told || past.Listed != r.Listed || past.Since != r.Since ||
		past.Online != r.Online || past.Learnt != r.Learnt
}

// details returns those that a store kept.
func (r Record) details() details {
	return details{
		name:         r.Name,
		groups:       inGroups(r.Groups),
		subscription: subscriptionOf(r.Subscription),
		ask:          r.Ask,
		approved:     r.Approved,
	}
}
