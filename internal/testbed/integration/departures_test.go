package integration_test

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/suite"
	"example.org/lastpresence/roster"
)

const fetchRoster = "<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>"

// departures are the ways in which Romeo goes without a goodbye.
var departures = map[string]func(*integration.Server, *integration.Wire){
	"closes the stream":     func(_ *integration.Server, w *integration.Wire) { w.Say("</stream:stream>"); w.Rest() },
	"closes TLS":            func(_ *integration.Server, w *integration.Wire) { w.Close() },
	"closes the connection": func(_ *integration.Server, w *integration.Wire) { w.Cut() },
	"connection reset":      func(_ *integration.Server, w *integration.Wire) { w.Reset() },
	"sends what is not XML": func(_ *integration.Server, w *integration.Wire) { w.Say("<foo bar>"); w.Rest() },
	"sends a stream error": func(_ *integration.Server, w *integration.Wire) {
		w.Say("<stream:error xmlns:stream='http://etherx.jabber.org/streams'><undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>")
		w.Rest()
	},
	"is not resumed": func(_ *integration.Server, w *integration.Wire) {
		w.Say("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
		w.Until("<enabled")
		w.Cut()
	},
}

// departed is what a server writes of a departure: in the unavailable presence,
// and in the answer to a query for last activity afterwards. Then what the Cache
// makes of it.
type departed struct {
	how, live, last string
	cause           roster.Cause
}

// texts are what servers write of departures. The empty text is none.
var texts = []struct {
	kind
	departures []departed
}{
	{servers[0], []departed{
		{"closes the stream", "", "", roster.CauseUnknown},
		{"closes TLS", "", "", roster.CauseUnknown},
		{"closes the connection", "Disconnected: unexpected eof while reading", "Disconnected: unexpected eof while reading", roster.ConnectionLost},
		{"connection reset", "", "", roster.CauseUnknown},
		{"sends what is not XML", "Disconnected: not-well-formed", "Disconnected: not-well-formed", roster.ConnectionLost},
		{"sends a stream error", "", "", roster.CauseUnknown},
		{"is not resumed", "Disconnected: Hibernating too long", "Disconnected: Hibernating too long", roster.TimedOut},
	}},
	{servers[3], []departed{
		{"closes the stream", "", "Stream reset by peer", roster.ConnectionLost},
		{"closes TLS", "", "Connection failed: connection closed", roster.ConnectionLost},
		{"closes the connection", "", "Connection failed: connection closed", roster.ConnectionLost},
		{"connection reset", "", "Connection failed: connection closed", roster.ConnectionLost},
		{"sends what is not XML", "", "Stream closed by local host: not well-formed (invalid token) (not-well-formed)", roster.CauseUnknown},
		{"sends a stream error", "", "Stream closed by peer: undefined-condition", roster.ConnectionLost},
		{"is not resumed", "", "Stream closed by local host: Timed out waiting for stream resumption (connection-timeout)", roster.TimedOut},
	}},
	{jabberd2, []departed{
		{"closes the stream", "", "", roster.CauseUnknown},
		{"closes the connection", "", "", roster.CauseUnknown},
		{"connection reset", "", "", roster.CauseUnknown},
		{"sends what is not XML", "", "", roster.CauseUnknown},
	}},
}

var (
	statusText = regexp.MustCompile(`<status>([^<]*)</status>`)
	lastText   = regexp.MustCompile(`<query [^>]*[^/]>([^<]*)</query>`)
)

// text returns what the pattern finds, "" for nothing.
func text(pattern *regexp.Regexp, stanza string) string {
	if m := pattern.FindStringSubmatch(stanza); m != nil {
		return html.UnescapeString(m[1])
	}
	return ""
}

// enter logs an account in, and makes it available.
func enter(t *testing.T, s *integration.Server, account jid.JID) *integration.Wire {
	t.Helper()
	w := s.Wire(t, account)
	w.Say(fetchRoster + "<presence><status>Here.</status></presence>")
	w.Pong()
	return w
}

// gone waits until Romeo is unavailable, and returns the text that says so.
func gone(w *integration.Wire) string {
	w.Until("unavailable")
	return text(statusText, w.Pong())
}

// TestWhatServersWriteOfDepartures has contacts leave in every way but with a
// goodbye, and reads on the wire what their server writes.
func TestWhatServersWriteOfDepartures(t *testing.T) {
	t.Parallel()
	for _, s := range texts {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			srv := s.start(t)
			juliet := enter(t, srv, suite.Juliet)
			for _, d := range s.departures {
				t.Run(d.how, func(t *testing.T) {
					v := view(t, srv)
					romeo := enter(t, srv, suite.Romeo)
					juliet.Pong()
					eventually(t, "Romeo is online", func() bool { return v.romeo().Online })
					departures[d.how](srv, romeo)
					if got := gone(juliet); got != d.live {
						t.Errorf("the presence says %q, want %q", got, d.live)
					}
					time.Sleep(1100 * time.Millisecond) // below a second it seems connected
					if got := text(lastText, juliet.Last(suite.Romeo)); got != d.last {
						t.Errorf("last activity says %q, want %q", got, d.last)
					}
					got, err := v.open()
					if err != nil || got.Online || got.Status != "" || got.Cause != roster.CauseUnknown && got.Cause != d.cause {
						t.Errorf("Open = cause %v, status %q, %v; want %v, unless it is not asked for", got.Cause, got.Status, err, d.cause)
					}
					v.leave()
					if s.name == jabberd2.name {
						return // at login it repeats "Here.", which nobody can tell from a goodbye
					}
					again := view(t, srv) // who was not there to see it
					if got, err = again.open(); err != nil || got.Cause != d.cause || got.CauseText != d.last || got.Status != "" || got.LastSeen.IsZero() {
						t.Errorf("later Open = cause %v, text %q, status %q, last seen %v, %v; want %v, %q", got.Cause, got.CauseText, got.Status, got.LastSeen, err, d.cause, d.last)
					}
				})
			}
		})
	}
}

// TestWhatServersWriteAsTheyEnd stops the server under everybody.
func TestWhatServersWriteAsTheyEnd(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		kind
		live string // of Romeo, to Juliet, if she is told
		// What last activity may say afterwards of Romeo, who left with a
		// goodbye the time before.
		last []string
	}{
		{servers[0], "Disconnected: Received SIGTERM", []string{""}},
		{servers[3], "", []string{suite.Goodbye, "Stream closed by local host: system-shutdown"}}, // whichever of its processes is faster
		{jabberd2, "", []string{""}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			srv := tc.start(t)
			romeo := enter(t, srv, suite.Romeo)
			romeo.Say("<presence type='unavailable'><status>" + suite.Goodbye + "</status></presence></stream:stream>")
			romeo.Rest()
			enter(t, srv, suite.Romeo)
			juliet := enter(t, srv, suite.Juliet)
			time.Sleep(1100 * time.Millisecond)
			srv.Stop()
			rest := juliet.Rest()
			if _, gone, _ := strings.Cut(rest, "type='unavailable'"); text(statusText, gone) != tc.live {
				t.Errorf("as it ended it wrote %s, want %q", rest, tc.live)
			}
			srv.Restart(t)
			juliet = enter(t, srv, suite.Juliet)
			if got := text(lastText, juliet.Last(suite.Romeo)); !slices.Contains(tc.last, got) {
				t.Errorf("afterwards last activity says %q, want %q", got, tc.last)
			}
		})
	}
}

// TestWhatServersWriteOfAccountsThatEnd has Romeo's account removed.
func TestWhatServersWriteOfAccountsThatEnd(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		kind
		want []string // in this order
	}{
		{servers[0], []string{"type='unsubscribed'", "subscription='from'", "type='unavailable'", "type='unsubscribe'", "subscription='none'", "Disconnected: Account deleted"}},
		{servers[3], []string{"subscription='to'", "type='unsubscribe'", "subscription='none'", "type='unsubscribed'"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			srv := tc.start(t)
			juliet, romeo := enter(t, srv, suite.Juliet), enter(t, srv, suite.Romeo)
			v := view(t, srv, eager)
			eventually(t, "Romeo is online", func() bool { return v.romeo().Online })
			juliet.Pong()
			romeo.Say("<iq type='set' id='remove'><query xmlns='jabber:iq:register'><remove/></query></iq>")
			romeo.Rest()
			eventually(t, "the subscription has ended", func() bool { got := v.romeo(); return got.Subscription == "none" && !got.Online })
			time.Sleep(200 * time.Millisecond) // until the server is done
			came := juliet.Pong()
			at := 0
			for _, want := range tc.want {
				n := strings.Index(came[at:], want)
				if n < 0 {
					t.Fatalf("no %s behind %d in %s", want, at, came)
				}
				at += n
			}
			if got := strings.Contains(came, "type='unavailable'"); got != slices.Contains(tc.want, "type='unavailable'") {
				t.Errorf("told to be unavailable: %t", got)
			}
			if got := v.romeo(); !got.LastSeen.IsZero() || got.Status != "" || got.CauseText != "" {
				t.Errorf("what is not shared with us: %+v", got)
			}
		})
	}
}

// TestWhatServersWriteOfWhoNeverCame asks about an account that never logged in.
func TestWhatServersWriteOfWhoNeverCame(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		kind
		text  string
		cause roster.Cause
	}{
		{servers[0], "", roster.CauseUnknown},
		{servers[3], "Registered but didn't login", roster.NeverLoggedIn},
		{jabberd2, "", roster.CauseUnknown},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			srv := tc.start(t)
			if got := text(lastText, enter(t, srv, suite.Juliet).Last(suite.Benvolio)); got != tc.text {
				t.Errorf("last activity says %q, want %q", got, tc.text)
			}
			v := view(t, srv)
			got, _ := v.cache.Open(t.Context(), suite.Benvolio)
			if got.Online || got.Cause != tc.cause || got.CauseText != tc.text || got.Status != "" || !got.LastSeen.IsZero() {
				t.Errorf("Open = %+v, want cause %v", got, tc.cause)
			}
		})
	}
}
