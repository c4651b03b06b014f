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

	"example.org/lastpresence/internal/testbed/server"
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

func TestProbeAsksOnlyContactsThatShareTheirPresence(t *testing.T) {
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

func TestAProbeIsOfTheContactWhateverTheResource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := world(t, server.XEP0318)
		s.SetOffline(romeo, time.Now().Add(-time.Hour), "Out of battery.")
		client, end := connect(t, s)
		defer end()
		orchard, err := romeo.WithResource("orchard")
		if err != nil {
			t.Fatal(err)
		}
		if a := ask(t, client, orchard, nil); !a.Contact.Equal(romeo) || a.Status != "Out of battery." {
			t.Errorf("of %v it is known that %q", a.Contact, a.Status)
		}
		ask(t, client, romeo, probe.ErrCoolDown)
	})
}

func TestTheLogNamesContactsButNotTheirStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var debug, info bytes.Buffer
		s := world(t, server.XEP0318)
		left := time.Now().Add(-1367 * time.Second)
		s.SetOffline(romeo, left, "Out of battery.")
		s.Hook = func(q server.Question) []server.Answer {
			if q.To.Equal(nurse) {
				return nil
			}
			return q.Answers
		}
		client, end := connect(t, s, probe.Log(slog.New(slog.NewTextHandler(&debug, &slog.HandlerOptions{Level: slog.LevelDebug}))))
		ask(t, client, romeo, nil)
		ask(t, client, romeo, probe.ErrCoolDown)
		end()
		ask(t, client, romeo, probe.ErrClosed)
		client, end = connect(t, s, probe.Log(slog.New(slog.NewTextHandler(&debug, &slog.HandlerOptions{Level: slog.LevelDebug}))))
		time.AfterFunc(time.Second, end)
		ask(t, client, nurse, probe.ErrClosed)
		for _, want := range []string{`"probe: failed" reason="probe: session closed" contact=nurse@capulet.lit`, `"probe: asked"`, `"probe: answered" outcome=unavailable`, `"probe: refused" reason="probe: asked a moment ago"`, `reason="probe: session closed"`, "contact=romeo@montague.lit"} {
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

func TestConcurrentCallsSendOneProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := world(t, server.XEP0318)
		s.SetOffline(romeo, time.Now().Add(-time.Hour), "Out of battery.")
		s.Hook = func(q server.Question) []server.Answer {
			for i := range q.Answers {
				q.Answers[i].After = time.Second
			}
			return q.Answers
		}
		client, end := connect(t, s)
		ctx, cancel := context.WithCancel(context.Background())
		impatient := make(chan error, 1)
		go func() {
			_, err := client.Probe(ctx, romeo)
			impatient <- err
		}()
		synctest.Wait()
		patient := make(chan probe.Answer, 5)
		for range cap(patient) {
			go func() { patient <- ask(t, client, romeo, nil) }()
		}
		synctest.Wait()
		cancel()
		if err := <-impatient; !errors.Is(err, context.Canceled) {
			t.Errorf("the one who left got %v", err)
		}
		for range cap(patient) {
			if a := <-patient; a.Status != "Out of battery." {
				t.Errorf("one who stayed got %v %q", a.Outcome, a.Status)
			}
		}
		if n := s.Count(juliet, server.Probes); n != 1 {
			t.Errorf("%d probes sent, want 1", n)
		}
		want := probe.Stats{Sent: 1, Joined: 5, Unavailable: 1}
		if got := client.Stats(); got != want {
			t.Errorf("stats = %+v, want %+v", got, want)
		}
		end()
	})
}
