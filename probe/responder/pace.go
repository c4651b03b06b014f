package responder

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"mellium.im/xmpp/jid"
)

// How much more than an address a domain is answered, and everybody together.
const (
	domainShare = 25
	totalShare  = 250
)

// maxAskers bounds the addresses that are remembered, twice.
const maxAskers = 4096

// pace bounds replies by whom they go to. Addresses that were not heard of for
// long are forgotten, and begin anew; the bound on all together is what a flood
// from many of them meets.
type pace struct {
	burst int
	every time.Duration
	all   *rate.Limiter

	mu          sync.Mutex
	now, before map[string]*rate.Limiter
}

func newPace(burst int, every time.Duration) pace {
	return pace{burst: burst, every: every, all: limiter(burst, every, totalShare), now: make(map[string]*rate.Limiter)}
}

func limiter(burst int, every time.Duration, share int) *rate.Limiter {
	return rate.NewLimiter(rate.Every(every)*rate.Limit(share), burst*share)
}

// allow reports whether one more reply may go to an address. One that is refused
// costs nobody else.
func (p *pace) allow(to jid.JID, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	limiters := []*rate.Limiter{
		p.of(to.Bare().String(), 1),
		p.of("@"+to.Domainpart(), domainShare), // no bare address begins so
		p.all,
	}
	for _, l := range limiters {
		if l.TokensAt(now) < 1 {
			return false
		}
	}
	for _, l := range limiters {
		l.AllowN(now, 1)
	}
	return true
}

func (p *pace) of(key string, share int) *rate.Limiter {
	l := p.now[key]
	if l != nil {
		return l
	}
	if l = p.before[key]; l == nil {
		l = limiter(p.burst, p.every, share)
	}
	if len(p.now) >= maxAskers {
		p.before, p.now = p.now, make(map[string]*rate.Limiter)
	}
	p.now[key] = l
	return l
}
