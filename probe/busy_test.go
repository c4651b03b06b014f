package probe_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe"
)

// TestABusyMachineClosesNoSession sends 200 probes, or as many as
// LASTPRESENCE_BUSY says, on a machine that has 32 times as much to do as it can,
// in a session that nobody watches for the Client.
func TestABusyMachineClosesNoSession(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes both cores for some seconds")
	}
	probes := int64(200)
	if s := os.Getenv("LASTPRESENCE_BUSY"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		probes = n
	}
	s := world(t, server.XEP0318)
	contacts := make([]jid.JID, min(probes, 2000))
	for i := range contacts {
		contacts[i] = jid.MustParse("c" + strconv.Itoa(i) + "@montague.lit")
		s.AddAccount(contacts[i], "")
		s.Befriend(juliet, contacts[i], "")
		s.SetOffline(contacts[i], time.Now().Add(-time.Hour), "Out of battery.")
	}
	c, done := connect(t, s, probe.CoolDown(0), probe.Budget(1<<30, time.Nanosecond), probe.Timeout(time.Minute))
	defer done()

	var idle atomic.Bool
	var spinning sync.WaitGroup
	for range 32 * runtime.GOMAXPROCS(0) {
		spinning.Go(func() {
			for n := 0; !idle.Load(); n++ {
				_ = n * n
			}
		})
	}
	var asking sync.WaitGroup
	var sent, closed, other atomic.Int64
	for _, contact := range contacts {
		asking.Go(func() {
			for sent.Add(1) <= probes {
				a, err := c.Probe(context.Background(), contact)
				switch {
				case errors.Is(err, probe.ErrClosed):
					closed.Add(1)
				case err != nil || a.Outcome != probe.Unavailable:
					other.Add(1)
				}
			}
		})
	}
	asking.Wait()
	idle.Store(true)
	spinning.Wait()
	if closed.Load() > 0 || other.Load() > 0 {
		t.Errorf("of %d probes %d ended with ErrClosed, %d otherwise than answered", probes, closed.Load(), other.Load())
	}
}
