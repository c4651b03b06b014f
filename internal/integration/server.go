// Package integration runs the library against real servers: Prosody and
// ejabberd from Debian's packages, in temporary folders and on free ports of
// the loopback interface.
//
// Where a server is missing, its tests are skipped and say what to install;
// with LASTPRESENCE_REQUIRE_SERVERS=1 in the environment they fail instead.
package integration

import (
	"context"
	"crypto/tls"
	"net"
	"os"
	"os/exec"
	"testing"

	"mellium.im/sasl"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/suite"
)

// Password is that of every account.
const Password = "wherefore-art-thou"

var (
	domains  = []string{"capulet.lit", "montague.lit"}
	accounts = []jid.JID{suite.Juliet, suite.Romeo, suite.Benvolio, suite.Mercutio}
	friends  = [][2]jid.JID{
		{suite.Juliet, suite.Romeo}, {suite.Romeo, suite.Juliet},
		{suite.Juliet, suite.Benvolio}, {suite.Benvolio, suite.Juliet},
	}
)

// Server is a real server with the suite's accounts, which runs until its test
// ends.
type Server struct {
	Addr      string // host and port for clients, with StartTLS
	Authority string // PEM file of the authority behind its certificate

	certs certificates
}

// need skips the test, or fails it where servers are required, if a program
// is missing.
func need(t testing.TB, program, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	const message = "%s is missing on this machine; install Debian's package %s"
	if os.Getenv("LASTPRESENCE_REQUIRE_SERVERS") == "1" {
		t.Fatalf(message, program, pkg)
	}
	t.Skipf(message, program, pkg)
	return ""
}

// Connect logs an account in: TCP, StartTLS, SASL and a resource of the
// server's choice. The session is not served yet.
func (s *Server) Connect(ctx context.Context, account jid.JID) (*xmpp.Session, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", s.Addr)
	if err != nil {
		return nil, err
	}
	session, err := xmpp.NewClientSession(ctx, account, conn,
		xmpp.StartTLS(&tls.Config{ServerName: account.Domainpart(), RootCAs: s.certs.pool, MinVersion: tls.VersionTLS12}),
		xmpp.SASL("", Password, sasl.ScramSha1, sasl.Plain),
		xmpp.BindResource(),
	)
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
	if err != nil {
		t.Fatalf("log in as %s: %v", account, err)
	}
	return session
}
