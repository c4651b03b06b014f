package judge

import "cmp"

// Kept is what a store keeps of a contact's availability. Each part is the
// latest of its kind, so that what several processes keep is merged by taking
// the later of each.
type Kept struct {
	Since  Moment
	Seen   Account // the last departure that was seen as it happened
	Told   Account // the last account of a departure by a server
	Online Moment
	Words  []string // the statuses of its resources then
	Learnt Moment
}

// Account is one report of a departure.
type Account struct {
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
		kept.Seen = d.account()
	default:
		kept.Told = d.account()
		if d.parted != 0 {
			kept.Seen = partedAt(d.parted, "", 0).account()
		}
	}
	return kept
}

func (d *departure) account() Account {
	return Account{d.heard, d.at, d.stamp, d.resource, d.status(), d.text(), d.cause, d.settled, !d.byStamp, d.bounded}
}

func (a Account) departure(live bool) departure {
	return departure{heard: a.Heard, at: a.At, stamp: a.Stamp, resource: a.Resource, words: cmp.Or(a.Status, a.Text), server: a.Status == "" && a.Text != "",
		cause: a.Cause, source: Stored, live: live, settled: a.Settled, byStamp: !a.Ours, bounded: a.Bounded}
}

// Restore applies what a store kept, as older than everything heard since.
// Facts that lie in the future are ignored: our clock was wrong then.
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
