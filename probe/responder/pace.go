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

// maxAskers limits how many addresses are remembered, twice.
const maxAskers = 4096

// pace limits replies by the address that they go to. An address that was not
// seen for a long time is dropped, and starts over. A flood from many addresses
// meets the limit on all of them together.
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

// allow reports whether one more reply may go to an address. A refused one does
// not count against others.
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
