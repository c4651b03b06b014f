package roster_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
)

func TestWhatWasKnownIsStaleWhenTheSessionEndsMeanwhile(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, server.Ejabberd, 1)
		c, session := w.logIn(t, nil)
		w.arrive(t, romeo)
		w.Hook = func(server.Question) []server.Answer { return nil }
		go func() {
			time.Sleep(time.Second)
			_ = session.Conn().Close()
		}()
		got, err := c.Refresh(t.Context(), romeo)
		if !errors.Is(err, probe.ErrClosed) || got.Lack != roster.Outdated {
			t.Errorf("Refresh = %v, %v, want outdated and ErrClosed", got.Lack, err)
		}
		synctest.Wait()
	})
}
