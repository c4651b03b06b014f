package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/examples/internal/command"
	"example.org/lastpresence/internal/testbed/line"
	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe/responder"
)

func TestTheExchangeIsShown(t *testing.T) {
	var out, errOut strings.Builder
	if err := run(t.Context(), nil, &out, &errOut); err != nil {
		t.Fatal(err, errOut.String())
	}
	for _, want := range []string{
		"<- <presence from='bot.capulet.lit' to='juliet@capulet.lit/balcony' id='p1'><delay xmlns='urn:xmpp:delay' from='bot.capulet.lit' stamp='",
		"seconds='54",
		"urn:xmpp:server-presence",
		"type='subscribed'",
		"type='unavailable'",
		"Shutting down.",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is missing in\n%s", want, out.String())
		}
	}
}

func TestBadInputIsOneClearLine(t *testing.T) {
	damaged := filepath.Join(t.TempDir(), "buddies.json")
	if err := os.WriteFile(damaged, []byte("Dear diary"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		args   []string
		status int
	}{
		"not an address":        {[]string{"-jid", "@"}, 2},
		"a user's address":      {[]string{"-jid", "bot@capulet.lit"}, 2},
		"no such flag":          {[]string{"-jib", "bot.capulet.lit"}, 2},
		"an argument":           {[]string{"-jid", "bot.capulet.lit", "now"}, 2},
		"an argument, for show": {[]string{"bot.capulet.lit"}, 2},
		"a flag without -jid":   {[]string{"-secret", "swordfish"}, 2},
		"no server":             {[]string{"-jid", "bot.capulet.lit", "-addr", "127.0.0.1:1", "-secret", "swordfish"}, 1},
		"a damaged file":        {[]string{"-jid", "bot.capulet.lit", "-addr", "127.0.0.1:1", "-buddies", damaged}, 1},
		"a folder for the file": {[]string{"-jid", "bot.capulet.lit", "-addr", "127.0.0.1:1", "-buddies", t.TempDir()}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errOut strings.Builder
			err := run(t.Context(), tt.args, &out, &errOut)
			if err == nil || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "swordfish") || out.Len() > 0 {
				t.Errorf("%v, %s", err, out.String())
			}
			if status := command.Report("uptimebot", err, &errOut); status != tt.status || strings.Contains(errOut.String(), "usage: ") != (status == 2) {
				t.Errorf("status %d, want %d: %s", status, tt.status, errOut.String())
			}
		})
	}
}

func TestItConnectsAgainUntilItIsInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		juliet, host := jid.MustParse("juliet@capulet.lit/balcony"), jid.MustParse("bot.capulet.lit")
		srv := server.New(server.Config{Domains: []string{"capulet.lit"}})
		defer func() { _ = srv.Close() }()
		srv.AddAccount(juliet, "")
		srv.AddComponent(host, "secret")
		user, err := srv.Session(t.Context(), juliet)
		if err != nil {
			t.Fatal(err)
		}
		l := line.New(t, user)
		var sessions []*xmpp.Session
		refuse := 0
		connect := func() (*xmpp.Session, error) {
			if refuse > 0 {
				refuse--
				return nil, errors.New("connection refused")
			}
			s, err := srv.Component(t.Context(), host)
			sessions = append(sessions, s)
			return s, err
		}
		ctx, interrupt := context.WithCancel(t.Context())
		var out, errOut strings.Builder
		ended := make(chan error, 1)
		go func() {
			ended <- stay(ctx, &out, &errOut, host, connect, []responder.Option{responder.Since(time.Now()), responder.Keep(new(memory))})
		}()
		synctest.Wait()
		l.Ask(`<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>`)
		l.Ask(`<presence/>`)
		l.Ask(`<presence type='subscribe' to='bot.capulet.lit'/>`)
		for range 3 {
			refuse = 4
			_ = sessions[len(sessions)-1].Conn().Close()
			time.Sleep(3 * time.Minute)
			if got := strings.Join(l.Ask(`<presence type='probe' to='bot.capulet.lit' id='p'/>`), ""); !strings.Contains(got, "stamp='2000-01-01T00:00:00Z'") {
				t.Fatalf("a probe is answered with %q\n%s", got, errOut.String())
			}
		}
		if len(sessions) != 4 {
			t.Errorf("it connected %d times", len(sessions))
		}
		l.Heard()
		interrupt()
		if got := strings.Join(l.Heard(), ""); !strings.Contains(got, "Shutting down.") {
			t.Errorf("its buddy is told %q", got)
		}
		if err := <-ended; err != nil {
			t.Errorf("it ended with %v", err)
		}
		if n := strings.Count(out.String(), "bot.capulet.lit is up."); n != 4 {
			t.Errorf("it says %s", out.String())
		}
	})
}
