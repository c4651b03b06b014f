package judge

import "slices"

// Source says where knowledge comes from. Its values are those of
// roster.Source.
type Source uint8

// The sources.
const (
	None Source = iota
	Live
	Probe
	LastActivity
	Stored
)

// Lack says what is missing. Its values are those of roster.Lack.
type Lack uint8

// The lacks.
const (
	Nothing Lack = iota
	NeverHeard
	NoDetails
	Outdated
)

// Horizon is the moment at which somebody looks.
type Horizon struct {
	Now     Moment
	Epoch   Epoch
	Stale   bool // nothing is reported any more, or not everything
	Settled bool // the presence of the login has arrived: a contact without one is offline
}

// View is what is known at one moment.
type View struct {
	Here     []Resource // in order of preference
	Online   bool
	LastSeen Moment
	Resource string
	Status   string
	Cause    Cause
	Text     string
	OnlineAt Moment
	Learnt   Moment
	Source   Source
	Lack     Lack
	Room     bool
	Why      error
	Up       Moment
}

// View returns what is known.
func (k *Knowledge) View(h Horizon) View {
	r := k.some()
	v := View{Source: k.source, Learnt: k.learnt, Room: k.room, Why: r.why, Up: r.up, OnlineAt: past(max(k.online, r.life), h.Now)}
	v.Lack = k.lack(h)
	if k.here != nil {
		v.Online = true
		v.Here = slices.SortedFunc(slices.Values(*k.here), compareResources)
		v.Status = v.Here[0].Status
		v.Here = slices.DeleteFunc(v.Here, func(r Resource) bool { return r.Name == "" })
		return v
	}
	d := k.left
	if d == nil || k.parted() || !d.byStamp && d.at > h.Now {
		return v
	}
	v.LastSeen, v.Resource, v.Source = past(d.at, h.Now), d.resource, d.source
	v.Status, v.Cause, v.Text = d.status(), d.cause, d.text()
	if r.life > d.at+late && d.at != 0 {
		// It was there after it had left, and has left again.
		v.LastSeen, v.Resource, v.Status, v.Cause, v.Text = past(r.life, h.Now), "", "", CauseUnknown, ""
	}
	return v
}

// past returns m, but no later than now, because another machine's clock may be
// ahead.
func past(m, now Moment) Moment {
	if now == 0 {
		return m
	}
	return min(m, now)
}

func (k *Knowledge) lack(h Horizon) Lack {
	d, life := k.left, k.some().life
	switch {
	case k.room:
		return Nothing
	case k.learnt == 0 && life == 0:
		return NeverHeard
	case k.here != nil && k.epoch == h.Epoch:
		if h.Stale || k.partly == h.Epoch && h.Epoch != 0 {
			return Outdated
		}
		return Nothing
	case k.here != nil:
		return Outdated
	case d == nil, k.parted(), !d.byStamp && d.at > h.Now && h.Now != 0:
		return k.absent(h)
	case d.cause == NeverLoggedIn && d.at == 0:
	case d.at == 0, d.bounded, d.status() == "" && !d.settled, life > d.at+late:
		return k.absent(h)
	}
	if h.Stale || d.doubt || k.partly == h.Epoch && h.Epoch != 0 || d.epoch != h.Epoch || k.epoch != h.Epoch {
		return Outdated
	}
	return Nothing
}

// absent returns what is missing of a contact that seems offline without details.
// Unless the session reports every presence, it may be online.
func (k *Knowledge) absent(h Horizon) Lack {
	if h.Stale || k.partly == h.Epoch && h.Epoch != 0 || k.epoch != h.Epoch && !h.Settled {
		return Outdated
	}
	return NoDetails
}
