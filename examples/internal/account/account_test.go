package account_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stream"

	"example.org/lastpresence/examples/internal/account"
	"example.org/lastpresence/internal/testbed/server"
)

func TestSettingsAreChecked(t *testing.T) {
	for _, tt := range []struct {
		set  account.Settings
		want string
	}{
		{account.Settings{JID: "juliet@capulet.lit", TLS: "starttls"}, ""},
		{account.Settings{JID: "juliet@capulet.lit", TLS: "none", Addr: "localhost:5222"}, ""},
		{account.Settings{JID: "juliet@capulet.lit", TLS: "none", Addr: "[::1]:5222"}, ""},
		{account.Settings{JID: "juliet@capulet.lit", TLS: "starttls", Addr: "wss://capulet.lit/ws"}, ""},
		{account.Settings{JID: "capulet.lit", TLS: "starttls"}, "is not an account"},
		{account.Settings{JID: "juliet@", TLS: "starttls"}, "there is nothing after the @"},
		{account.Settings{JID: "juliet@capulet.lit", TLS: "starttls", Addr: "localhost"}, "want host:port"},
		{account.Settings{JID: "juliet@capulet.lit", TLS: "starttls", Addr: "localhost:"}, "want host:port"},
		{account.Settings{JID: "juliet@capulet.lit"}, `-tls ""`},
	} {
		if err := tt.set.Check(); (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %q", tt.set, err, tt.want)
		}
	}
}

func TestLoginErrorsAreInWordsAndKeepTheirCause(t *testing.T) {
	srv := server.New(server.Config{Domains: []string{"capulet.lit"}})
	t.Cleanup(func() { _ = srv.Close() })
	srv.AddAccount(jid.MustParse("juliet@capulet.lit"), "wherefore")
	addr, err := srv.Listen()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, password, addr, tls, want string
		cause                           error
	}{
		{"right", "wherefore", addr.String(), "none", "", nil},
		{"wrong password", "swordfish", addr.String(), "none", "wrong password, or no such account", account.ErrPassword},
		{"nobody listens", "wherefore", "127.0.0.1:1", "none", "connection refused by 127.0.0.1:1", syscall.ECONNREFUSED},
		{"no encryption", "wherefore", addr.String(), "starttls", "the server offers no encryption (StartTLS)", nil},
		{"no direct TLS", "wherefore", addr.String(), "direct", "the server ended the connection", io.EOF},
		{"no WebSocket", "wherefore", "ws://" + addr.String(), "none", "no answer from ws://" + addr.String() + " in time", context.DeadlineExceeded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			session, err := account.Connect(ctx, account.Settings{JID: "juliet@capulet.lit", Password: tt.password, Addr: tt.addr, TLS: tt.tls})
			if err == nil {
				_ = session.Conn().Close()
			}
			if wanted := tt.want != "" || tt.cause != nil; (err != nil) != wanted || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if tt.cause != nil && !errors.Is(err, tt.cause) {
				t.Errorf("%v is not %v", err, tt.cause)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := account.Connect(ctx, account.Settings{JID: "juliet@capulet.lit", Addr: addr.String(), TLS: "none"}); !errors.Is(err, context.Canceled) {
		t.Errorf("after the context's end: %v", err)
	}
}

// refusing accepts connections, and refuses each login with a condition and the
// server's own text, as servers do.
func refusing(t *testing.T, condition string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' id='x' from='capulet.lit'>`+
				`<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>`)
			_, _ = io.WriteString(conn, `<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><`+condition+`/><text>Invalid username or password</text></failure>`)
			_, _ = io.Copy(io.Discard, conn)
			_ = conn.Close()
		}
	}()
	return l.Addr().String()
}

func TestRefusedLoginsAreInWords(t *testing.T) {
	for condition, want := range map[string]string{
		"not-authorized":         "wrong password, or no such account",
		"account-disabled":       "the account is disabled",
		"credentials-expired":    "the password has expired",
		"temporary-auth-failure": "the server cannot check passwords at the moment",
		"aborted":                "Invalid username or password",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := account.Connect(ctx, account.Settings{JID: "juliet@capulet.lit", Password: "swordfish", Addr: refusing(t, condition), TLS: "none"})
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %q", condition, err, want)
		}
	}
}

func TestEndsAreInWords(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{nil, "the server ended the connection"},
		{io.EOF, "the server ended the connection"},
		{stream.Conflict, "the server ended the connection: conflict"},
		{&net.OpError{Op: "read", Err: syscall.ECONNRESET}, "the connection was lost"},
		{fmt.Errorf("read: %w", syscall.ETIMEDOUT), "the connection was lost: no answer in time"},
		{errors.New("else"), "else"},
	} {
		if got := account.Ended(tt.err); got == nil || got.Error() != tt.want || tt.err != nil && !errors.Is(got, tt.err) {
			t.Errorf("%v is %q, want %q", tt.err, got, tt.want)
		}
	}
}
