package integration_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/suite"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
)

// TestServersAreKilledWhileChatsAreOpened has a client that reconnects open
// chats all the time while its server is killed and started again.
func TestServersAreKilledWhileChatsAreOpened(t *testing.T) {
	t.Parallel()
	for _, s := range componentServers {
		t.Run(s.name, func(t *testing.T) {
			srv := s.start(t)
			romeo := suite.LogIn(t, srv, suite.Romeo)
			romeo.Available()
			left := time.Now()
			romeo.Leave(suite.Goodbye)

			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			first := srv.Login(t, suite.Juliet)
			cache := roster.New(first, roster.Probing(probe.CoolDown(0), probe.Budget(100, time.Millisecond)))
			defer func() { _ = cache.Close() }()
			var wg sync.WaitGroup
			defer wg.Wait()
			defer cancel()
			wg.Go(func() { stayConnected(ctx, srv, cache, first) })
			known := func() bool {
				asking, stop := context.WithTimeout(ctx, 2*time.Second)
				defer stop()
				contact, err := cache.Open(asking, suite.Romeo)
				return err == nil && contact.Lack == roster.Nothing && contact.Status == suite.Goodbye &&
					contact.LastSeen.Sub(left).Abs() < 10*time.Second
			}
			// Prosody forgets last activity when it is killed.
			eventually(t, "it is known before", known)
			opened := make(chan struct{}, 1)
			for range 20 {
				wg.Go(func() {
					for ctx.Err() == nil {
						asking, stop := context.WithTimeout(ctx, 2*time.Second)
						contact, err := cache.Open(asking, suite.Romeo)
						stop()
						if contact.Online || contact.Lack == roster.Nothing && contact.Status != suite.Goodbye {
							t.Errorf("Open says %+v, %v", contact, err)
						}
						select {
						case opened <- struct{}{}:
						default:
						}
						time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
					}
				})
			}
			for range 3 {
				for range 10 {
					<-opened
				}
				srv.Kill()
				<-opened
				srv.Restart(t)
			}
			// A killed server may forget when Romeo left, so that nobody can say that
			// it was not later; what was known is shown nevertheless.
			eventually(t, "all is known again", func() bool {
				if known() {
					return true
				}
				contact, _ := cache.Contact(suite.Romeo)
				return contact.Lack == roster.Outdated && contact.Status == suite.Goodbye
			})
			eventually(t, "the other contact is known", func() bool {
				asking, stop := context.WithTimeout(ctx, 2*time.Second)
				defer stop()
				contact, err := cache.Open(asking, suite.Benvolio)
				return (err == nil || errors.Is(err, probe.ErrNoAnswer)) && !contact.Online
			})
		})
	}
}

// stayConnected serves the Cache's session, and connects anew whenever it ends.
func stayConnected(ctx context.Context, srv *integration.Server, cache *roster.Cache, session *xmpp.Session) {
	const shortest, longest = 10 * time.Millisecond, time.Second
	for wait := shortest; ; {
		stop := context.AfterFunc(ctx, func() { _ = session.Conn().Close() })
		served := make(chan struct{})
		go func() {
			defer close(served)
			_ = session.Serve(cache.Handler(nil))
		}()
		if err := cache.Sync(ctx); err == nil {
			_ = session.Send(ctx, stanza.Presence{}.Wrap(nil))
			wait = shortest
		}
		<-served
		stop()
		_ = session.Conn().Close()
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
			wait = min(2*wait, longest)
			connecting, cancel := context.WithTimeout(ctx, 5*time.Second)
			next, err := srv.Connect(connecting, suite.Juliet)
			cancel()
			if err == nil && cache.Connect(next) == nil {
				session = next
				break
			}
		}
	}
}
