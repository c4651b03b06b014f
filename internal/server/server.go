// Package server is an XMPP server inside the process, for demos and tests. It
// keeps everything in memory, and speaks real XML streams: on loopback TCP with
// SASL and resource binding, or over a pipe that is ready at once.
//
// How it answers probes is a value, see [Behaviour], with one named value for
// each server that was seen: it is also documentation of what servers do. And
// it counts what it receives, so that tests can say what a client sent.
package server

import (
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"

	"mellium.im/xmpp/jid"
)

// Config is what a server is. Its zero value has no domain and is of no use.
type Config struct {
	// Domains are the hosts that the server serves.
	Domains []string
	// Behaviour is that of all domains but those in Behaviours.
	Behaviour  Behaviour
	Behaviours map[string]Behaviour
	// TLS is for StartTLS; without it none is offered, and passwords
	// travel in the clear.
	TLS *tls.Config
}

// Server is an XMPP server. Make one with New. All methods are safe for
// concurrent use.
type Server struct {
	cfg     Config
	started time.Time

	mu        sync.Mutex
	accounts  map[string]*account // by bare address
	conns     map[*conn]struct{}
	listeners []net.Listener
	counts    map[string]int
	closed    bool
	wg        sync.WaitGroup
}

// New returns a server that has no port and no goroutine yet.
func New(cfg Config) *Server {
	return &Server{
		cfg:      cfg,
		started:  time.Now(),
		accounts: make(map[string]*account),
		conns:    make(map[*conn]struct{}),
		counts:   make(map[string]int),
	}
}

// Listen serves clients on a free port of the loopback interface until Close.
func (s *Server) Listen() (net.Addr, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = l.Close()
		return nil, net.ErrClosed
	}
	s.listeners = append(s.listeners, l)
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		for {
			c, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				s.accept(c, s.negotiate)
			}
		}
	}()
	return l.Addr(), nil
}

// Close ends every connection and waits for every goroutine. It always returns
// nil.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	for _, l := range s.listeners {
		_ = l.Close()
	}
	for c := range s.conns {
		c.drop()
	}
	s.mu.Unlock()
	s.wg.Wait()
	return nil
}

// Count returns how many stanzas of a kind an account has sent: "probe",
// "last" (queries for last activity), "roster", "presence" (available and
// unavailable), "message".
func (s *Server) Count(from jid.JID, kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[kind+" "+from.Bare().String()]
}

// Cut drops all connections of an account, as a failing network does.
func (s *Server) Cut(j jid.JID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if c.account != nil && c.account.jid.Equal(j.Bare()) {
			c.drop()
		}
	}
}

func (s *Server) behaviour(host string) Behaviour {
	if b, ok := s.cfg.Behaviours[host]; ok {
		return b
	}
	return s.cfg.Behaviour
}

func (s *Server) serves(host string) bool {
	for _, d := range s.cfg.Domains {
		if d == host {
			return true
		}
	}
	return false
}
