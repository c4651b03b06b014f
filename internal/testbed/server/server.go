// Package server is an XMPP server inside the process, for demos and tests. It
// keeps everything in memory, and speaks real XML streams: on loopback TCP with
// SASL and resource binding, or over a pipe that is ready at once.
//
// A server has several domains, which act as separate servers that reach each other
// and nothing else. It implements rosters, subscriptions, presence and messages (RFC
// 6121), answers pings, service discovery and last activity, and refuses all other
// requests. It does not store messages.
//
// How it answers probes is a value, see [Behaviour]. There is a named value for each
// real server that was observed, which also documents what those servers do. A test
// can change any answer, see [Server.Hook], and count what a client has sent, see
// [Server.Count].
package server

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"mellium.im/xmpp/jid"
)

// Config configures a server. Its zero value has no domain and is not useful.
type Config struct {
	// Domains are the hosts that the server serves.
	Domains []string
	// Behaviour is that of all domains that are not in Behaviours.
	Behaviour  Behaviour
	Behaviours map[string]Behaviour
	// TLS is for StartTLS. If nil, StartTLS is not offered, and passwords are
	// sent in the clear.
	TLS *tls.Config
	// Log logs who logs in and the kinds of stanzas, never their content, at
	// debug level. If nil, nothing is logged.
	Log *slog.Logger
}

// Server is an XMPP server. Make one with New. All methods are safe for
// concurrent use.
type Server struct {
	// Hook, if not nil, decides how a probe or a query for last activity is
	// answered: it returns the question's Answers, unchanged, changed, delayed,
	// repeated or forged, or none. It is called in the goroutine of the
	// connection that asks, and may use the server and block. Set it before the
	// first client connects.
	Hook func(Question) []Answer

	cfg     Config
	started time.Time
	wg      sync.WaitGroup

	mu         sync.Mutex
	accounts   map[string]*account   // by bare address
	components map[string]*component // by domain
	conns      map[*conn]struct{}
	listeners  []net.Listener
	counts     map[string]int
	rooms      map[string]*room // by bare address
	hosts      map[string]host  // those of which something was said
	closed     bool

	clocks clocks
}

// New returns a server. It has no port and no goroutine yet.
func New(cfg Config) *Server {
	return &Server{
		cfg:        cfg,
		started:    time.Now(),
		accounts:   make(map[string]*account),
		components: make(map[string]*component),
		conns:      make(map[*conn]struct{}),
		counts:     make(map[string]int),
		rooms:      make(map[string]*room),
		hosts:      make(map[string]host),
	}
}

// Listen serves clients on a free port of the loopback interface until Close.
func (s *Server) Listen() (net.Addr, error) {
	return s.listen(s.negotiate)
}

// listen accepts connections, of which negotiate makes streams.
func (s *Server) listen(negotiate negotiator) (net.Addr, error) {
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
	s.wg.Go(func() {
		for {
			nc, err := l.Accept()
			switch {
			case errors.Is(err, net.ErrClosed):
				return
			case err != nil:
				s.debug("not accepted", "reason", err)
				time.Sleep(5 * time.Millisecond)
			default:
				s.accept(nc, negotiate)
			}
		}
	})
	return l.Addr(), nil
}

// Close ends every connection, abruptly, and waits for every goroutine. It
// always returns nil.
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

// Cut drops all connections of an account, as a failing network does. Contacts get
// unavailable presence once the server has noticed. See [Server.End] for other ways,
// which they see at once.
func (s *Server) Cut(j jid.JID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[j.Bare().String()]; a != nil {
		for _, c := range a.conns {
			c.drop()
		}
	}
}

// Kind is a kind of stanzas; see [Server.Count].
type Kind string

// The kinds of stanzas.
const (
	Probes        Kind = "probe"
	LastQueries   Kind = "last" // for last activity, but those for a resource
	RosterGets    Kind = "roster"
	RosterSets    Kind = "roster set"
	Presences     Kind = "presence" // available and unavailable, also directed
	Subscriptions Kind = "subscription"
	Messages      Kind = "message"
	Pings         Kind = "ping"
	Answers       Kind = "answer" // IQ results and errors
	OtherQueries  Kind = "other"  // that were refused
)

// Count returns how many stanzas of a kind the server has received from an
// account, or from all of them if the address is zero.
func (s *Server) Count(from jid.JID, kind Kind) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[from.Bare().String()+" "+string(kind)]
}

func (s *Server) count(c *conn, kind Kind) {
	s.counts[c.account.jid.String()+" "+string(kind)]++
	s.counts[" "+string(kind)]++
}

func (s *Server) behaviour(host string) Behaviour {
	if b, ok := s.cfg.Behaviours[host]; ok {
		return b
	}
	return s.cfg.Behaviour
}

func (s *Server) serves(host string) bool {
	return !s.hosts[host].down && (slices.Contains(s.cfg.Domains, host) || s.components[host] != nil || s.hosts[host].rooms)
}

func (s *Server) debug(msg string, args ...any) {
	if s.cfg.Log != nil {
		s.cfg.Log.Debug(msg, args...)
	}
}
