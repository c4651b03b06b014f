package integration_test

import (
	"context"
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/ping"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/suite"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
)

// visitor is a contact who comes and goes.
type visitor struct {
	jid     jid.JID
	session *xmpp.Session // nil while offline
	served  chan struct{}
	left    time.Time // the true time; zero: never was here
	status  string
}

func (v *visitor) come(ctx context.Context, srv *integration.Server) error {
	session, err := srv.Connect(ctx, v.jid)
	if err != nil {
		return err
	}
	v.session, v.served = session, make(chan struct{})
	served := v.served
	go func() {
		defer close(served)
		_ = session.Serve(nil)
	}()
	if err := session.Send(ctx, stanza.Presence{}.Wrap(nil)); err != nil {
		return err
	}
	return ping.Send(ctx, session, session.RemoteAddr())
}

// leave has the visitor say good-bye, and notes when.
func (v *visitor) leave(ctx context.Context, status string) error {
	err := v.session.Send(ctx, stanza.Presence{Type: stanza.UnavailablePresence}.Wrap(statusElement(status)))
	if err == nil {
		err = ping.Send(ctx, v.session, v.session.RemoteAddr())
	}
	v.left, v.status = time.Now(), status
	_ = v.session.Conn().Close()
	<-v.served
	v.session = nil
	return err
}

// TestSoak has 50 contacts come and go at random on a Prosody, while Juliet, who
// goes offline herself now and then, opens chats. At the end what is known
// agrees with the truth. It takes some seconds, or as long as
// LASTPRESENCE_SOAK says.
func TestSoak(t *testing.T) {
	length := 10 * time.Second
	if s := os.Getenv("LASTPRESENCE_SOAK"); s != "" {
		var err error
		if length, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
	}
	const contacts = 50
	srv := integration.StartCrowd(t, contacts)
	ctx := t.Context()
	visitors := make([]*visitor, contacts)
	for i := range visitors {
		visitors[i] = &visitor{jid: jid.MustParse(fmt.Sprintf("contact%d@montague.lit", i))}
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	until := time.Now().Add(length)
	var wg sync.WaitGroup
	// Each of some goroutines moves a share of the contacts.
	const movers = 5
	for m := range movers {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(m)))
			for n := 0; time.Now().Before(until); n++ {
				v := visitors[r.IntN(contacts/movers)*movers+m]
				var err error
				if v.session == nil {
					err = v.come(ctx, srv)
				} else {
					err = v.leave(ctx, fmt.Sprintf("Gone for the %d. time", n))
				}
				if err != nil {
					t.Errorf("%s: %v", v.jid, err)
					return
				}
				time.Sleep(time.Duration(r.IntN(100)) * time.Millisecond)
			}
		})
	}

	var cache *roster.Cache
	var session *xmpp.Session
	var served chan struct{}
	connect := func() {
		session = srv.Login(t, suite.Juliet)
		if cache == nil {
			cache = roster.New(session, roster.Probing(probe.CoolDown(0), probe.Budget(1000, time.Millisecond)))
		} else if err := cache.Connect(session); err != nil {
			t.Fatal(err)
		}
		s, h, done := session, cache.Handler(nil), make(chan struct{})
		served = done
		go func() {
			defer close(done)
			_ = s.Serve(h)
		}()
		if err := cache.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		if err := session.Send(ctx, stanza.Presence{}.Wrap(nil)); err != nil {
			t.Fatal(err)
		}
	}
	disconnect := func() {
		_ = session.Conn().Close()
		<-served
	}
	connect()
	r := rand.New(rand.NewPCG(seed, movers))
	var memory []uint64
	opened := 0
	for next := time.Now(); time.Now().Before(until); opened++ {
		if _, err := cache.Open(ctx, visitors[r.IntN(contacts)].jid); err != nil {
			t.Errorf("Open: %v", err)
		}
		time.Sleep(time.Duration(r.IntN(20)) * time.Millisecond)
		if r.IntN(200) == 0 {
			disconnect()
			time.Sleep(time.Duration(r.IntN(500)) * time.Millisecond)
			connect()
		}
		if time.Now().After(next) {
			next = time.Now().Add(length / 10)
			memory = append(memory, heapInUse())
		}
	}
	wg.Wait()
	// Whatever is still on its way to her comes before this is answered.
	if err := ping.Send(ctx, session, session.RemoteAddr()); err != nil {
		t.Fatal(err)
	}
	worst := time.Duration(0)
	for _, v := range visitors {
		c, err := cache.Open(ctx, v.jid)
		switch {
		case err != nil:
			t.Errorf("%s: %v", v.jid, err)
		case c.Online != (v.session != nil):
			t.Errorf("%s: online %t, want %t", v.jid, c.Online, v.session != nil)
		case v.session == nil && !v.left.IsZero():
			off := c.LastSeen.Sub(v.left).Abs()
			worst = max(worst, off)
			if off > 1500*time.Millisecond || c.Status != v.status {
				t.Errorf("%s left %v, %q; known is %+v", v.jid, v.left, v.status, c)
			}
		}
	}
	if first, last := memory[0], memory[len(memory)-1]; last > first+8 {
		t.Errorf("the heap in use has grown from %d MB to %d MB", first, last)
	}
	t.Logf("%d chats opened in %v; the worst last-seen time is off by %v; heap in use, in MB: %v", opened, length, worst, memory)
	disconnect()
	_ = cache.Close()
	for _, v := range visitors {
		if v.session != nil {
			_ = v.session.Conn().Close()
			<-v.served
		}
	}
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse >> 20
}

func statusElement(s string) xml.TokenReader {
	return xmlstream.Wrap(xmlstream.Token(xml.CharData(s)), xml.StartElement{Name: xml.Name{Local: "status"}})
}
