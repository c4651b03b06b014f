package probe_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/leak"
	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe"
)

var (
	juliet = jid.MustParse("juliet@capulet.lit")
	romeo  = jid.MustParse("romeo@montague.lit")
	nurse  = jid.MustParse("nurse@capulet.lit")
)

// world is an embedded server where Juliet knows Romeo and her nurse.
func world(t testing.TB, b server.Behaviour) *server.Server {
	t.Helper()
	leak.Check(t)
	s := server.New(server.Config{Domains: []string{"capulet.lit", "montague.lit"}, Behaviour: b})
	t.Cleanup(func() { _ = s.Close() })
	for _, j := range []jid.JID{juliet, romeo, nurse} {
		s.AddAccount(j, "secret")
	}
	s.Befriend(juliet, romeo, "Romeo")
	s.Befriend(juliet, nurse, "Nurse")
	return s
}

// connect returns a Client of a new session of Juliet's, and what ends it.
func connect(t testing.TB, s *server.Server, opts ...probe.Option) (*probe.Client, func()) {
	t.Helper()
	session, err := s.Session(context.Background(), juliet)
	if err != nil {
		t.Fatal(err)
	}
	client := probe.NewClient(session, opts...)
	served := make(chan struct{})
	go func(s *xmpp.Session) {
		defer close(served)
		_ = s.Serve(client.Handler(nil))
	}(session)
	return client, func() {
		_ = client.Close()
		_ = session.Conn().Close()
		<-served
	}
}

func ask(t *testing.T, c *probe.Client, to jid.JID, want error) probe.Answer {
	t.Helper()
	a, err := c.Probe(context.Background(), to)
	if !errors.Is(err, want) {
		t.Errorf("Probe(%s): %v, want %v", to, err, want)
	}
	return a
}

func TestContinueKeepsBudgetCoolDownAndStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := world(t, server.ProsodyStamps)
		limits := []probe.Option{probe.Budget(2, time.Hour), probe.CoolDown(time.Minute)}
		old, end := connect(t, s, limits...)
		ask(t, old, romeo, nil)
		end()
		client, end := connect(t, s, append(limits, probe.Continue(old))...)
		ask(t, client, romeo, probe.ErrCoolDown)
		ask(t, client, nurse, nil)
		ask(t, client, jid.MustParse("montague.lit"), probe.ErrBudget)
		time.Sleep(time.Minute)
		ask(t, client, romeo, probe.ErrBudget)
		time.Sleep(time.Hour)
		ask(t, client, romeo, nil)
		want := probe.Stats{Sent: 3, CoolDown: 1, OverBudget: 2, Unavailable: 3}
		if got := client.Stats(); got != want || old.Stats() != want {
			t.Errorf("stats = %+v and %+v, want %+v", got, old.Stats(), want)
		}
		end()
	})
}

func TestContinueAppliesTheLimitsOfTheNewClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := world(t, server.ProsodyStamps)
		old, end := connect(t, s, probe.Budget(1, time.Hour), probe.CoolDown(time.Hour))
		ask(t, old, romeo, nil)
		end()
		client, end := connect(t, s, probe.Budget(3, time.Second), probe.CoolDown(time.Minute), probe.Continue(old))
		ask(t, client, nurse, probe.ErrBudget) // the old one has spent it
		time.Sleep(30 * time.Second)
		ask(t, client, romeo, probe.ErrCoolDown)
		for i, host := range []string{"capulet.lit", "montague.lit", "nobody.lit", "verona.lit"} {
			want := error(nil)
			if i == 3 {
				want = probe.ErrBudget
			}
			ask(t, client, jid.MustParse(host), want)
		}
		time.Sleep(30 * time.Second)
		ask(t, client, romeo, nil)
		end()
	})
}

func TestContinueLeavesProbesUnderWayToTheOldClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := world(t, server.ProsodyStamps)
		s.Hook = func(server.Question) []server.Answer { return nil }
		old, end := connect(t, s, probe.Timeout(time.Hour))
		failed := make(chan error, 1)
		go func() {
			_, err := old.Probe(context.Background(), romeo)
			failed <- err
		}()
		synctest.Wait()
		client, endNew := connect(t, s, probe.Continue(old), probe.Timeout(time.Second))
		ask(t, client, romeo, probe.ErrCoolDown)
		end()
		if err := <-failed; !errors.Is(err, probe.ErrClosed) {
			t.Errorf("the old probe ended with %v, want ErrClosed", err)
		}
		if a := ask(t, client, romeo, nil); a.Outcome != probe.Unanswered {
			t.Errorf("outcome = %v, want unanswered", a.Outcome)
		}
		want := probe.Stats{Sent: 2, CoolDown: 1, Failed: 1, Unanswered: 1}
		if got := client.Stats(); got != want {
			t.Errorf("stats = %+v, want %+v", got, want)
		}
		endNew()
	})
}

// Whoever reconnects once an hour does not keep the sessions of a month in memory.
func TestContinueLetsGoOfTheOldClient(t *testing.T) {
	s := world(t, server.ProsodyStamps)
	old, end := connect(t, s)
	end()
	client, end := connect(t, s, probe.Continue(old))
	defer end()
	left := weak.Make(old)
	old = nil
	for range 10 {
		runtime.GC()
		if left.Value() == nil {
			break
		}
	}
	if left.Value() != nil {
		t.Error("the old Client is still in memory")
	}
	runtime.KeepAlive(client)
}

func TestContinueOfNilChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, end := connect(t, world(t, server.ProsodyStamps), probe.Continue(nil))
		ask(t, client, romeo, nil)
		end()
	})
}
