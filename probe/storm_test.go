package probe

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/server"
)

// What becomes of the answers to a contact in the storm, by its number.
const (
	prompt       = iota // the presence and then the fence
	fenceFirst          // the fence overtakes the presence, which comes in time
	late                // both come when every caller has left
	doubled             // both come twice, the second time when it is all over
	lost                // neither comes
	presenceLost        // only the fence comes
	fenceLost           // only the presence comes
	forged              // strangers answer first, to the query's own id too
	misdirected         // only strangers answer
	abandoned           // both come, but every caller leaves before
	fates
)

// stormy answers the questions to contact n, whose goodbye says who it is.
func stormy(q server.Question) []server.Answer {
	var n int
	if _, err := fmt.Sscanf(q.To.Localpart(), "c%d", &n); err != nil {
		return nil
	}
	presence := func(from string) string {
		return fmt.Sprintf(`<presence from='%s' to='%s' type='unavailable'><status>I am %s.</status></presence>`, from, q.From, from)
	}
	fence := func(from string) string {
		return fmt.Sprintf(`<iq from='%s' to='%s' type='result' id='%s'><query xmlns='jabber:iq:last' seconds='%d'/></iq>`, from, q.From, q.ID, n+1)
	}
	own, answer := q.To.String(), presence
	if q.Kind == server.LastQueries {
		answer = fence
	}
	lookAlikes := []server.Answer{
		{XML: answer(strings.Replace(own, "c", "с", 1))}, // Cyrillic
		{XML: answer(own + ".evil.lit")},
		{XML: answer("c" + own)},
		{XML: answer("montague.lit")},
		{XML: answer("mercutio@montague.lit/" + own)},
		{XML: answer("montague.lit/" + own)},
	}
	switch n % fates {
	case fenceFirst:
		if q.Kind == server.Probes {
			return []server.Answer{{XML: answer(own), After: 20 * time.Millisecond}}
		}
		return []server.Answer{{XML: strings.Replace(answer(own), fmt.Sprintf("'%d'", n+1), "'0'", 1)}}
	case late:
		return []server.Answer{{XML: answer(own), After: 5 * time.Second}}
	case doubled:
		return []server.Answer{{XML: answer(own)}, {XML: answer(own)}, {XML: answer(own), After: 5 * time.Second}}
	case lost:
		return nil
	case presenceLost:
		if q.Kind == server.Probes {
			return nil
		}
	case fenceLost:
		if q.Kind == server.LastQueries {
			return nil
		}
	case forged:
		return append(lookAlikes, server.Answer{XML: answer(own)})
	case misdirected:
		return lookAlikes
	case abandoned:
		return []server.Answer{{XML: answer(own), After: 2 * time.Millisecond}}
	}
	return []server.Answer{{XML: answer(own)}}
}

func TestStorm(t *testing.T) {
	const (
		contacts = 10_000
		callers  = 200
	)
	synctest.Test(t, func(t *testing.T) {
		juliet := jid.MustParse("juliet@capulet.lit")
		s := server.New(server.Config{Domains: []string{"capulet.lit", "montague.lit"}})
		s.AddAccount(juliet, "secret")
		var client *Client
		var asked sync.Map // every pending probe that reached the server
		s.Hook = func(q server.Question) []server.Answer {
			client.mu.Lock()
			defer client.mu.Unlock()
			if pd := client.pending[q.To.String()]; pd != nil {
				asked.Store(pd, true)
			}
			return stormy(q)
		}
		session, err := s.Session(context.Background(), juliet)
		if err != nil {
			t.Fatal(err)
		}
		var told atomic.Int64
		client = NewClient(session, Budget(contacts, time.Hour), Timeout(3*time.Second), Answered(func(Answer) { told.Add(1) }))
		served := make(chan struct{})
		go func() {
			defer close(served)
			_ = session.Serve(client.Handler(nil))
		}()

		var outcomes [fates]struct{ answered, left atomic.Int64 }
		var wg sync.WaitGroup
		for caller := range callers {
			wg.Go(func() {
				for n := caller; n < contacts; n += callers {
					left := weather(t, client, n)
					if left {
						outcomes[n%fates].left.Add(1)
					} else {
						outcomes[n%fates].answered.Add(1)
					}
				}
			})
		}
		wg.Wait()
		for fate := range outcomes {
			answered, left := outcomes[fate].answered.Load(), outcomes[fate].left.Load()
			if impatient := fate == late || fate == abandoned; impatient != (left > 0) || impatient == (answered > 0) {
				t.Errorf("fate %d: %d answered, %d left", fate, answered, left)
			}
		}

		// Let what is late arrive.
		time.Sleep(10 * time.Second)
		synctest.Wait()
		client.mu.Lock()
		if n := len(client.pending); n > 0 {
			t.Errorf("%d pending probes left", n)
		}
		client.mu.Unlock()
		if n := client.requests.Len(); n > 0 {
			t.Errorf("%d requests left", n)
		}
		seen := 0
		asked.Range(func(pd, _ any) bool {
			seen++
			if pd := pd.(*pending); !pd.forgotten || pd.timer.Stop() {
				t.Errorf("the probe of %s: forgotten %v, or its timer was still set", pd.key, pd.forgotten)
			}
			return true
		})
		stats := client.Stats()
		ended := stats.Available + stats.Unavailable + stats.Unauthorized + stats.Error + stats.Unanswered
		if stats.Sent != contacts || ended != contacts || seen != contacts || told.Load() != contacts || stats.Failed+stats.Joined != 0 {
			t.Errorf("%d probes seen, %d answers told, stats %+v", seen, told.Load(), stats)
		}
		time.Sleep(2 * time.Minute)
		client.ledger.mu.Lock()
		if client.ledger.asked.ready("", time.Now()); len(client.ledger.asked.asked)+len(client.ledger.asked.queue) > 0 {
			t.Errorf("%d cool-downs left", len(client.ledger.asked.asked))
		}
		client.ledger.mu.Unlock()

		// A goroutine that is left fails the test when the bubble ends.
		_ = client.Close()
		_ = session.Conn().Close()
		<-served
		_ = s.Close()
	})
}

// weather probes contact n and checks that what comes is n's, or the end of
// the caller's own context, which is the case it reports.
func weather(t *testing.T, c *Client, n int) (left bool) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	switch n % fates {
	case late:
		ctx, cancel = context.WithTimeout(ctx, time.Duration(n%7+1)*time.Millisecond)
		defer cancel()
	case abandoned:
		ctx, cancel = context.WithCancel(ctx)
		time.AfterFunc(time.Millisecond, cancel)
		defer cancel()
	}
	to := jid.MustParse(fmt.Sprintf("c%d@montague.lit", n))
	a, err := c.Probe(ctx, to)
	if !a.Contact.Equal(to) {
		t.Errorf("asked %s, answered by %s", to, a.Contact)
	}
	for _, p := range a.Presences {
		if !p.From.Equal(to) || p.Status() != "I am "+to.String()+"." {
			t.Errorf("asked %s, got the presence of %s: %q", to, p.From, p.Status())
		}
	}
	if a.Activity.Told && a.Activity.Ago != 0 && a.Activity.Ago != time.Duration(n+1)*time.Second {
		t.Errorf("asked %s, got the last activity %v of another", to, a.Activity.Ago)
	}
	if err != nil {
		if !errors.Is(err, ctx.Err()) || ctx.Err() == nil {
			t.Errorf("asked %s: %v, but the context says %v", to, err, ctx.Err())
		}
		return true
	}
	want, status := Unavailable, "I am "+to.String()+"."
	switch n % fates {
	case lost, misdirected:
		want, status = Unanswered, ""
	case presenceLost:
		status = ""
	}
	if a.Outcome != want || a.Status != status {
		t.Errorf("asked %s (fate %d): %v %q, want %v %q", to, n%fates, a.Outcome, a.Status, want, status)
	}
	return false
}
