// Package integration runs the library against real servers: Prosody,
// ejabberd and jabberd2 from Debian's packages, in temporary folders and on free
// ports of the loopback interface.
//
// Where a server is missing, its tests are skipped and say what to install;
// with LASTPRESENCE_REQUIRE_SERVERS=1 in the environment they fail instead.
package integration

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"mellium.im/sasl"
	"mellium.im/xmpp"
	"mellium.im/xmpp/component"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/roster"

	"example.org/lastpresence/internal/testbed/suite"
)

// Password is the password of every account.
const Password = "wherefore-art-thou"

// The components that every server has a place for.
var (
	Gate      = jid.MustParse("gate.capulet.lit")
	OtherGate = jid.MustParse("gate.montague.lit")
)

var (
	allDomains    = []string{"capulet.lit", "montague.lit"}
	allComponents = []jid.JID{Gate, OtherGate}
	allAccounts   = []jid.JID{suite.Juliet, suite.Romeo, suite.Benvolio, suite.Mercutio}
	allFriends    = [][2]jid.JID{
		{suite.Juliet, suite.Romeo}, {suite.Romeo, suite.Juliet},
		{suite.Juliet, suite.Benvolio}, {suite.Benvolio, suite.Juliet},
	}
)

// Server is a real server with the suite's accounts, which runs until its test
// ends.
type Server struct {
	Name       string            // Prosody, ejabberd or jabberd2
	Addr       string            // host and port for clients, with StartTLS; jabberd2 has no TLS
	Direct     string            // the same, with TLS from the beginning (XEP-0368); not of jabberd2
	WebSocket  string            // URL for clients (RFC 7395); not of jabberd2
	Components map[string]string // by domain, host and port for that component, without TLS
	Authority  string            // PEM file of the authority behind its certificate

	// Whether it is spoken to without TLS.
	plain bool
	// What precedes each connection of a client, if anything.
	before func(context.Context)

	certs     certificates
	processes processes
	run       func(t testing.TB) processes
	setup
}

// Kill ends the server as a power cut does, except that what it has written to
// its disk stays.
func (s *Server) Kill() {
	s.processes.kill()
}

// Stop has the server end in good order.
func (s *Server) Stop() {
	s.processes.stop()
}

// Restart starts the server again, after Kill or Stop, with what it has kept.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.processes = s.run(t)
}

// CA returns a pool with only the authority that signed the server's
// certificate.
func (s *Server) CA() *x509.CertPool { return s.certs.pool }

// programs are what each kind of server runs, and the packages they are in.
var programs = map[string][]struct{ name, pkg string }{
	"prosody":  {{"prosody", "prosody"}},
	"ejabberd": {{"ejabberdctl", "ejabberd"}, {"erl", "erlang-base"}},
	"jabberd2": {{"jabberd2-router", "jabberd2"}},
}

// Missing says in one line what a kind of server ("prosody", "ejabberd",
// "jabberd2" or "postgresql") lacks on this machine. The empty string means
// nothing.
func Missing(kind string) string {
	if kind == "postgresql" && postgresFolder() == "" {
		return missing("PostgreSQL", "postgresql")
	}
	for _, p := range programs[kind] {
		if _, err := exec.LookPath(p.name); err != nil {
			return missing(p.name, p.pkg)
		}
	}
	return ""
}

func missing(what, pkg string) string {
	return fmt.Sprintf("%s is missing on this machine; install Debian's package %s", what, pkg)
}

// need skips the test, or fails it if servers are required, when a program is
// missing.
func need(t testing.TB, program, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	lack(t, missing(program, pkg))
	return ""
}

// lack ends the test because something is missing.
func lack(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("LASTPRESENCE_REQUIRE_SERVERS") == "1" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// Connect logs an account in: TCP, StartTLS, SASL, and the account's resource,
// or one of the server's choice for a bare address. The session is not served
// yet, and has sent no presence.
func (s *Server) Connect(ctx context.Context, account jid.JID) (*xmpp.Session, error) {
	return s.ConnectVia(ctx, account, s.Addr)
}

// ConnectVia is Connect to another address that leads to the server.
func (s *Server) ConnectVia(ctx context.Context, account jid.JID, addr string) (*xmpp.Session, error) {
	conn, err := s.dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	return s.logIn(ctx, account, conn)
}

func (s *Server) dial(ctx context.Context, addr string) (net.Conn, error) {
	if s.before != nil {
		s.before(ctx)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", addr)
}

// logIn logs an account in on a connection, which it closes if that fails.
func (s *Server) logIn(ctx context.Context, account jid.JID, conn net.Conn) (*xmpp.Session, error) {
	bind := xmpp.BindResource()
	if resource := account.Resourcepart(); resource != "" {
		bind = bindNamed(resource)
	}
	features := []xmpp.StreamFeature{xmpp.SASL("", Password, sasl.ScramSha1, sasl.Plain), roster.Versioning(), bind}
	state := xmpp.Secure // it never leaves this machine
	if !s.plain {
		state = 0
		features = append(features, xmpp.StartTLS(&tls.Config{ServerName: account.Domainpart(), RootCAs: s.certs.pool, MinVersion: tls.VersionTLS12}))
	}
	session, err := xmpp.NewSession(ctx, account.Domain(), account, conn, state, xmpp.NewNegotiator(
		func(*xmpp.Session, *xmpp.StreamConfig) xmpp.StreamConfig {
			return xmpp.StreamConfig{Features: features}
		}))
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return session, nil
}

// Login implements suite.World.
func (s *Server) Login(t testing.TB, account jid.JID) *xmpp.Session {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	session, err := s.Connect(ctx, account)
	// jabberd2 refuses a login now and then, right after another one has ended.
	for range 20 {
		if err == nil || s.Name != "jabberd2" || ctx.Err() != nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
		session, err = s.Connect(ctx, account)
	}
	if err != nil {
		t.Fatalf("log in as %s: %v", account, err)
	}
	return session
}

// Component connects a component, which is Gate or OtherGate.
func (s *Server) Component(t testing.TB, host jid.JID) *xmpp.Session {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	session, err := s.ConnectComponent(ctx, host)
	if err != nil {
		t.Fatalf("connect the component %s: %v", host, err)
	}
	return session
}

// ConnectComponent does so, and may fail.
func (s *Server) ConnectComponent(ctx context.Context, host jid.JID) (*xmpp.Session, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.Components[host.String()])
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	session, err := component.NewSession(ctx, host, []byte(Password), conn)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return session, nil
}

// systemPython is the one for which Debian's packages are.
const systemPython = "/usr/bin/python3"

// Slixmpp returns the Python that has slixmpp.
func Slixmpp(t testing.TB) string {
	t.Helper()
	if err := exec.Command(systemPython, "-c", "import slixmpp").Run(); err != nil {
		lack(t, missing("slixmpp", "python3-slixmpp"))
	}
	return systemPython
}

// port returns that of an address or URL.
func port(addr string) string {
	addr, _, _ = strings.Cut(strings.TrimPrefix(addr, "wss://"), "/")
	return addr[strings.LastIndexByte(addr, ':')+1:]
}
