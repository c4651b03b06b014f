package probe_test

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe"
)

func TestAClosedClientSendsNoProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := world(t, server.ProsodyStamps)
		c, end := connect(t, s)
		for range 2 {
			if err := c.Close(); err != nil {
				t.Errorf("Close = %v", err)
			}
		}
		if a := ask(t, c, romeo, probe.ErrClosed); a.Outcome != probe.Unanswered {
			t.Errorf("outcome %v", a.Outcome)
		}
		if _, err := c.Uptime(t.Context(), romeo.Domain()); !errors.Is(err, probe.ErrClosed) {
			t.Errorf("Uptime = %v", err)
		}
		for _, kind := range []server.Kind{server.Probes, server.LastQueries} {
			if n := s.Count(juliet, kind); n != 0 {
				t.Errorf("%d of kind %v were sent", n, kind)
			}
		}
		if got := c.Stats().Sent; got != 0 {
			t.Errorf("%d probes count as sent", got)
		}
		end()
	})
}

func TestCloseEndsAProbeAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := world(t, server.Silent)
		s.Hook = func(server.Question) []server.Answer { return nil }
		c, end := connect(t, s, probe.Timeout(time.Hour))
		began := time.Now()
		time.AfterFunc(time.Second, func() { _ = c.Close() })
		ask(t, c, romeo, probe.ErrClosed)
		if took := time.Since(began); took != time.Second {
			t.Errorf("it took %v", took)
		}
		end()
	})
}

func TestAClientKeepsChildrenOnRequest(t *testing.T) {
	for keep, opts := range map[bool][]probe.Option{true: {probe.KeepChildren()}, false: nil} {
		synctest.Test(t, func(t *testing.T) {
			s := world(t, server.ProsodyStamps)
			var seen []probe.Presence
			c, end := connect(t, s, append(opts, probe.Observe(func(p probe.Presence, _ bool) { seen = append(seen, p) }))...)
			orchard, err := romeo.WithResource("orchard")
			if err != nil {
				t.Fatal(err)
			}
			session, err := s.Session(context.Background(), orchard)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(session.Conn(), "<presence><c xmlns='http://jabber.org/protocol/caps' node='n'/></presence>"); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			a := ask(t, c, romeo, nil)
			if len(a.Presences) != 1 || len(seen) == 0 {
				t.Fatalf("%d presences, %d observed", len(a.Presences), len(seen))
			}
			for _, p := range []probe.Presence{a.Presences[0], seen[len(seen)-1]} {
				tok, err := p.Children().Token()
				start, ok := tok.(xml.StartElement)
				if ok != keep || keep && start.Name.Local != "c" || !keep && !errors.Is(err, io.EOF) {
					t.Errorf("kept on request %v: %v, %v", keep, tok, err)
				}
			}
			_ = session.Conn().Close()
			end()
		})
	}
}
