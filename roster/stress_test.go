package roster_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
)

// Everything at once, for the race detector: openings, presence, pushes,
// watchers who come and go, new sessions, and Close at any moment.
func TestEverythingAtOnce(t *testing.T) {
	const contacts = 20
	for range 5 {
		bubble(t, func(t *testing.T) {
			srv := server.New(server.Config{Domains: []string{"capulet.lit", "montague.lit"}, Behaviour: server.Ejabberd})
			srv.AddAccount(juliet, "")
			var all []jid.JID
			for i := range contacts {
				j := jid.MustParse(fmt.Sprintf("contact%d@montague.lit/x", i))
				srv.AddAccount(j, "")
				srv.Befriend(juliet, j.Bare(), "")
				all = append(all, j)
			}
			session, err := srv.Session(t.Context(), juliet)
			if err != nil {
				t.Fatal(err)
			}
			c := roster.New(session, roster.Probing(probe.CoolDown(0), probe.Budget(1<<20, time.Nanosecond)))
			h := c.Handler(nil)
			go func() { _ = session.Serve(h) }()
			if err := c.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(session.Conn(), "<presence/>"); err != nil {
				t.Fatal(err)
			}

			ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
			var wg sync.WaitGroup
			some := func(n int, f func(r *rand.Rand)) {
				for i := range n {
					wg.Go(func() {
						for r := rand.New(rand.NewPCG(uint64(i), uint64(n))); ctx.Err() == nil; {
							f(r)
							time.Sleep(200 * time.Microsecond) // time passes while all sleep
						}
					})
				}
			}
			some(4, func(r *rand.Rand) {
				asking, done := context.WithTimeout(ctx, time.Duration(r.IntN(2000))*time.Microsecond)
				defer done()
				if got, _ := c.Open(asking, all[r.IntN(contacts)]); got.JID.Equal(jid.JID{}) {
					t.Error("Open returned nobody")
				}
			})
			some(2, func(r *rand.Rand) {
				s, err := srv.Session(ctx, all[r.IntN(contacts)])
				if err != nil {
					return
				}
				_, _ = io.WriteString(s.Conn(), "<presence><status>Here</status></presence>")
				time.Sleep(time.Duration(r.IntN(1000)) * time.Microsecond)
				_ = s.Conn().Close()
			})
			some(1, func(r *rand.Rand) {
				srv.Push(juliet, all[r.IntN(contacts)].Bare(), "New name", []string{"both", "to", "none"}[r.IntN(3)])
				time.Sleep(time.Millisecond)
			})
			some(2, func(r *rand.Rand) {
				watching, done := context.WithTimeout(ctx, time.Duration(r.IntN(5000))*time.Microsecond)
				defer done()
				for range c.Watch(watching) {
					if r.IntN(10) == 0 {
						break
					}
				}
			})
			some(2, func(*rand.Rand) {
				for range c.Lacking() {
				}
				for contact := range c.All() {
					if contact.Online && len(contact.Resources) == 0 {
						t.Error("online, and nowhere")
					}
				}
				c.Own()
			})
			some(1, func(*rand.Rand) {
				next, err := srv.Session(ctx, juliet)
				if err != nil {
					return
				}
				if c.Connect(next) == nil {
					h := c.Handler(nil)
					wg.Go(func() { _ = next.Serve(h) })
					_ = c.Sync(ctx)
				}
				time.Sleep(10 * time.Millisecond)
				_ = next.Conn().Close()
			})
			time.Sleep(time.Duration(rand.IntN(200)) * time.Millisecond)
			_ = c.Close()
			<-ctx.Done()
			stop()
			_ = session.Conn().Close()
			wg.Wait()
			_ = srv.Close()
		})
	}
}
