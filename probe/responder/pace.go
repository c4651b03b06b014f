package responder

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"mellium.im/xmpp/jid"
)

// How many times the limit of one address a domain has, and all domains together.
const (
	domainShare = 25
	totalShare  = 250
)

// loginShare is how many times the burst about one contact a subscriber has about
// all the contacts of a gateway: by default 10,000 replies, enough for two devices
// that log in with a roster of 5,000. It is restored at totalShare times the rate. A
// reply with a long status counts once for each replySize bytes.
const (
	loginShare = 500
	replySize  = 256
)

// maxAddresses limits how many addresses are remembered, twice.
const maxAddresses = 4096

// pace limits replies by the address that they go to. A flood from many addresses
// meets the limit on all of them together.
type pace struct {
	burst int
	every time.Duration
	all   *rate.Limiter

	mu        sync.Mutex
	addresses limiters
}

func newPace(burst int, every time.Duration) pace {
	return pace{burst: burst, every: every, all: limiter(burst, every, totalShare, totalShare)}
}

// limiter returns a limiter with multiples of the burst and of the rate.
func limiter(burst int, every time.Duration, bursts, rates int) *rate.Limiter {
	return rate.NewLimiter(rate.Every(every)*rate.Limit(rates), burst*bursts)
}

// allow reports whether one more reply may go to an address. A refused one does
// not count against others.
func (p *pace) allow(to jid.JID, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	limiters := []*rate.Limiter{
		p.addresses.get(to.Bare().String(), func() *rate.Limiter { return limiter(p.burst, p.every, 1, 1) }),
		p.addresses.get("@"+to.Domainpart(), func() *rate.Limiter { return limiter(p.burst, p.every, domainShare, domainShare) }), // no bare JID begins so
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

// limiters remembers the limiters of addresses. One that was not used for a long
// time is dropped, and starts over. The zero value is ready to use.
type limiters struct {
	recent, older map[string]*rate.Limiter
}

func (l *limiters) get(key string, create func() *rate.Limiter) *rate.Limiter {
	one := l.recent[key]
	if one != nil {
		return one
	}
	if one = l.older[key]; one == nil {
		one = create()
	}
	if l.recent == nil || len(l.recent) >= maxAddresses {
		l.older, l.recent = l.recent, make(map[string]*rate.Limiter)
	}
	l.recent[key] = one
	return one
}

// subscribers limits the replies to each subscriber: about one contact, and about
// all.
type subscribers struct {
	burst int
	every time.Duration

	mu             sync.Mutex
	about, probers limiters
}

// reserve returns how long a reply to a subscriber about a contact has to wait. One
// that would wait longer than maxWait does not count.
func (s *subscribers) reserve(prober, contact jid.JID, now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, all := s.of(prober, contact)
	of, ofAll := one.ReserveN(now, 1), all.ReserveN(now, 1)
	wait := max(of.DelayFrom(now), ofAll.DelayFrom(now))
	if wait > maxWait {
		of.CancelAt(now)
		ofAll.CancelAt(now)
	}
	return wait
}

// spend counts replies that were not reserved, for those that come later. They count
// as count replies about all contacts.
func (s *subscribers) spend(prober, contact jid.JID, replies, count int, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, all := s.of(prober, contact)
	spend(one, replies, now)
	spend(all, count, now)
}

// of returns the limiters of a subscriber: about one contact, and about all.
func (s *subscribers) of(prober, contact jid.JID) (one, all *rate.Limiter) {
	who := prober.Bare().String()
	one = s.about.get(who+" "+contact.Bare().String(), func() *rate.Limiter { return limiter(s.burst, s.every, 1, 1) })
	all = s.probers.get(who, func() *rate.Limiter { return limiter(s.burst, s.every, loginShare, totalShare) })
	return one, all
}

// spend takes n tokens, even if there are fewer, one by one because a limiter gives
// at most its burst.
func spend(l *rate.Limiter, n int, now time.Time) {
	for range n {
		l.ReserveN(now, 1)
	}
}
