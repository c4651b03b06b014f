package probe_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp"

	"example.org/lastpresence/internal/testbed/line"
	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/probe"
)

// closing begins to close a session whose peer reads no more. It returns when the
// goodbye is under way.
func closing(t *testing.T, session *xmpp.Session, far net.Conn) {
	t.Helper()
	go session.Close()
	if _, err := far.Read(make([]byte, 1)); err != nil {
		t.Error(err)
	}
}

// While mellium says good-bye to a peer that reads no more, it tells nobody its
// state.
func TestCallsEndWhileTheSessionCloses(t *testing.T) {
	t.Run("one that begins", func(t *testing.T) {
		near, far := net.Pipe()
		defer far.Close()
		session := line.Negotiated(t, juliet, near)
		c := probe.NewClient(session)
		closing(t, session, far)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if a, err := c.Probe(ctx, romeo); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, probe.ErrClosed) {
			t.Errorf("Probe = %+v, %v", a, err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Run("one that is under way", func(t *testing.T) {
		near, far := net.Pipe()
		defer far.Close()
		session := line.Negotiated(t, juliet, near)
		c := probe.NewClient(session, probe.Timeout(500*time.Millisecond))
		go func() {
			_, _ = far.Read(make([]byte, 4096)) // both stanzas, in one piece
			closing(t, session, far)
		}()
		if a, err := c.Probe(t.Context(), romeo); err == nil && a.Outcome != probe.Unanswered {
			t.Errorf("Probe = %+v", a)
		}
	})
}

// broken is a connection that cannot be written to.
type broken struct {
	net.Conn
	err error
}

func (b broken) Write([]byte) (int, error) { return 0, b.err }

// A probe that was not sent is no reason to wait before the next.
func TestAFailedWriteReachesTheCaller(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	noLine := errors.New("the line is down")
	c := probe.NewClient(line.Negotiated(t, juliet, broken{near, noLine}))
	for range 2 {
		ask(t, c, romeo, noLine)
	}
	if got, want := c.Stats(), (probe.Stats{Sent: 2, Failed: 2}); got != want {
		t.Errorf("stats = %+v, want %+v", got, want)
	}
	_ = c.Close()
}

func TestASessionThatWasClosedIsClosed(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	go io.Copy(io.Discard, far)
	session := line.Negotiated(t, juliet, near)
	if err := session.Close(); err != nil {
		t.Fatal(err)
	}
	c := probe.NewClient(session)
	ask(t, c, romeo, probe.ErrClosed)
	ask(t, c, romeo, xmpp.ErrOutputStreamClosed)
	_ = c.Close()
}

func TestTheShortestTimeoutIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := world(t, server.Silent)
		s.Hook = func(server.Question) []server.Answer { return nil }
		c, done := connect(t, s, probe.Timeout(20*time.Millisecond))
		defer done()
		began := time.Now()
		ask(t, c, romeo, nil)
		if took := time.Since(began); took != 20*time.Millisecond {
			t.Errorf("it took %v", took)
		}
	})
}

func TestAnsweredIsCalledBeforeProbeReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var told atomic.Bool
		c, done := connect(t, world(t, server.XEP0318), probe.Answered(func(probe.Answer) {
			cancel()
			time.Sleep(10 * time.Millisecond)
			told.Store(true)
		}))
		defer done()
		if a, err := c.Probe(ctx, romeo); err != nil || !told.Load() {
			t.Errorf("Probe = %v, %v; told: %t", a.Outcome, err, told.Load())
		}
	})
}

func TestAnAttributeOfAnotherNamespaceIsNoType(t *testing.T) {
	s := world(t, server.Silent)
	s.Hook = func(q server.Question) []server.Answer {
		if q.Kind != server.LastQueries {
			return nil
		}
		return []server.Answer{{XML: `<iq from='romeo@montague.lit' to='` + q.From.String() + `' type='result' id='` + q.ID +
			`' xmlns:x='urn:x' x:type='error'><query xmlns='jabber:iq:last' seconds='3600'/></iq>`}}
	}
	c, done := connect(t, s)
	defer done()
	if a := ask(t, c, romeo, nil); a.Outcome != probe.Unavailable {
		t.Errorf("the outcome is %v", a.Outcome)
	}
}
