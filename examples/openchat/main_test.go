package main

import (
	"bytes"
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

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
		"Nurse: last seen 2 hours ago · Your lady mother calls! (last-activity",
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

// startServer starts a server with Juliet and Romeo, and returns its address.
func startServer(t *testing.T) string {
	t.Helper()
	s := server.New(server.Config{Domains: []string{"capulet.lit", "montague.lit"}, Behaviour: server.Ejabberd})
	t.Cleanup(func() { _ = s.Close() })
	juliet, romeo := jid.MustParse("juliet@capulet.lit"), jid.MustParse("romeo@montague.lit")
	s.AddAccount(juliet, "wherefore")
	s.AddAccount(romeo, "wherefore")
	s.Befriend(juliet, romeo, "Romeo")
	s.SetOffline(romeo, time.Now().Add(-time.Hour), "Going offline. Out of battery.")
	addr, err := s.Listen()
	if err != nil {
		t.Fatal(err)
	}
	return addr.String()
}

func TestJSON(t *testing.T) {
	for _, tc := range []struct {
		name string
		args []string
		want []string
		fail bool
	}{
		{"a contact who is offline", []string{"romeo@montague.lit"}, []string{
			`"contact":"romeo@montague.lit"`, `"online":false`, `"last_seen":"20`, `"status":"Going offline. Out of battery."`,
			`"source":"last-activity"`, `"outcome":"unavailable"`, `"elapsed_ms":`}, false},
		{"somebody else", []string{"tybalt@capulet.lit"}, []string{
			`"contact":"tybalt@capulet.lit"`, `"source":"none"`, `"outcome":"unauthorized"`}, true},
		{"a host", []string{"-uptime", "montague.lit"}, []string{
			`"host":"montague.lit"`, `"since":"20`, `"source":"last-activity"`}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out, errOut bytes.Buffer
			args := append([]string{"-jid", "juliet@capulet.lit", "-password", "wherefore", "-addr", startServer(t), "-tls", "none", "-json"}, tc.args...)
			err := run(context.Background(), args, &out, &errOut)
			if (err != nil) != tc.fail {
				t.Errorf("error %v, want one: %v", err, tc.fail)
			}
			for _, want := range tc.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("printed %s, want %s in it", out.String(), want)
				}
			}
			if n := strings.Count(out.String(), "\n"); n != 1 {
				t.Errorf("printed %d lines, want 1", n)
			}
		})
	}
}

func TestBadInput(t *testing.T) {
	addr := startServer(t)
	mute := listen(t, "")
	bare := listen(t, `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' id='x' from='capulet.lit'><stream:features/>`)
	for _, tc := range []struct {
		name, want string
		args       []string
	}{
		{"wrong password", "not-authorized", []string{"-jid", "juliet@capulet.lit", "-password", "swordfish", "-addr", addr, "-tls", "none"}},
		{"no such host", "refused", []string{"-jid", "juliet@capulet.lit", "-password", "swordfish", "-addr", "127.0.0.1:1", "-tls", "none"}},
		{"a malformed account", "no address", []string{"-jid", "@capulet.lit", "-password", "swordfish"}},
		{"an account without a name", "user@server", []string{"-jid", "capulet.lit", "-password", "swordfish"}},
		{"a malformed contact", "no address", []string{"-jid", "juliet@capulet.lit", "-password", "swordfish", "@"}},
		{"a server that says nothing", "deadline", []string{"-jid", "juliet@capulet.lit", "-password", "swordfish", "-addr", mute, "-tls", "none", "-timeout", "1s"}},
		{"a server without SASL", "SASL", []string{"-jid", "juliet@capulet.lit", "-password", "swordfish", "-addr", bare, "-tls", "none"}},
		{"a server without StartTLS", "", []string{"-jid", "juliet@capulet.lit", "-password", "swordfish", "-addr", addr}},
		{"an unknown way of TLS", "starttls, direct, insecure or none", []string{"-tls", "maybe"}},
		{"contacts without an account", "-jid", []string{"romeo@montague.lit"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out, errOut bytes.Buffer
			err := run(context.Background(), tc.args, &out, &errOut)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("error %v, want one with %q", err, tc.want)
			}
			said := command.OneLine(err.Error()) + out.String() + errOut.String()
			if strings.ContainsAny(said, "\n") || strings.Contains(said, "swordfish") {
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

func TestNamesStayInTheirLine(t *testing.T) {
	var out strings.Builder
	people{&out}.contact(roster.Contact{JID: jid.MustParse("romeo@montague.lit"), Name: "Romeo\n  \u009b2Jevil"}, probe.Available, time.Second)
	if s := out.String(); strings.ContainsRune(s, '\u009b') || strings.Count(s, "\n") != 1 {
		t.Errorf("%q", s)
	}
}
