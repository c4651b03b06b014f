package main

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxLimiters bounds what the limits remember. Beyond it, whoever is not
// remembered waits until somebody is forgotten.
const maxLimiters = 100_000

// limits bounds how often passwords may be tried, by the address on the network
// and by the account.
type limits struct {
	perMinute int // log-ins of a network address

	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

// allow reports whether a password may be tried.
func (l *limits) allow(from netip.Addr, account string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.bucket("address "+network(from), l.perMinute).AllowN(now, 1) {
		return false
	}
	wrong := l.buckets["account "+account]
	return wrong == nil || wrong.TokensAt(now) >= 1
}

// wrongPerMinute is how many wrong passwords of an account are taken.
const wrongPerMinute = 5

// wrong counts a wrong password. Right ones do not count, so that somebody who
// uses an account much is not taken for somebody who guesses.
func (l *limits) wrong(account string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bucket("account "+account, wrongPerMinute).AllowN(now, 1)
}

func (l *limits) bucket(key string, perMinute int) *rate.Limiter {
	b := l.buckets[key]
	if b == nil {
		if len(l.buckets) >= maxLimiters {
			return rate.NewLimiter(0, 0)
		}
		b = rate.NewLimiter(rate.Every(time.Minute/time.Duration(perMinute)), perMinute)
		if l.buckets == nil {
			l.buckets = make(map[string]*rate.Limiter)
		}
		l.buckets[key] = b
	}
	return b
}

// forget forgets those who have tried nothing for long.
func (l *limits) forget(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, b := range l.buckets {
		if b.TokensAt(now) >= float64(b.Burst()) {
			delete(l.buckets, key)
		}
	}
}

// network is what one user of the network has: an IPv4 address, or the 64 bits of
// an IPv6 address that a provider assigns.
func network(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		return netip.PrefixFrom(a, 64).Masked().String()
	}
	return a.String()
}
