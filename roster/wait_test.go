package roster

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The presence of the login has arrived ten round trips after our own, but not
// before a second has passed, and at the latest after ten.
func TestHowLongThePresenceOfTheLoginMayTake(t *testing.T) {
	for trip, want := range map[time.Duration]time.Duration{
		0:                      time.Second,
		99 * time.Millisecond:  time.Second,
		300 * time.Millisecond: 3 * time.Second,
		time.Minute:            10 * time.Second,
	} {
		t.Run(trip.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, l := newTestCache(t, 1)
				l.trip = trip
				hear(t, c.Handler(nil), strings.NewReader(fmt.Sprintf("<presence xmlns='jabber:client' from='%s'/>", l.s.LocalAddr())))
				settled := func() bool {
					synctest.Wait()
					c.mu.Lock()
					defer c.mu.Unlock()
					return l.settled
				}
				if time.Sleep(want - time.Millisecond); settled() {
					t.Errorf("settled within %v", want)
				}
				if time.Sleep(time.Millisecond); !settled() {
					t.Errorf("not settled after %v", want)
				}
			})
		})
	}
}

// A login that is interrupted does not count as complete when its time is up.
func TestALoginThatIsInterruptedIsNotComplete(t *testing.T) {
	for name, interrupt := range map[string]func(*Cache){
		"by the session's end":        func(c *Cache) { c.Disconnected() },
		"by unavailable presence":     func(c *Cache) { c.SetAvailable(false) },
		"by presence that is renewed": func(c *Cache) { c.SetAvailable(false); c.SetAvailable(true) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, l := newTestCache(t, 1)
				hear(t, c.Handler(nil), strings.NewReader(fmt.Sprintf("<presence xmlns='jabber:client' from='%s'/>", l.s.LocalAddr())))
				interrupt(c)
				time.Sleep(time.Minute)
				synctest.Wait()
				c.mu.Lock()
				defer c.mu.Unlock()
				if l.settled || l.login != nil {
					t.Errorf("settled: %t; a timer is left: %t", l.settled, l.login != nil)
				}
			})
		})
	}
}

// A login that was complete is so no more once our presence is renewed.
func TestPresenceThatIsRenewedIsAnotherLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, l := newTestCache(t, 1)
		hear(t, c.Handler(nil), strings.NewReader(fmt.Sprintf("<presence xmlns='jabber:client' from='%s'/>", l.s.LocalAddr())))
		time.Sleep(time.Minute)
		synctest.Wait()
		settled := func() bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			return l.settled
		}
		if !settled() {
			t.Error("the login does not end")
		}
		c.SetAvailable(false)
		c.SetAvailable(true)
		if settled() {
			t.Error("the next login is over as it begins")
		}
	})
}
