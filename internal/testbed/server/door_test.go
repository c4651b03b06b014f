package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"example.org/lastpresence/internal/testbed/leak"
	"example.org/lastpresence/internal/testbed/server"
)

// patience is how long a door may stay silent before a test gives up on it.
const patience = time.Minute

// door is a client at the server's port that writes bytes as they are.
type door struct {
	net.Conn
	t   *testing.T
	got []byte
}

func listen(t *testing.T, cfg server.Config) (*server.Server, string) {
	t.Helper()
	leak.Check(t)
	cfg.Domains = []string{"capulet.lit", "montague.lit"}
	s := server.New(cfg)
	t.Cleanup(func() { _ = s.Close() })
	s.AddAccount(juliet, "secret")
	s.AddAccount(romeo, "secret")
	s.Befriend(juliet, romeo, "")
	addr, err := s.Listen()
	if err != nil {
		t.Fatal(err)
	}
	return s, addr.String()
}

func knock(t *testing.T, addr string) *door {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	return &door{Conn: nc, t: t}
}

func (d *door) say(s string) {
	d.t.Helper()
	if _, err := io.WriteString(d, s); err != nil {
		d.t.Fatalf("writing %.80q: %v", s, err)
	}
}

// until reads up to and with the text, and returns what came before it.
func (d *door) until(text string) string {
	d.t.Helper()
	_ = d.SetReadDeadline(time.Now().Add(patience))
	buf := make([]byte, 4096)
	for {
		if before, after, ok := strings.Cut(string(d.got), text); ok {
			d.got = []byte(after)
			return before
		}
		n, err := d.Read(buf)
		d.got = append(d.got, buf[:n]...)
		if err != nil && !strings.Contains(string(d.got), text) {
			d.t.Fatalf("waiting for %q: %v after %q", text, err, d.got)
		}
	}
}

// ended reads until the server has closed the connection.
func (d *door) ended() string {
	d.t.Helper()
	_ = d.SetReadDeadline(time.Now().Add(patience))
	rest, err := io.ReadAll(d)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		d.t.Fatalf("the connection was not closed; it said %q", rest)
	}
	return string(d.got) + string(rest)
}

// open begins a stream and returns its features.
func (d *door) open(from, host string) string {
	d.t.Helper()
	d.say(fmt.Sprintf(`<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' from='%s' to='%s' version='1.0'>`, from, host))
	return d.until("</stream:features>")
}

func plain(authzid, authcid, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(authzid + "\x00" + authcid + "\x00" + password))
}

func auth(mechanism, payload string) string {
	return fmt.Sprintf(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='%s'>%s</auth>`, mechanism, payload)
}

// enter logs in and binds a resource, and returns the address that it got.
func (d *door) enter(localpart, host, resource string) string {
	d.t.Helper()
	d.open(localpart+"@"+host, host)
	d.say(auth("PLAIN", plain("", localpart, "secret")))
	d.until("<success")
	d.until(">")
	d.open(localpart+"@"+host, host)
	d.say("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>")
	if resource != "" {
		d.say("<resource>" + resource + "</resource>")
	}
	d.say("</bind></iq>")
	d.until("<jid>")
	address := d.until("</jid>")
	d.until("</iq>")
	return address
}

func TestPlainLoginIsRefusedWithItsReason(t *testing.T) {
	tests := map[string]struct{ send, want string }{
		"wrong password":       {auth("PLAIN", plain("", "juliet", "secre")), "<not-authorized/>"},
		"longer password":      {auth("PLAIN", plain("", "juliet", "secret ")), "<not-authorized/>"},
		"empty password":       {auth("PLAIN", plain("", "juliet", "")), "<not-authorized/>"},
		"no such account":      {auth("PLAIN", plain("", "tybalt", "secret")), "<not-authorized/>"},
		"not an address":       {auth("PLAIN", plain("", "a@b", "secret")), "<not-authorized/>"},
		"on behalf of another": {auth("PLAIN", plain("romeo@montague.lit", "juliet", "secret")), "<invalid-authzid/>"},
		"other mechanism":      {auth("SCRAM-SHA-1", plain("", "juliet", "secret")), "<invalid-mechanism/>"},
		"not base64":           {auth("PLAIN", "%%%"), "<incorrect-encoding/>"},
		"two parts":            {auth("PLAIN", base64.StdEncoding.EncodeToString([]byte("juliet\x00secret"))), "<malformed-request/>"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, addr := listen(t, server.Config{})
			d := knock(t, addr)
			if features := d.open("juliet@capulet.lit", "capulet.lit"); !strings.Contains(features, "<mechanism") || !strings.Contains(features, "PLAIN") {
				t.Fatalf("features do not offer PLAIN: %s", features)
			}
			d.say(tt.send)
			if got := d.ended(); !strings.Contains(got, "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"+tt.want) {
				t.Errorf("got %s, want a failure with %s", got, tt.want)
			}
		})
	}
}

func TestPlainLoginMayNameItselfTwice(t *testing.T) {
	_, addr := listen(t, server.Config{})
	d := knock(t, addr)
	d.open("juliet@capulet.lit", "capulet.lit")
	d.say(auth("PLAIN", plain("juliet@capulet.lit", "juliet", "secret")))
	d.until("<success")
}

func TestResourceIsTheOneAskedForUnlessTaken(t *testing.T) {
	_, addr := listen(t, server.Config{})
	first, second, third := knock(t, addr), knock(t, addr), knock(t, addr)
	if got := first.enter("juliet", "capulet.lit", "balcony"); got != "juliet@capulet.lit/balcony" {
		t.Errorf("the first got %s", got)
	}
	again := second.enter("juliet", "capulet.lit", "balcony")
	if again == "juliet@capulet.lit/balcony" || !strings.HasPrefix(again, "juliet@capulet.lit/") {
		t.Errorf("the second got %s", again)
	}
	none := third.enter("juliet", "capulet.lit", "")
	if none == again || !strings.HasPrefix(none, "juliet@capulet.lit/") {
		t.Errorf("without a wish: %s", none)
	}
	for _, d := range []*door{first, second, third} {
		d.say("<iq type='get' id='p1' to='capulet.lit'><ping xmlns='urn:xmpp:ping'/></iq>")
		if got := d.until("/>"); !strings.Contains(got, "p1") || !strings.Contains(got, "result") {
			t.Errorf("ping answered by %s", got)
		}
	}
	_ = first.Close()
	second.say("<presence/>")
	fourth := knock(t, addr)
	for {
		// Until the server has noticed that the first is gone.
		if got := fourth.enter("juliet", "capulet.lit", "balcony"); got == "juliet@capulet.lit/balcony" {
			break
		}
		_ = fourth.Close()
		fourth = knock(t, addr)
	}
}

func TestNobodyGetsInWithoutLoggingIn(t *testing.T) {
	tests := map[string]string{
		"bind before login":   "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
		"stanza before login": "<presence to='romeo@montague.lit' type='subscribe'/>",
		"not XML":             "GET / HTTP/1.1\r\n\r\n<<<",
		"stream closed":       "</stream:stream>",
	}
	for name, say := range tests {
		t.Run(name, func(t *testing.T) {
			s, addr := listen(t, server.Config{})
			d := knock(t, addr)
			d.open("juliet@capulet.lit", "capulet.lit")
			d.say(say)
			if got := d.ended(); strings.Contains(got, "<jid>") || strings.Contains(got, "<success") {
				t.Errorf("got %s", got)
			}
			for _, kind := range []server.Kind{server.Presences, server.Subscriptions, server.OtherQueries} {
				if n := s.Count(juliet, kind); n != 0 {
					t.Errorf("%d stanzas of kind %s were taken", n, kind)
				}
			}
		})
	}
}

// selfSigned is a certificate for the server and the roots that trust it.
func selfSigned(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		DNSNames:     []string{"capulet.lit"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

func TestPasswordIsTakenOnlyBehindTLSWhereThereIsACertificate(t *testing.T) {
	cfg, roots := selfSigned(t)

	t.Run("before", func(t *testing.T) {
		_, addr := listen(t, server.Config{TLS: cfg})
		d := knock(t, addr)
		if features := d.open("juliet@capulet.lit", "capulet.lit"); strings.Contains(features, "mechanism") || !strings.Contains(features, "urn:ietf:params:xml:ns:xmpp-tls") {
			t.Errorf("features: %s", features)
		}
		d.say(auth("PLAIN", plain("", "juliet", "secret")))
		if got := d.ended(); strings.Contains(got, "<success") {
			t.Errorf("got %s", got)
		}
	})

	t.Run("behind", func(t *testing.T) {
		_, addr := listen(t, server.Config{TLS: cfg})
		d := knock(t, addr)
		d.open("juliet@capulet.lit", "capulet.lit")
		d.say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
		d.until("<proceed")
		d.until(">")
		secure := tls.Client(d.Conn, &tls.Config{ServerName: "capulet.lit", RootCAs: roots})
		_ = secure.SetDeadline(time.Now().Add(patience))
		if err := secure.Handshake(); err != nil {
			t.Fatal(err)
		}
		inside := &door{Conn: secure, t: t}
		if got := inside.enter("juliet", "capulet.lit", "balcony"); got != "juliet@capulet.lit/balcony" {
			t.Errorf("got %s", got)
		}
	})
}

// watch logs romeo in, who sees what becomes of juliet.
func watch(t *testing.T, addr string) *door {
	t.Helper()
	d := knock(t, addr)
	d.enter("romeo", "montague.lit", "orchard")
	d.say("<presence/>")
	d.until("to='romeo@montague.lit/orchard'/>")
	return d
}

func TestContactsAreToldHoweverAStreamEnds(t *testing.T) {
	const (
		politely = "</stream:stream>"
		torn     = "<message to='romeo@montague.lit'><body>O Romeo, Rom"
	)
	tests := map[string]struct {
		end  func(s *server.Server, d *door)
		want string // the last that the client is told
	}{
		"politely":           {func(_ *server.Server, d *door) { d.say(politely) }, "</stream:stream>"},
		"after unavailable":  {func(_ *server.Server, d *door) { d.say("<presence type='unavailable'/>" + politely) }, "</stream:stream>"},
		"malformed":          {func(_ *server.Server, d *door) { d.say("<presence><show>away</presence>") }, ""},
		"not XML":            {func(_ *server.Server, d *door) { d.say("\x00\x01\x02<>&") }, ""},
		"closed in a stanza": {func(_ *server.Server, d *door) { d.say(torn + politely) }, ""},
		"half closed":        {func(_ *server.Server, d *door) { d.say(torn); _ = d.Conn.(*net.TCPConn).CloseWrite() }, ""},
		"closed":             {func(_ *server.Server, d *door) { _ = d.Close() }, ""},
		"cut by the network": {func(s *server.Server, d *door) { s.Cut(juliet) }, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, addr := listen(t, server.Config{Behaviour: server.XEP0318})
			observer := watch(t, addr)
			d := knock(t, addr)
			d.enter("juliet", "capulet.lit", "balcony")
			d.say("<presence><show>away</show></presence>")
			d.until("<show>away</show>")
			observer.until("<show>away</show>")
			tt.end(s, d)
			got := observer.until("unavailable")
			if !strings.Contains(got, "juliet@capulet.lit/balcony") {
				t.Errorf("romeo was told %s", got)
			}
			if last := d.endedQuietly(); !strings.HasSuffix(last, tt.want) {
				t.Errorf("juliet was told %q last, want %q", last, tt.want)
			}
			if strings.Contains(string(observer.got), "O Romeo") {
				t.Error("a torn message was delivered")
			}
		})
	}
}

// endedQuietly is ended for a connection that may be closed here already.
func (d *door) endedQuietly() string {
	if _, err := d.Write(nil); err != nil {
		return ""
	}
	return d.ended()
}

func TestSlowClientIsDroppedAndHoldsUpNobody(t *testing.T) {
	s, addr := listen(t, server.Config{})
	observer := watch(t, addr)
	slow := knock(t, addr)
	if nc, ok := slow.Conn.(*net.TCPConn); ok {
		_ = nc.SetReadBuffer(4096)
	}
	slow.enter("juliet", "capulet.lit", "balcony")
	slow.say("<presence/>")
	observer.until("juliet@capulet.lit/balcony")

	// It reads nothing from here on, and is sent more than may wait for it.
	body := strings.Repeat("O Romeo, Romeo! wherefore art thou Romeo? ", 6000)
	message := "<message to='juliet@capulet.lit/balcony' type='chat'><body>" + body + "</body></message>"
	told := make(chan string, 1)
	over := make(chan struct{})
	go func() {
		defer close(over)
		defer close(told) // also where until fails
		told <- observer.until("unavailable")
	}()
	isOver := func() bool {
		select {
		case <-over:
			return true
		default:
			return false
		}
	}
	sent := 0
	for ; !isOver() && sent < 2000; sent++ {
		if _, err := io.WriteString(observer, message); err != nil {
			t.Fatalf("the sender was held up: %v", err)
		}
	}
	if got := <-told; !strings.Contains(got, "juliet@capulet.lit/balcony") {
		t.Errorf("romeo was told %.200s", got)
	}
	if s.Count(romeo, server.Messages) == 0 {
		t.Error("no message was counted")
	}
	t.Logf("dropped after %d MB", sent*len(message)>>20)
}

func TestCloseEndsDoorsInEveryState(t *testing.T) {
	s, addr := listen(t, server.Config{})
	silent, header, entered := knock(t, addr), knock(t, addr), knock(t, addr)
	header.open("juliet@capulet.lit", "capulet.lit")
	entered.enter("juliet", "capulet.lit", "balcony")
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	for _, d := range []*door{silent, header, entered} {
		d.ended()
	}
	if _, err := s.Listen(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Listen after Close: %v", err)
	}
	if _, err := s.Session(t.Context(), juliet); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Session after Close: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close again: %v", err)
	}
}
