package roster_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/roster"
)

// lacks returns what is missing in each of the news, by contact.
func lacks(news [][2]roster.Contact) []string {
	var all []string
	for _, n := range news {
		all = append(all, fmt.Sprintf("%s: %v, was %v", n[0].JID.Localpart(), n[0].Lack, n[1].Lack))
	}
	slices.Sort(all)
	return all
}

func TestWatchReportsLoadedContacts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := new(memory)
		w := newWorld(t, server.Ejabberd, 2)
		first := w.offline(t, roster.Persist(store, nil))
		end := w.serve(t, first)
		if _, err := first.Open(t.Context(), romeo); err != nil {
			t.Fatal(err)
		}
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		end()
		c := w.offline(t, roster.Persist(store, nil))
		news := collect(t, c)
		if err := c.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := news()
		if len(got) != 2 {
			t.Fatalf("%d contacts are news, want 2", len(got))
		}
		for _, n := range got {
			if n[1].Subscription != "" || n[1].Lack != roster.NeverHeard || n[0].Subscription != "both" || !n[0].JID.Equal(n[1].JID) {
				t.Errorf("%+v\nafter %+v", n[0], n[1])
			}
		}
		if err := c.Load(t.Context()); err != nil || len(news()) != 0 {
			t.Errorf("loaded again: %v, and news", err)
		}
	})
}

func TestWatchReportsKnownContactsWhenASessionBegins(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.ProsodyStamps, 2)
		c := w.offline(t)
		w.serve(t, c)
		w.arrive(t, romeo)
		time.Sleep(time.Minute)
		if _, err := c.Open(t.Context(), w.contacts[1]); err != nil {
			t.Fatal(err)
		}
		news := collect(t, c)
		w.renew(t, c) // while the one before goes on
		if got := lacks(news()); !slices.Equal(got, []string{"romeo1: outdated, was nothing", "romeo: outdated, was nothing"}) {
			t.Errorf("news: %q", got)
		}
	})
}

func TestWatchReportsThatFilteringBeginsAndEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, sifting(server.ProsodyStamps), 1)
		c, _ := w.logIn(t, nil)
		session := w.visit(t, romeo, "Here.")
		news := collect(t, c)
		if err := c.Sift(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := lacks(news()); !slices.Equal(got, []string{"romeo: outdated, was nothing"}) {
			t.Errorf("as it began: %q", got)
		}
		if err := c.Sift(t.Context()); err != nil || len(news()) != 0 {
			t.Errorf("again: %v, and news", err)
		}
		if err := c.Unsift(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := lacks(news()); !slices.Equal(got, []string{"romeo: nothing, was outdated"}) {
			t.Errorf("as it ended: %q", got)
		}
		w.tell(t, session, stanza.UnavailablePresence, "Bye.")
		if got := news(); len(got) != 1 || got[0][0].Status != "Bye." || got[0][1].Status != "Here." {
			t.Errorf("afterwards: %+v", got)
		}
	})
}

func TestWatchReportsThatInactivityBeginsAndEnds(t *testing.T) {
	b := server.XEP0318
	b.ClientState = server.HoldAll
	c, _ := newWorld(t, b, 1).negotiate(t)
	if _, err := c.Open(t.Context(), romeo); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	changes := c.Watch(ctx)
	for _, step := range []struct {
		call func(context.Context) error
		want string
	}{{c.Inactive, "romeo: outdated, was nothing"}, {c.Active, "romeo: nothing, was outdated"}} {
		if err := step.call(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := "nothing is reported"
		for now, before := range changes {
			got = lacks([][2]roster.Contact{{now, before}})[0]
			break
		}
		if got != step.want {
			t.Errorf("%q, want %q", got, step.want)
		}
	}
}

func TestWatchOmitsAChangeThatWasUndone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Ejabberd, 2)
		c, _ := w.logIn(t, nil)
		changes := c.Watch(t.Context())
		w.Push(juliet, romeo, "Another name", "both")
		synctest.Wait()
		w.Push(juliet, romeo, "", "both")
		w.Push(juliet, w.contacts[1], "News", "both")
		synctest.Wait()
		for now, before := range changes {
			if now.Name != "News" || before.Name != "" || !now.JID.Equal(w.contacts[1]) {
				t.Errorf("news: %+v, was %+v", now, before)
			}
			break
		}
	})
}

func TestAnIteratorThatWaitsIsWokenForEachChange(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Ejabberd, 20)
		c, _ := w.logIn(t, nil)
		changes := c.Watch(t.Context())
		for i, j := range w.contacts {
			w.Push(juliet, j, fmt.Sprint(i), "both")
		}
		synctest.Wait()
		// Two iterations share them, each of which takes its time.
		seen := make(chan string, 40)
		for range 2 {
			go func() {
				for now := range changes {
					seen <- now.Name
					time.Sleep(time.Second)
				}
			}()
		}
		time.Sleep(10*time.Second + time.Millisecond)
		if len(seen) != 20 {
			t.Errorf("%d changes in ten seconds, want 20", len(seen))
		}
		_ = c.Close()
	})
}
