package server

import (
	"sync"
	"time"

	"mellium.im/xmpp/jid"
)

// host is what is special about a domain.
type host struct {
	down, hangs bool
	rooms       bool      // it is one of rooms
	started     time.Time // zero: with the Server
}

// Start starts a domain's server again after Stop, Crash or Hang. All its accounts
// are offline. It sends nothing.
func (s *Server) Start(domain string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hosts[domain]
	if h.down {
		h.started = time.Now()
	}
	h.down, h.hangs = false, false
	s.hosts[domain] = h
}

// Hang makes a domain's server ignore other domains and send them nothing, until
// Start. Its own accounts must not be connected.
func (s *Server) Hang(domain string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hosts[domain]
	h.hangs = true
	s.hosts[domain] = h
}

// gone reports whether an address's server is not there.
func (s *Server) gone(j jid.JID) bool {
	h := s.hosts[j.Domainpart()]
	return h.down || h.hangs
}

// up returns when a domain's server was started.
func (s *Server) up(domain string) time.Time {
	if at := s.hosts[domain].started; !at.IsZero() {
		return at
	}
	return s.started
}

// runs returns for how long a domain's server has been up.
func (s *Server) runs(domain string) time.Duration {
	return time.Since(s.up(domain))
}

// clocks are by how much the clocks of domains are ahead.
type clocks struct {
	mu    sync.Mutex
	ahead map[string]time.Duration
}

// SetClock sets how far a domain's clock is ahead of ours, or behind it if negative.
// Stamps are by that clock, and so are the seconds of last activity: they are wrong
// for a departure before SetClock.
func (s *Server) SetClock(domain string, ahead time.Duration) {
	s.clocks.mu.Lock()
	defer s.clocks.mu.Unlock()
	if s.clocks.ahead == nil {
		s.clocks.ahead = make(map[string]time.Duration)
	}
	s.clocks.ahead[domain] = ahead
}

// now returns the time by a domain's clock.
func (s *Server) now(domain string) time.Time {
	return s.shown(domain, time.Now())
}

// shown returns what a domain's clock, as it goes now, showed at a time.
func (s *Server) shown(domain string, at time.Time) time.Time {
	s.clocks.mu.Lock()
	defer s.clocks.mu.Unlock()
	return at.Add(s.clocks.ahead[domain])
}
