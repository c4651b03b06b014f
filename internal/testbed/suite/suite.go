// Package suite has the behaviour that the library must show on every server:
// one set of test cases, run against each behaviour of the embedded server and
// against real servers. The expectations say what a server does differently.
package suite

import (
	"context"
	"encoding/xml"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/ping"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
)

// The accounts that a world has. Juliet and Romeo are subscribed to each
// other, and so are Juliet and Benvolio, who has never been online. Mercutio
// exists, and Nobody does not; neither is in Juliet's roster.
var (
	Juliet   = jid.MustParse("juliet@capulet.lit")
	Romeo    = jid.MustParse("romeo@montague.lit")
	Benvolio = jid.MustParse("benvolio@montague.lit")
	Mercutio = jid.MustParse("mercutio@montague.lit")
	Nobody   = jid.MustParse("nobody@montague.lit")
	Host     = jid.MustParse("montague.lit")
	Nowhere  = jid.MustParse("nowhere.example")
)

// Goodbye is the status of Romeo's unavailable presence.
const Goodbye = "Going offline. Out of battery."

// patience limits every wait. Nothing in the suite measures time.
const patience = 30 * time.Second

// settle is how long a probe waits for the second resource after the first.
const settle = 200 * time.Millisecond

// World is a server with the suite's accounts.
type World interface {
	// Login returns a new session of the account, bound and ready, that
	// nobody serves yet.
	Login(t testing.TB, account jid.JID) *xmpp.Session
}

// Cases are the names of the test cases, in the order in which they run.
var Cases = []string{
	"never online",
	"offline with status",
	"offline without status",
	"online, one resource",
	"online, two resources",
	"just gone",
	"not subscribed",
	"no such account",
	"the host",
	"an unreachable domain",
	"ourselves",
}

// Expect has the expected result of each case on a server: the words of the
// row, or several alternatives separated by " | " if the server's timing
// decides.
type Expect map[string]string

// Bubble calls f with a new world in a bubble of package synctest.
type Bubble func(t *testing.T, f func(t *testing.T, w World))

// Run runs every case in the world, compares the result with what is expected,
// and returns the rows of the table.
func Run(t *testing.T, w World, expect Expect) []Row {
	t.Helper()
	return RunInBubbles(t, func(t *testing.T, f func(*testing.T, World)) { f(t, w) }, expect)
}

// RunInBubbles is Run with a world for each case.
func RunInBubbles(t *testing.T, bubble Bubble, expect Expect) []Row {
	t.Helper()
	rows := make([]Row, 0, len(Cases))
	for _, name := range Cases {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w World) {
				row := cases[name](t, w)
				row.Case = name
				rows = append(rows, row)
				if want := strings.Split(expect[name], " | "); !slices.Contains(want, row.String()) {
					t.Errorf("came to %q, want %q", row, expect[name])
				}
			})
		})
	}
	return rows
}

var cases = map[string]func(*testing.T, World) Row{
	"never online": func(t *testing.T, w World) Row {
		return open(t, w, Benvolio, nil)
	},
	"offline with status": func(t *testing.T, w World) Row {
		left := visit(t, w, Goodbye)
		return open(t, w, Romeo, &left)
	},
	"offline without status": func(t *testing.T, w World) Row {
		left := visit(t, w, "")
		return open(t, w, Romeo, &left)
	},
	"online, one resource": func(t *testing.T, w World) Row {
		logIn(t, w, Romeo).available("here")
		return ask(t, w, Romeo, 1)
	},
	"online, two resources": func(t *testing.T, w World) Row {
		logIn(t, w, Romeo).available("here")
		logIn(t, w, Romeo).available("there")
		return ask(t, w, Romeo, 2)
	},
	"just gone": justGone,
	"not subscribed": func(t *testing.T, w World) Row {
		return ask(t, w, Mercutio, 0)
	},
	"no such account": func(t *testing.T, w World) Row {
		return ask(t, w, Nobody, 0)
	},
	"the host": func(t *testing.T, w World) Row {
		return ask(t, w, Host, -1)
	},
	"an unreachable domain": func(t *testing.T, w World) Row {
		return ask(t, w, Nowhere, 0)
	},
	"ourselves": func(t *testing.T, w World) Row {
		return ask(t, w, Juliet, -1)
	},
}

// Client is a logged-in account whose session is served.
type Client struct {
	t       testing.TB
	Session *xmpp.Session
	Cache   *roster.Cache
	served  chan struct{}
}

// LogIn logs an account in, fetches its roster, and serves its session with a
// Cache, until the test ends.
func LogIn(t testing.TB, w World, account jid.JID, opts ...roster.Option) *Client {
	t.Helper()
	session := w.Login(t, account)
	c := &Client{t: t, Session: session, Cache: roster.New(session, opts...), served: make(chan struct{})}
	go func() {
		defer close(c.served)
		_ = session.Serve(c.Cache.Handler(nil))
	}()
	t.Cleanup(c.logOut)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.Cache.Sync(ctx); err != nil {
		t.Fatalf("fetch the roster of %s: %v", account, err)
	}
	return c
}

func logIn(t testing.TB, w World, account jid.JID) *Client {
	t.Helper()
	return LogIn(t, w, account)
}

// logOut closes the session and gives the server time to report it, so that the
// next case does not hear of it. It does not wait for a server that is stuck.
func (c *Client) logOut() {
	_ = c.Cache.Close()
	_ = c.Session.Close()
	select {
	case <-c.served:
	case <-time.After(2 * time.Second):
	}
	_ = c.Session.Conn().Close()
	<-c.served
}

// Available sends initial presence, and waits until the server has handled it.
func (c *Client) Available() {
	c.t.Helper()
	c.available("")
}

// Leave sends unavailable presence with a status, logs out, and waits a second,
// because last activity cannot distinguish gone from connected within less.
func (c *Client) Leave(status string) {
	c.t.Helper()
	c.send(stanza.Presence{Type: stanza.UnavailablePresence}, status)
	c.logOut()
	time.Sleep(1100 * time.Millisecond)
}

func (c *Client) available(status string) {
	c.t.Helper()
	c.send(stanza.Presence{Type: stanza.AvailablePresence}, status)
}

// send sends a presence, and waits until the server has handled it.
func (c *Client) send(p stanza.Presence, status string) {
	c.t.Helper()
	var payload xml.TokenReader
	if status != "" {
		payload = xmlstream.Wrap(xmlstream.Token(xml.CharData(status)), xml.StartElement{Name: xml.Name{Local: "status"}})
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	c.t.Cleanup(cancel) // not at once: a session whose Send just returned could fail the next write
	if err := c.Session.Send(ctx, p.Wrap(payload)); err != nil {
		c.t.Fatalf("send presence: %v", err)
	}
	if err := ping.Send(ctx, c.Session, c.Session.RemoteAddr()); err != nil {
		c.t.Fatalf("wait for the server: %v", err)
	}
}

// visit makes Romeo come and leave, and returns when he left.
func visit(t *testing.T, w World, status string) time.Time {
	t.Helper()
	romeo := logIn(t, w, Romeo)
	romeo.available("")
	left := time.Now()
	romeo.Leave(status)
	return left
}

// open makes Juliet log in and open the chat with a contact that left at the
// given time, or was never online.
func open(t *testing.T, w World, contact jid.JID, left *time.Time) Row {
	t.Helper()
	juliet := logIn(t, w, Juliet)
	juliet.available("")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := juliet.Cache.Open(ctx, contact)
	if err != nil && !errors.Is(err, probe.ErrNoAnswer) && !errors.Is(err, probe.ErrNotSubscribed) {
		t.Fatalf("Open: %v", err)
	}
	row := Row{Outcome: probe.Unavailable, LastSeen: !c.LastSeen.IsZero(), Status: c.Status != "", Source: c.Source.String()}
	switch {
	case errors.Is(err, probe.ErrNoAnswer):
		row.Outcome = probe.Unanswered
	case errors.Is(err, probe.ErrNotSubscribed):
		row.Outcome = probe.Unauthorized
	case c.Online:
		row.Outcome = probe.Available
	}
	// Servers count whole seconds, some from the log-out and some from the
	// end of the connection.
	if left != nil && row.LastSeen && c.LastSeen.Sub(*left).Abs() > 10*time.Second {
		t.Errorf("last seen %v, but left at %v", c.LastSeen, *left)
	}
	return row
}

// ask makes Juliet probe an address. resources is how many must answer as
// available, or -1 if any number will do.
func ask(t *testing.T, w World, to jid.JID, resources int) Row {
	t.Helper()
	session := w.Login(t, Juliet)
	// No case may wait for the time-out: that would be an error of the context.
	client := probe.NewClient(session, probe.Timeout(2*patience), probe.Settle(settle))
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = session.Serve(client.Handler(nil))
	}()
	defer func() {
		_ = client.Close()
		_ = session.Conn().Close()
		<-served
	}()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := session.Send(ctx, stanza.Presence{}.Wrap(nil)); err != nil {
		t.Fatal(err)
	}
	if err := ping.Send(ctx, session, session.RemoteAddr()); err != nil {
		t.Fatalf("wait for the server: %v", err)
	}
	a, err := client.Probe(ctx, to)
	if err != nil {
		t.Fatalf("Probe(%s): %v", to, err)
	}
	online := 0
	for _, p := range a.Presences {
		if p.Type == stanza.AvailablePresence {
			online++
		}
	}
	if resources >= 0 && a.Outcome == probe.Available && online != resources {
		t.Errorf("%d resources answered, want %d", online, resources)
	}
	row := Row{Outcome: a.Outcome, Source: "none"}
	if a.Outcome == probe.Available {
		row.Source = "probe"
		if online == 0 {
			row.Source = roster.LastActivity.String()
		}
	}
	if !a.Up.IsZero() {
		row.LastSeen, row.Source = true, roster.Probe.String()
		if a.UpFrom == probe.FromLastActivity {
			row.Source = roster.LastActivity.String()
		}
		if up := time.Since(a.Up); up < -time.Minute || up > 24*time.Hour {
			t.Errorf("%s is up since %v", to, a.Up)
		}
	}
	return row
}

// justGone makes Romeo leave while Juliet is online.
func justGone(t *testing.T, w World) Row {
	romeo := logIn(t, w, Romeo)
	romeo.available("")
	juliet := logIn(t, w, Juliet)
	juliet.available("")
	until(t, "Juliet sees Romeo", func() bool { c, _ := juliet.Cache.Contact(Romeo); return c.Online })
	romeo.send(stanza.Presence{Type: stanza.UnavailablePresence}, Goodbye)
	until(t, "Juliet sees Romeo leave", func() bool { c, _ := juliet.Cache.Contact(Romeo); return !c.Online })
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := juliet.Cache.Open(ctx, Romeo)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	if sent := juliet.Cache.Client().Stats().Sent; sent != 0 {
		t.Errorf("%d probes sent for what was known", sent)
	}
	return Row{Outcome: probe.Unavailable, LastSeen: !c.LastSeen.IsZero(), Status: c.Status == Goodbye, Source: c.Source.String()}
}

// until waits for something that another goroutine brings about.
func until(t *testing.T, what string, reached func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !reached(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never came: %s", what)
		}
	}
}
