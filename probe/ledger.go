package probe

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// ledger limits and counts the probes of a Client. Several Clients may share one,
// see [Continue].
type ledger struct {
	mu      sync.Mutex
	limiter *rate.Limiter
	asked   coolDown
	stats   Stats
}

// ledger returns the ledger for the configuration.
func (cfg config) ledger() *ledger {
	if cfg.old == nil {
		return &ledger{limiter: cfg.limiter(), asked: coolDown{period: cfg.coolDown}}
	}
	l := cfg.old.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limiter.SetLimit(rate.Every(cfg.every))
	l.limiter.SetBurst(cfg.burst)
	l.asked.period = cfg.coolDown
	return l
}

// send records a probe to the contact, or returns why it must not be sent.
func (l *ledger) send(key string, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.asked.ready(key, now) {
		l.stats.CoolDown++
		return ErrCoolDown
	}
	if !l.limiter.AllowN(now, 1) {
		l.stats.OverBudget++
		return ErrBudget
	}
	l.asked.add(key, now)
	l.stats.Sent++
	return nil
}

// joined records a call that joined a probe under way.
func (l *ledger) joined() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Joined++
}

// answered records how a probe ended.
func (l *ledger) answered(o Outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.count(o)
}

// failed records a probe that ended with its session. The contact may be asked
// again at once.
func (l *ledger) failed(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked.remove(key)
	l.stats.Failed++
}
