package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/examples/internal/command"
	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
)

func TestStory(t *testing.T) {
	var out bytes.Buffer
	if err := run(context.Background(), nil, &out, &out); err != nil {
		t.Fatal(err)
	}
	story := out.String()
	for _, want := range []string{
		"Romeo: last seen 10 minutes ago · Going offline. Out of battery. (probe",
		"Nurse: last seen 40 minutes ago · Your lady mother calls! (last-activity",
		"received from her: 0.",
		"Probes in all: 2",
	} {
		if !strings.Contains(story, want) {
			t.Errorf("the story lacks %q:\n%s", want, story)
		}
	}
	if n := strings.Count(story, "\n"); n > 40 {
		t.Errorf("the story has %d lines, want at most 40", n)
	}
}

// startServer starts a server with Juliet and her contacts, and returns its
// address.
func startServer(t *testing.T) string {
	t.Helper()
	s := server.New(server.Config{
		Domains: []string{"capulet.lit", "montague.lit", "silent.lit"}, Behaviour: server.Ejabberd,
		Behaviours: map[string]server.Behaviour{"silent.lit": server.Silent},
	})
	t.Cleanup(func() { _ = s.Close() })
	juliet, romeo, benvolio := jid.MustParse("juliet@capulet.lit"), jid.MustParse("romeo@montague.lit"), jid.MustParse("benvolio@montague.lit/street")
	for _, j := range []jid.JID{juliet, romeo, benvolio, jid.MustParse("paris@silent.lit")} {
		s.AddAccount(j, "wherefore")
	}
	s.Befriend(juliet, romeo, "Romeo")
	s.Befriend(juliet, benvolio.Bare(), "Benvolio")
	s.Befriend(juliet, jid.MustParse("paris@silent.lit"), "Paris")
	s.Befriend(juliet, jid.MustParse("mercutio@nowhere.example"), "Mercutio")
	s.SetOffline(romeo, time.Now().Add(-20*time.Minute), "Going offline. Out of battery.")
	session, err := s.Session(t.Context(), benvolio)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = session.Serve(nil) }() // ends with the server
	dnd := stanza.Presence{}.Wrap(xmlstream.Wrap(xmlstream.Token(xml.CharData("dnd")), xml.StartElement{Name: xml.Name{Local: "show"}}))
	if err := session.Send(t.Context(), dnd); err != nil {
		t.Fatal(err)
	}
	addr, err := s.Listen()
	if err != nil {
		t.Fatal(err)
	}
	return addr.String()
}

// openchat runs the program against a server, and returns what it printed and
// its exit status.
func openchat(t *testing.T, addr string, args ...string) (out, errOut string, status int) {
	t.Helper()
	var o, e strings.Builder
	err := run(t.Context(), append([]string{"-jid", "juliet@capulet.lit", "-password", "wherefore", "-addr", addr, "-tls", "none"}, args...), &o, &e)
	status = command.Report("openchat", err, &e)
	return o.String(), e.String(), status
}

func TestJSONIsOneObjectForEachContact(t *testing.T) {
	addr := startServer(t)
	for _, tc := range []struct {
		name   string
		args   []string
		want   map[string]any // nil: the key is missing; "*": it has some value
		errOut string
		status int
	}{
		{"a contact who is offline", []string{"romeo@montague.lit"}, map[string]any{
			"contact": "romeo@montague.lit", "online": false, "last_seen": "*", "status": "Going offline. Out of battery.",
			"source": "last-activity", "outcome": "unavailable", "elapsed_ms": "*", "cause": "*", "error": nil, "resources": nil}, "", 0},
		{"a contact who is online", []string{"benvolio@montague.lit"}, map[string]any{
			"contact": "benvolio@montague.lit", "online": true, "last_seen": nil, "status": nil, "cause": "unknown",
			"outcome": "available", "online_at": "*", "error": nil,
			"resources": []any{map[string]any{"resource": "street", "show": "dnd", "status": ""}}}, "", 0},
		{"somebody else", []string{"tybalt@capulet.lit"}, map[string]any{
			"contact": "tybalt@capulet.lit", "source": "none", "outcome": "unauthorized", "error": "does not share presence with you"},
			"openchat: tybalt@capulet.lit: does not share presence with you\n", 1},
		{"a contact whose server is silent", []string{"paris@silent.lit"}, map[string]any{
			"contact": "paris@silent.lit", "online": false, "last_seen": nil, "online_at": nil, "outcome": "*", "error": "*"},
			"openchat: paris@silent.lit: the server gave no information", 1},
		{"a host", []string{"-uptime", "montague.lit"}, map[string]any{
			"host": "montague.lit", "since": "*", "source": "last-activity", "elapsed_ms": "*"}, "", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, errOut, status := openchat(t, addr, append([]string{"-json"}, tc.args...)...)
			if status != tc.status || !strings.HasPrefix(errOut, tc.errOut) || (errOut == "") != (tc.errOut == "") || strings.Count(errOut, "\n") > 1 {
				t.Errorf("status %d, standard error %q, want %d and %q", status, errOut, tc.status, tc.errOut)
			}
			var got map[string]any
			if err := json.Unmarshal([]byte(out), &got); err != nil || strings.Count(out, "\n") != 1 {
				t.Fatalf("%v in %s", err, out)
			}
			for key, want := range tc.want {
				if value, ok := got[key]; want == nil && ok || want == "*" && !ok || want != nil && want != "*" && !reflect.DeepEqual(value, want) {
					t.Errorf("%s is %v, want %v, in %s", key, value, want, out)
				}
			}
			for _, key := range []string{"last_seen", "online_at", "since"} {
				if s, ok := got[key].(string); ok {
					if _, err := time.Parse(time.RFC3339, s); err != nil {
						t.Errorf("%s: %v", key, err)
					}
				}
			}
		})
	}
}

func TestWithoutContactsTheRosterIsPrinted(t *testing.T) {
	addr := startServer(t)
	out, errOut, status := openchat(t, addr, "-json")
	if n := strings.Count(out, "\n"); n != 4 || status != 0 || errOut != "" || strings.Contains(out, "outcome") {
		t.Errorf("status %d, %d lines: %s%s", status, n, out, errOut)
	}
	out, errOut, status = openchat(t, addr)
	for _, want := range []string{"Romeo ", "Benvolio ", "online, do not disturb", "Mercutio "} {
		if !strings.Contains(out, want) || status != 0 || errOut != "" {
			t.Errorf("status %d, %q is missing in\n%s%s", status, want, out, errOut)
		}
	}
}

func TestPeopleReadOneMessageForEachContact(t *testing.T) {
	addr := startServer(t)
	for _, tc := range []struct {
		name        string
		args        []string
		out, errOut string
		status      int
	}{
		{"offline", []string{"romeo@montague.lit"}, "  Romeo: last seen 20 minutes ago · Going offline. Out of battery. (last-activity, ", "", 0},
		{"online", []string{"benvolio@montague.lit"}, "  Benvolio: online, do not disturb (", "", 0},
		{"not subscribed", []string{"tybalt@capulet.lit"}, "", "openchat: tybalt@capulet.lit: does not share presence with you\n", 1},
		{"a host that gives no information", []string{"-uptime", "silent.lit"}, "", "openchat: uptime of silent.lit: the server gave no information (service-unavailable)\n", 1},
		{"a host that cannot be reached", []string{"-uptime", "nowhere.example"}, "", "openchat: uptime of nowhere.example: the server refuses to answer (forbidden)\n", 1},
		{"a host", []string{"-uptime", "montague.lit"}, "  montague.lit has been up ", "", 0},
		{"two errors", []string{"tybalt@capulet.lit", "friar@capulet.lit"}, "",
			"openchat: tybalt@capulet.lit: does not share presence with you; friar@capulet.lit: does not share presence with you\n", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, errOut, status := openchat(t, addr, tc.args...)
			if status != tc.status || !strings.HasPrefix(out, tc.out) || (out == "") != (tc.out == "") || errOut != tc.errOut {
				t.Errorf("status %d, printed %q and %q, want %d, %q and %q", status, out, errOut, tc.status, tc.out, tc.errOut)
			}
		})
	}
}

func TestErrorsAreOneLineInWords(t *testing.T) {
	addr := startServer(t)
	mute := listen(t, "")
	bare := listen(t, `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' id='x' from='capulet.lit'><stream:features/>`)
	login := func(args ...string) []string {
		return append([]string{"-jid", "juliet@capulet.lit", "-password", "swordfish"}, args...)
	}
	for _, tc := range []struct {
		name, want string
		status     int
		args       []string
	}{
		{"wrong password", "log in as juliet@capulet.lit: wrong password, or no such account\n", 1, login("-addr", addr, "-tls", "none")},
		{"no server at that port", "connection refused by 127.0.0.1:1\n", 1, login("-addr", "127.0.0.1:1", "-tls", "none")},
		{"a server that says nothing", "no answer from " + mute + " in time\n", 1, login("-addr", mute, "-tls", "none", "-timeout", "1s")},
		{"a server without SASL", "no way to log in (SASL)\n", 1, login("-addr", bare, "-tls", "none")},
		{"a server without StartTLS", "offers no encryption (StartTLS); try -tls direct, or -tls none to go without\n", 1, login("-addr", addr)},
		{"an unknown flag", "not defined: -x\n", 2, login("-x")},
		{"a malformed account", `-jid: "@capulet.lit" is not an address: there is nothing before the @`, 2, []string{"-jid", "@capulet.lit", "-password", "swordfish"}},
		{"an account without a name", "-jid: \"capulet.lit\" is not an account: the address of an account has the form user@server", 2, []string{"-jid", "capulet.lit", "-password", "swordfish"}},
		{"an empty account", "it is empty", 2, []string{"-jid", "", "-password", "swordfish", "romeo@montague.lit"}},
		{"a contact with two @", `"romeo@@montague.lit" is not an address: more than one @`, 2, login("romeo@@montague.lit")},
		{"no password", "there is no password: set XMPP_PASSWORD or use -password\n", 2, []string{"-jid", "juliet@capulet.lit"}},
		{"no time to wait", "-timeout 0s: want more than 0, such as 5s\n", 2, login("-timeout", "0")},
		{"less than no time", "-timeout -1s: want more than 0", 2, login("-timeout", "-1s")},
		{"a flag after a contact", `-json comes after "romeo@montague.lit": flags come first`, 2, login("romeo@montague.lit", "-json")},
		{"an address without a port", `-addr "127.0.0.1": want host:port or a WebSocket's URL`, 2, login("-addr", "127.0.0.1")},
		{"the uptime of a user", `-uptime: "romeo@montague.lit" is an account: want a server or component, such as montague.lit`, 2, login("-uptime", "romeo@montague.lit")},
		{"the uptime of nothing", "-uptime: \"\" is not an address: it is empty", 2, login("-uptime", "")},
		{"an unknown way of TLS", `-tls "maybe": want starttls, direct, insecure or none`, 2, []string{"-tls", "maybe"}},
		{"contacts without an account", "need an account: -jid", 2, []string{"romeo@montague.lit"}},
		{"JSON without an account", "need an account: -jid", 2, []string{"-json"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("XMPP_PASSWORD", "")
			var out, errOut strings.Builder
			err := run(t.Context(), tc.args, &out, &errOut)
			status := command.Report("openchat", err, &errOut)
			said := errOut.String()
			if status != tc.status || !strings.Contains(said, tc.want) || out.Len() > 0 {
				t.Errorf("status %d, printed %q and %q, want %d and %q", status, out.String(), said, tc.status, tc.want)
			}
			if n := strings.Count(said, "\n"); n != status || strings.Contains(said, "swordfish") {
				t.Errorf("said %q", said)
			}
		})
	}
}

// listen accepts connections, says the same to each, and nothing more.
func listen(t *testing.T, greeting string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = c.Close() })
			_, _ = c.Write([]byte(greeting))
		}
	}()
	return l.Addr().String()
}

func TestPeersTextStaysInItsLine(t *testing.T) {
	var out strings.Builder
	people{&out}.contact(result{contact: roster.Contact{
		JID: jid.MustParse("romeo@montague.lit"), Name: "Romeo\n  \u009b2Jevil", Online: true, Source: roster.Live, Status: "pay \u202eereh\u202c",
	}})
	if s := out.String(); strings.ContainsAny(s, "\u009b\u202e") || strings.Count(s, "\n") != 1 || !strings.Contains(s, "pay ereh") {
		t.Errorf("%q", s)
	}
}

func TestOutcomeIsOneOfFiveWords(t *testing.T) {
	notFound := stanza.Error{Condition: stanza.RemoteServerNotFound}
	for _, tc := range []struct {
		r    result
		want string
	}{
		{result{contact: roster.Contact{Online: true, Source: roster.Live}}, "available"},
		{result{contact: roster.Contact{Source: roster.Probe}}, "unavailable"},
		{result{contact: roster.Contact{}}, "unanswered"},
		{result{err: probe.ErrNoAnswer, contact: roster.Contact{Source: roster.Stored}}, "unanswered"},
		{result{err: probe.ErrBudget, contact: roster.Contact{Source: roster.Stored}}, "unanswered"},
		{result{err: probe.ErrBlocked}, "error"},
		{result{err: fmt.Errorf("open: %w", notFound)}, "error"},
		{result{err: errors.Join(probe.ErrNotSubscribed, notFound)}, "unauthorized"},
	} {
		if got := tc.r.outcome().String(); got != tc.want {
			t.Errorf("%+v is %q, want %q", tc.r, got, tc.want)
		}
	}
}

func TestWhatIsKnownIsPrintedWithoutTheError(t *testing.T) {
	var out strings.Builder
	notFound := stanza.Error{Condition: stanza.RemoteServerNotFound}
	people{&out}.contact(result{err: notFound, contact: roster.Contact{
		JID: jid.MustParse("romeo@montague.lit"), Source: roster.Stored, Subscription: "both", LastSeen: time.Now().Add(-30 * time.Minute), Lack: roster.Outdated, Err: notFound,
	}})
	if s := out.String(); !strings.Contains(s, "not confirmed) (stored, ") || strings.Contains(s, "not found") {
		t.Errorf("%q", s)
	}
}

func TestSpansAreRounded(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0 seconds", 90 * time.Second: "90 seconds", 90 * time.Minute: "90 minutes", 30 * time.Hour: "30 hours", 72 * time.Hour: "3 days",
	} {
		if got := span(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}
