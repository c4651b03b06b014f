package integration_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/suite"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/probe/responder"
)

var componentServers = []struct {
	name  string
	start func(t testing.TB) *integration.Server
}{
	{"Prosody", prosody(integration.Stock)},
	{"ejabberd", integration.StartEjabberd},
}

// serveComponent connects a component with a Responder until the test ends, or
// until it is killed.
func serveComponent(t *testing.T, s *integration.Server, host jid.JID, opts ...responder.Option) (r *responder.Responder, kill func()) {
	t.Helper()
	session := s.Component(t, host)
	r = responder.New(session, append(opts, responder.Failed(func(err error) { t.Errorf("the responder of %s: %v", host, err) }))...)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = session.Serve(r.Handler(nil))
	}()
	kill = func() {
		_ = r.Close()
		_ = session.Conn().Close()
		<-served
	}
	t.Cleanup(kill)
	return r, kill
}

// asker is a client's session.
func asker(t *testing.T, s *integration.Server, account jid.JID) *probe.Client {
	t.Helper()
	session := s.Login(t, account)
	c := probe.NewClient(session, probe.CoolDown(0))
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = session.Serve(c.Handler(nil))
	}()
	t.Cleanup(func() {
		_ = session.Conn().Close()
		<-served
	})
	return c
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never came true: %s", what)
		}
	}
}

func buddiesOf(t *testing.T, r *responder.Responder) []responder.Buddy {
	t.Helper()
	got, err := r.Buddies(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestComponentsTellTheirUptime(t *testing.T) {
	t.Parallel()
	program := buildExample(t, "openchat")
	for _, s := range componentServers {
		t.Run(s.name, func(t *testing.T) {
			srv := s.start(t)
			began := time.Now().Add(-time.Hour).Truncate(time.Second)
			_, kill := serveComponent(t, srv, integration.Gate, responder.Since(began))
			c := asker(t, srv, suite.Juliet)
			a, err := c.Probe(t.Context(), integration.Gate)
			if err != nil || !a.Up.Equal(began) || a.UpFrom != probe.FromPresence {
				t.Errorf("up since %v (%v), %v, want %v", a.Up, a.UpFrom, err, began)
			}

			kill()
			again := time.Now().Truncate(time.Second)
			serveComponentAgain(t, srv, responder.Since(again))
			up, err := c.Uptime(t.Context(), integration.Gate)
			if err != nil || !up.Equal(again) {
				t.Errorf("started again: up since %v, %v, want %v", up, err, again)
			}

			cmd := exec.Command(program, "-jid", suite.Juliet.String(), "-addr", srv.Addr, "-json", "-uptime", integration.Gate.String())
			cmd.Env = append(os.Environ(), "XMPP_PASSWORD="+integration.Password, "SSL_CERT_FILE="+srv.Authority)
			out, err := cmd.Output()
			var told struct {
				Host   string
				Since  time.Time
				Source string
			}
			if err != nil || json.Unmarshal(out, &told) != nil || told.Host != integration.Gate.String() || !told.Since.Equal(again) || told.Source != "probe" {
				t.Errorf("openchat says %s, %v", out, err)
			}
		})
	}
}

// serveComponentAgain connects the component once the server has noticed that
// the connection before is gone.
func serveComponentAgain(t *testing.T, s *integration.Server, opts ...responder.Option) *responder.Responder {
	t.Helper()
	var session *xmpp.Session
	eventually(t, "the component may connect again", func() bool {
		var err error
		session, err = s.ConnectComponent(t.Context(), integration.Gate)
		return err == nil
	})
	r := responder.New(session, opts...)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = session.Serve(r.Handler(nil))
	}()
	t.Cleanup(func() {
		_ = r.Close()
		_ = session.Conn().Close()
		<-served
	})
	return r
}

func TestComponentsBefriendEachOtherAndRemember(t *testing.T) {
	t.Parallel()
	for _, s := range componentServers {
		t.Run(s.name, func(t *testing.T) {
			srv := s.start(t)
			store := responder.File(filepath.Join(t.TempDir(), "buddies.json"))
			one, kill := serveComponent(t, srv, integration.Gate, responder.Keep(store))
			two, _ := serveComponent(t, srv, integration.OtherGate, responder.Requests(responder.Always(responder.Mutual)))
			if err := one.Befriend(t.Context(), integration.OtherGate); err != nil {
				t.Fatal(err)
			}
			mutual := func(r *responder.Responder, peer jid.JID) func() bool {
				return func() bool {
					return reflect.DeepEqual(buddiesOf(t, r), []responder.Buddy{{JID: peer, To: true, From: true}})
				}
			}
			eventually(t, "both are buddies", func() bool { return mutual(one, integration.OtherGate)() && mutual(two, integration.Gate)() })

			kill()
			again := serveComponentAgain(t, srv, responder.Keep(store))
			if !mutual(again, integration.OtherGate)() {
				t.Errorf("after the restart: %+v", buddiesOf(t, again))
			}
			if err := again.Unfriend(t.Context(), integration.OtherGate); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the other has no buddy any more", func() bool { return len(buddiesOf(t, two)) == 0 })
		})
	}
}

func TestComponentsOnTwoServersBefriendEachOther(t *testing.T) {
	t.Parallel()
	f := integration.StartFederation(t, "capulet.lit", "montague.lit")
	a, _ := serveComponent(t, f.Prosody, integration.Gate, responder.Requests(responder.Always(responder.Mutual)))
	b, _ := serveComponent(t, f.Ejabberd, integration.OtherGate, responder.Requests(responder.Always(responder.Mutual)))
	for asking, peer := range map[*responder.Responder]jid.JID{a: integration.OtherGate, b: integration.Gate} {
		if err := asking.Befriend(t.Context(), peer); err != nil {
			t.Fatal(err)
		}
		eventually(t, "both are buddies", func() bool {
			return reflect.DeepEqual(buddiesOf(t, a), []responder.Buddy{{JID: integration.OtherGate, To: true, From: true}}) &&
				reflect.DeepEqual(buddiesOf(t, b), []responder.Buddy{{JID: integration.Gate, To: true, From: true}})
		})
		if err := asking.Unfriend(t.Context(), peer); err != nil {
			t.Fatal(err)
		}
		eventually(t, "neither is", func() bool { return len(buddiesOf(t, a)) == 0 && len(buddiesOf(t, b)) == 0 })
	}
}

func TestContactsBehindAGateway(t *testing.T) {
	t.Parallel()
	skeleton := jid.MustParse("skeleton@gate.capulet.lit")
	left := time.Now().Add(-10 * time.Minute).Truncate(time.Second)
	for _, s := range componentServers {
		t.Run(s.name, func(t *testing.T) {
			srv := s.start(t)
			serveComponent(t, srv, integration.Gate, responder.Gateway(
				func(prober, _ jid.JID) bool { return prober.Equal(suite.Juliet) },
				func(context.Context, jid.JID, jid.JID) (responder.Presence, error) {
					return responder.Presence{Since: left, Status: suite.Goodbye}, nil
				}))
			a, err := asker(t, srv, suite.Juliet).Probe(t.Context(), skeleton)
			if err != nil || a.Outcome != probe.Unavailable || !a.LastSeen.Equal(left) || a.Status != suite.Goodbye {
				t.Errorf("a subscriber: %v, %v, %q, %v", a.Outcome, a.LastSeen, a.Status, err)
			}
			a, err = asker(t, srv, suite.Romeo).Probe(t.Context(), skeleton)
			if err != nil || a.Outcome != probe.Unauthorized {
				t.Errorf("a stranger: %v, %v", a.Outcome, err)
			}
		})
	}
}

// TestSlixmpp has a client that nobody here wrote ask a component.
func TestSlixmpp(t *testing.T) {
	t.Parallel()
	python := integration.Slixmpp(t)
	for _, s := range componentServers {
		t.Run(s.name, func(t *testing.T) {
			srv := s.start(t)
			began := time.Now().Add(-time.Hour).Truncate(time.Second)
			r, _ := serveComponent(t, srv, integration.Gate, responder.Since(began), responder.Admins(suite.Juliet),
				responder.Requests(responder.Always(responder.Mutual)))
			two, _ := serveComponent(t, srv, integration.OtherGate, responder.Requests(responder.Always(responder.Mutual)))
			host, port, err := net.SplitHostPort(srv.Addr)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, python, "slixmpp_client.py", host, port, srv.Authority,
				suite.Juliet.String(), integration.Password, integration.Gate.String(), integration.OtherGate.String())
			cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
			var errOut bytes.Buffer
			cmd.Stderr = &errOut
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("slixmpp: %v\n%s\n%s", err, out, errOut.String())
			}
			type event struct {
				Event, Stamp, By, Why, Subscription, Status string
				Seconds                                     int
				Features                                    []string
			}
			told := make(map[string]event)
			for line := range bytes.Lines(out) {
				var e event
				if err := json.Unmarshal(line, &e); err != nil {
					t.Fatalf("%s: %v", line, err)
				}
				told[e.Event] = e
			}
			if e, ok := told["failed"]; ok {
				t.Fatalf("slixmpp failed: %s\n%s", e.Why, errOut.String())
			}
			for _, name := range []string{"probe", "subscribed"} {
				at, err := time.Parse(time.RFC3339, told[name].Stamp)
				if err != nil || !at.Equal(began) {
					t.Errorf("%s: stamp %q, want %v", name, told[name].Stamp, began)
				}
			}
			if e := told["probe"]; e.By != integration.Gate.String() {
				t.Errorf("stamped by %q", e.By)
			}
			if n := told["last"].Seconds; n < 3600 || n > 3720 {
				t.Errorf("up for %d seconds", n)
			}
			want := []string{"http://jabber.org/protocol/commands", "http://jabber.org/protocol/disco#info",
				"http://jabber.org/protocol/disco#items", "jabber:iq:last", "urn:xmpp:server-presence"}
			if got := told["info"].Features; !reflect.DeepEqual(got, want) {
				t.Errorf("features %q, want %q", got, want)
			}
			if s := told["roster"].Subscription; s != "both" {
				t.Errorf("the user's roster says %q", s)
			}
			if s := told["command"].Status; s != "completed" {
				t.Errorf("the command ended %q", s)
			}
			eventually(t, "the user and the other component are buddies", func() bool {
				return reflect.DeepEqual(buddiesOf(t, r), []responder.Buddy{
					{JID: integration.OtherGate, To: true, From: true},
					{JID: suite.Juliet, To: true, From: true},
				})
			})
			if got := buddiesOf(t, two); len(got) != 1 {
				t.Errorf("the other component's: %+v", got)
			}
		})
	}
}

// TestUptimebotIsKilled runs the example program, kills it, and runs it again.
func TestUptimebotIsKilled(t *testing.T) {
	t.Parallel()
	program := buildExample(t, "uptimebot")
	for _, s := range componentServers {
		t.Run(s.name, func(t *testing.T) {
			srv := s.start(t)
			two, _ := serveComponent(t, srv, integration.OtherGate)
			c := asker(t, srv, suite.Juliet)
			buddies := filepath.Join(t.TempDir(), "buddies.json")
			run := func() (kill func()) {
				cmd := exec.Command(program, "-jid", integration.Gate.String(), "-addr", srv.Components[integration.Gate.String()], "-buddies", buddies)
				cmd.Env = append(os.Environ(), "XMPP_SECRET="+integration.Password)
				out, err := cmd.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				var errOut bytes.Buffer
				cmd.Stderr = &errOut
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				kill = sync.OnceFunc(func() {
					_ = cmd.Process.Kill()
					_ = cmd.Wait()
				})
				t.Cleanup(kill)
				buf := make([]byte, 100)
				if n, err := out.Read(buf); err != nil || string(buf[:n]) != "gate.capulet.lit is up.\n" {
					kill()
					t.Logf("uptimebot says %q, %v, %s", buf[:n], err, errOut.String())
					return nil
				}
				return kill
			}
			kill := run()
			if kill == nil {
				eventually(t, "the component's port is open", func() bool { kill = run(); return kill != nil })
			}
			if err := two.Befriend(t.Context(), integration.Gate); err != nil {
				t.Fatal(err)
			}
			friends := func() bool { b := buddiesOf(t, two); return len(b) == 1 && b[0].To }
			eventually(t, "the other component sees its presence", friends)
			first, err := c.Uptime(t.Context(), integration.Gate)
			if err != nil {
				t.Fatal(err)
			}
			kill()
			time.Sleep(1100 * time.Millisecond) // start times are whole seconds
			eventually(t, "it runs again", func() bool { return run() != nil })
			second, err := c.Uptime(t.Context(), integration.Gate)
			if err != nil || !second.After(first) {
				t.Errorf("up since %v, then %v, %v", first, second, err)
			}
			kept, err := responder.File(buddies).Load(t.Context())
			if err != nil || len(kept) != 1 || !kept[0].From || !kept[0].JID.Equal(integration.OtherGate) {
				t.Errorf("kept %+v, %v", kept, err)
			}
		})
	}
}
