package probe_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/server"
	"example.org/lastpresence/probe"
)

func TestProbeRefusesWhileInvisible(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := world(t, server.ProsodyStamps)
		visible := false
		client, end := connect(t, s, probe.Visible(func() bool { return visible }))
		ask(t, client, romeo, probe.ErrInvisible)
		if _, err := client.Uptime(context.Background(), romeo); !errors.Is(err, probe.ErrInvisible) {
			t.Errorf("Uptime: %v, want ErrInvisible", err)
		}
		if n := s.Count(juliet, server.Probes) + s.Count(juliet, server.LastQueries); n != 0 || client.Stats() != (probe.Stats{}) {
			t.Errorf("%d stanzas sent while invisible, stats %+v", n, client.Stats())
		}
		visible = true
		ask(t, client, romeo, nil)
		end()
	})
}

func TestProbeRefusesWhomTheRosterDoesNotAllow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := world(t, server.ProsodyStamps)
		client, end := connect(t, s, probe.Subscribed(func(j jid.JID) bool { return !j.Equal(romeo) }))
		ask(t, client, romeo, probe.ErrNotSubscribed)
		if n := s.Count(juliet, server.Probes); n != 0 {
			t.Errorf("%d probes sent", n)
		}
		ask(t, client, nurse, nil)
		ask(t, client, romeo.Domain(), nil)
		end()
	})
}

func TestLogTellsWhoWasAskedAndNotWhatTheySaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var debug, info bytes.Buffer
		s := world(t, server.XEP0318)
		left := time.Now().Add(-1367 * time.Second)
		s.SetOffline(romeo, left, "Out of battery.")
		client, end := connect(t, s, probe.Log(slog.New(slog.NewTextHandler(&debug, &slog.HandlerOptions{Level: slog.LevelDebug}))))
		ask(t, client, romeo, nil)
		ask(t, client, romeo, probe.ErrCoolDown)
		end()
		ask(t, client, romeo, probe.ErrClosed)
		for _, want := range []string{`"probe: asked"`, `"probe: answered" outcome=unavailable`, `"probe: refused" reason="probe: asked a moment ago"`, `reason="probe: session closed"`, "contact=romeo@montague.lit"} {
			if !strings.Contains(debug.String(), want) {
				t.Errorf("the log has no %s:\n%s", want, debug.String())
			}
		}
		for _, never := range []string{"battery", left.Format("04:05"), "1367"} {
			if strings.Contains(debug.String(), never) {
				t.Errorf("the log tells %q:\n%s", never, debug.String())
			}
		}
		client, end = connect(t, s, probe.Log(slog.New(slog.NewTextHandler(&info, nil))))
		ask(t, client, romeo, nil)
		end()
		if info.Len() > 0 {
			t.Errorf("logged above debug: %s", info.String())
		}
	})
}
