package main

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/language"
	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"
	"mellium.im/xmpp/stream"

	"example.org/lastpresence/examples/internal/account"
	"example.org/lastpresence/examples/internal/command"
	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/roster"
	"example.org/lastpresence/roster/ago"
	"example.org/lastpresence/roster/filestore"
)

// dialogue is the plain client, as somebody uses it who types.
type dialogue struct {
	t    *testing.T
	in   io.WriteCloser
	out  lockedBuffer
	done chan error
}

func converse(t *testing.T, start func(in io.Reader, out io.Writer) error) *dialogue {
	r, w := io.Pipe()
	d := &dialogue{t: t, in: w, done: make(chan error, 1)}
	go func() { d.done <- start(r, &d.out) }()
	t.Cleanup(func() { _ = w.Close() })
	return d
}

// converseWith is that with a client of its own.
func converseWith(t *testing.T, c *client) *dialogue {
	return converse(t, func(in io.Reader, out io.Writer) error {
		return plain(t.Context(), c, ago.In(language.English), in, out)
	})
}

// say types a line and waits for a text.
func (d *dialogue) say(line, want string) {
	d.t.Helper()
	if _, err := io.WriteString(d.in, line+"\n"); err != nil {
		d.t.Fatal(err)
	}
	d.out.wait(d.t, want)
}

// quit waits for the end.
func (d *dialogue) end() error {
	d.t.Helper()
	select {
	case err := <-d.done:
		return err
	case <-time.After(20 * time.Second):
		d.t.Fatal("it does not end")
		return nil
	}
}

func TestPlainIsADialogue(t *testing.T) {
	d := converse(t, func(in io.Reader, out io.Writer) error {
		return run(t.Context(), []string{"-plain"}, in, out, io.Discard)
	})
	d.out.wait(t, "connected; write:")
	for _, step := range []struct{ say, want string }{
		{"open romeo@montague.lit", "last seen 10 minutes ago · Going offline. Out of battery."},
		{"open nobody@montague.lit", "does not share presence"},
		{"contacts", "Friar Laurence (laurence@montague.lit): "},
		{"dance", "is not known"},
		{"open @", `"@" is not an address: there is nothing before the @`},
		{"say benvolio@montague.lit", "there is nothing to say"},
		{"say benvolio@montague.lit Hello", "benvolio@montague.lit says: “Hello”, you say?"},
		{"say romeo@montague.lit Hello", "the message to romeo@montague.lit was not delivered: nobody is online to receive it (service-unavailable)"},
		{"quit", "probes sent: 1"},
	} {
		d.say(step.say, step.want)
	}
	if err := d.end(); err != nil {
		t.Error(err)
	}
}

func TestErrorsAreOneClearLine(t *testing.T) {
	t.Setenv("XMPP_PASSWORD", "")
	juliet := []string{"-jid", "juliet@capulet.lit", "-store", t.TempDir(), "-plain"}
	srv := server.New(server.Config{Domains: []string{"capulet.lit"}})
	t.Cleanup(func() { _ = srv.Close() })
	srv.AddAccount(jid.MustParse("juliet@capulet.lit"), "wherefore")
	addr, err := srv.Listen()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, want string
		status     int
		args       []string
	}{
		{"an argument", "there are no arguments, only flags", 2, []string{"romeo@montague.lit"}},
		{"an unknown flag", "not defined: -x", 2, []string{"-x"}},
		{"an unknown way of TLS", "starttls, direct, insecure or none", 2, []string{"-tls", "maybe"}},
		{"an unknown clock", `-clock "13": want 12 or 24`, 2, []string{"-clock", "13"}},
		{"a malformed account", "there is nothing before the @", 2, []string{"-jid", "@"}},
		{"an empty account", "it is empty", 2, []string{"-jid", ""}},
		{"no password", "there is no password", 2, juliet},
		{"a command that fails", "-password-command: exit status 1", 1, append(juliet, "-password-command", "false")},
		{"a wrong password", "log in: wrong password, or no such account\n", 1,
			append(juliet, "-password-command", "echo swordfish", "-addr", addr.String(), "-tls", "none")},
		{"no server, and nothing more to do", "connection refused by 127.0.0.1:1\n", 1,
			append(juliet, "-password-command", "echo swordfish", "-addr", "127.0.0.1:1")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out, errOut strings.Builder
			err := run(t.Context(), tt.args, strings.NewReader(""), &out, &errOut)
			status := command.Report("chat", err, &errOut)
			if said := errOut.String(); status != tt.status || !strings.Contains(said, tt.want) || strings.Count(said, "\n") != status {
				t.Errorf("status %d, said %q, want %d and %q", status, said, tt.status, tt.want)
			}
			if strings.Contains(errOut.String()+out.String(), "swordfish") {
				t.Error("the password is said")
			}
		})
	}
}

func TestChatWithoutHome(t *testing.T) {
	for _, name := range []string{"HOME", "XDG_CACHE_HOME", "LocalAppData", "home"} {
		t.Setenv(name, "")
	}
	t.Setenv("XMPP_PASSWORD", "wherefore")
	d := converse(t, func(in io.Reader, out io.Writer) error {
		return run(t.Context(), []string{"-plain"}, in, out, io.Discard)
	})
	d.out.wait(t, "connected; write:")
	d.say("quit", "probes sent: 0")
	if err := d.end(); err != nil {
		t.Errorf("the demo: %v", err)
	}
	d = converse(t, func(in io.Reader, out io.Writer) error {
		return run(t.Context(), []string{"-plain", "-jid", "juliet@capulet.lit", "-addr", "127.0.0.1:1"}, in, out, io.Discard)
	})
	d.out.wait(t, "store: nothing is kept, because HOME is not set; -store names a folder")
	d.out.wait(t, "not connected: connection refused by 127.0.0.1:1 · trying again in 1 s")
	d.say("quit", "probes sent: 0")
	if err := d.end(); err != nil {
		t.Errorf("an account: %v", err)
	}
}

func TestWithoutANetworkWhatIsKnownIsShown(t *testing.T) {
	srv, dir := server.New(server.Config{Domains: []string{"capulet.lit", "montague.lit"}, Behaviour: server.XEP0318}), t.TempDir()
	t.Cleanup(func() { _ = srv.Close() })
	srv.AddAccount(juliet, "")
	srv.AddAccount(romeo, "")
	srv.Befriend(juliet, romeo.Bare(), "Romeo")
	srv.SetOffline(romeo, time.Now().Add(-30*time.Minute), "Gone")
	store := func() roster.Store {
		s, err := filestore.New(dir)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	d := converseWith(t, newClient(juliet, func(ctx context.Context) (session, error) { return srv.Session(ctx, juliet) }, store()))
	d.out.wait(t, "connected; write:")
	d.say("open romeo@montague.lit", "last seen 30 minutes ago · Gone")
	d.say("quit", "probes sent: 1")
	if err := d.end(); err != nil {
		t.Fatal(err)
	}

	var network bool // guarded by turns
	turns := make(chan struct{})
	d = converseWith(t, newClient(juliet, func(ctx context.Context) (session, error) {
		if !network {
			network = true
			return nil, errors.New("there is no network")
		}
		<-turns
		return srv.Session(ctx, juliet)
	}, store()))
	d.out.wait(t, "not connected: there is no network · trying again in 1 s")
	d.out.wait(t, "Romeo (romeo@montague.lit): last seen 30 minutes ago (not confirmed) · Gone")
	d.say("say romeo@montague.lit Wherefore?", "the message to romeo@montague.lit was not sent: not connected")
	d.say("open romeo@montague.lit", "last seen 30 minutes ago (not confirmed) · Gone\n")
	close(turns)
	d.out.wait(t, "connected; write:")
	d.say("open romeo@montague.lit", "last seen 30 minutes ago · Gone")
	srv.Cut(juliet)
	d.out.wait(t, "not connected: the ")
	d.out.wait(t, "connected again")
	_ = d.in.Close()
	if err := d.end(); err != nil {
		t.Error(err)
	}
}

// silent returns a session whose server never says anything.
func silent(context.Context) (session, error) {
	near, far := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, far) }()
	return xmpp.NewSession(context.Background(), juliet.Domain(), juliet, near, xmpp.Ready,
		func(context.Context, *stream.Info, *stream.Info, *xmpp.Session, any) (xmpp.SessionState, io.ReadWriter, any, error) {
			return xmpp.Ready, nil, nil, nil
		})
}

func TestPlainTellsAgainWhoIsOnline(t *testing.T) {
	c := newClient(juliet, nil, nil)
	var out strings.Builder
	p := newPrinter(c, ago.In(language.English), &out)
	p.connection(connection{})
	here, stale := online, online
	stale.Lack = roster.Outdated
	for _, e := range []event{
		news{here}, news{here}, connection{err: errors.New("cut"), next: time.Now().Add(time.Hour)}, news{stale}, connection{}, news{here}, news{here},
	} {
		p.event(e)
	}
	if n := strings.Count(out.String(), "): online, do not disturb"); n != 2 || strings.Contains(out.String(), "was online") {
		t.Errorf("told %d times, want once for each connection:\n%s", n, out.String())
	}
}

func TestQuitWhileSyncFails(t *testing.T) {
	for name, login := range map[string]func(context.Context) (session, error){
		"the server is silent": silent,
		"the server ends every session": func(ctx context.Context) (session, error) {
			s, err := silent(ctx)
			if err == nil {
				_ = s.Conn().Close()
			}
			return s, err
		},
		"logging in takes forever": func(ctx context.Context) (session, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := converseWith(t, newClient(juliet, login, nil))
			began := time.Now()
			d.say("quit", "probes sent: 0")
			if err := d.end(); err != nil || time.Since(began) > 5*time.Second {
				t.Errorf("%v, after %v", err, time.Since(began))
			}
		})
	}
}

func TestAWrongPasswordIsNotTriedAgain(t *testing.T) {
	logins := 0
	d := converseWith(t, newClient(juliet, func(context.Context) (session, error) {
		logins++
		return nil, fmt.Errorf("as juliet: %w", account.ErrPassword)
	}, nil))
	if err := d.end(); !errors.Is(err, account.ErrPassword) || logins != 1 {
		t.Errorf("%v, after %d logins", err, logins)
	}
}

// Whoever writes while a chat is being opened does not keep the answer away.
func TestPlainHearsWhileItWaits(t *testing.T) {
	srv := server.New(server.Config{Domains: []string{"capulet.lit", "montague.lit"}, Behaviour: server.Ejabberd})
	defer srv.Close()
	srv.Hook = func(q server.Question) []server.Answer {
		for i := range q.Answers {
			q.Answers[i].After = 200 * time.Millisecond
		}
		return q.Answers
	}
	for _, j := range []jid.JID{juliet, romeo, nurse} {
		srv.AddAccount(j, "")
	}
	srv.Befriend(juliet, nurse, "Nurse")
	srv.SetOffline(nurse, time.Now().Add(-3*time.Hour), "Gone")
	chatty, err := srv.Session(t.Context(), romeo)
	if err != nil {
		t.Fatal(err)
	}
	go chatty.Serve(nil)
	d := converseWith(t, newClient(juliet, func(ctx context.Context) (session, error) { return srv.Session(ctx, juliet) }, nil))
	d.out.wait(t, "connected; write")
	go func() {
		for range 10 {
			text := xmlstream.Wrap(xmlstream.Token(xml.CharData("Hey \u202eyou")), xml.StartElement{Name: xml.Name{Local: "body"}})
			_ = chatty.Send(t.Context(), stanza.Message{To: juliet, Type: stanza.ChatMessage}.Wrap(text))
			time.Sleep(50 * time.Millisecond)
		}
	}()
	d.out.wait(t, "says: Hey you")
	d.say("open nurse@capulet.lit", "Nurse (nurse@capulet.lit): last seen")
	_ = d.in.Close()
	if err := d.end(); err != nil {
		t.Error(err)
	}
}
