package judge

import "cmp"

// Kept is what a store keeps of a contact's availability. Each part is the
// latest of its kind, so that what several processes keep is merged by taking
// the later of each.
type Kept struct {
	Since  Moment
	Seen   Report // the last departure that was seen as it happened
	Told   Report // the last departure that a server reported afterwards
	Online Moment
	Words  []string // the statuses of its resources then
	Learnt Moment
}

// Report is one report of a departure.
type Report struct {
	Heard, At, Stamp Moment
	Resource         string
	Status, Text     string
	Cause            Cause
	Settled          bool
	Ours             bool // At is by our clock
	Bounded          bool // it happened at some time before At
}

// Keep returns what a store keeps.
func (k *Knowledge) Keep() Kept {
	kept := Kept{Since: k.Since(), Online: k.online, Words: k.statuses(), Learnt: k.learnt}
	switch d := k.left; {
	case d == nil, k.some().life > d.at+late:
		kept.Online = max(k.online, k.some().life)
	case d.live:
		kept.Seen = d.report()
	default:
		kept.Told = d.report()
		if d.parted != 0 {
			kept.Seen = partedAt(d.parted, "", 0).report()
		}
	}
	return kept
}

func (d *departure) report() Report {
	return Report{d.heard, d.at, d.stamp, d.resource, d.status(), d.text(), d.cause, d.settled, !d.byStamp, d.bounded}
}

func (r Report) departure(live bool) departure {
	return departure{heard: r.Heard, at: r.At, stamp: r.Stamp, resource: r.Resource, words: cmp.Or(r.Status, r.Text), server: r.Status == "" && r.Text != "",
		cause: r.Cause, source: Stored, live: live, settled: r.Settled, byStamp: !r.Ours, bounded: r.Bounded}
}

// Restore applies what a store kept. It counts as older than everything
// received since. Facts in the future are ignored: our clock was wrong when
// they were saved.
func (k *Knowledge) Restore(kept Kept, now Moment) {
	switch {
	case kept.Since > now || kept.Since < k.Since() || k.room:
		k.been = k.been || kept.Since > now && kept.Online > kept.Since && !k.room
		return
	case kept.Since > k.Since():
		k.Forget(kept.Since)
	}
	before := Knowledge{been: kept.Online != 0}
	for _, m := range []*Moment{&kept.Online, &kept.Learnt} {
		if *m > now {
			*m = 0
		}
	}
	before.online, before.learnt, before.source = kept.Online, kept.Learnt, Stored
	before.remember(kept.Words)
	seen, told := kept.Seen.departure(true), kept.Told.departure(false)
	first, second := seen, told
	if told.heard < seen.heard {
		first, second = told, seen
	}
	for _, d := range []departure{first, second} {
		if d.heard == 0 || d.heard > now || d.heard < kept.Online && !d.live || !d.byStamp && d.at > now {
			continue
		}
		if d.live || before.left == nil {
			before.leave(&d)
			continue
		}
		before.account(&d, Hearing{At: now})
	}
	k.follow(before)
}

// follow puts what is known behind what was known before.
func (k *Knowledge) follow(before Knowledge) {
	k.been = k.been || before.been
	if before.learnt == 0 && before.online == 0 && before.rare == nil {
		return
	}
	before.been = k.been
	if k.learnt == 0 {
		if k.rare != nil {
			r := *k.rare
			r.words = before.some().words
			before.rare = &r
		}
		*k = before
		return
	}
	after := k.left
	k.online = max(k.online, before.online)
	switch {
	case k.here != nil:
		return
	case after == nil:
		if k.online == before.online {
			k.left = before.left
		}
	case after.live:
	default:
		k.left = before.left
		k.account(after, Hearing{At: max(after.heard, k.online)})
	}
}
