package request_test

import (
	"context"
	"encoding/xml"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/line"
	"example.org/lastpresence/internal/wire/request"
)

var juliet = jid.MustParse("juliet@capulet.lit/balcony")

func TestASessionWhoseStateIsUnknownHasNotEnded(t *testing.T) {
	near, far := net.Pipe()
	session := line.Negotiated(t, juliet, near)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_ = session.Close() // holds the lock of the state until somebody reads
	}()
	if _, err := far.Read(make([]byte, 1)); err != nil { // now it does
		t.Fatal(err)
	}
	var look request.Look
	for range 3 {
		began := time.Now()
		if look.Ended(t.Context(), session) {
			t.Error("ended")
		}
		if took := time.Since(began); took < request.Poll {
			t.Errorf("it waited only %v to be told", took)
		}
	}
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	if n := strings.Count(string(stacks), "request.(*Look).ask.func1("); n != 1 {
		t.Errorf("%d goroutines ask for the state, want one", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if look.Ended(ctx, session) || request.Ended(ctx, session) {
		t.Error("ended, because the caller has gone")
	}
	_ = far.Close()
	<-closed
}

func TestASessionThatHasEndedIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		session := line.Negotiated(t, juliet, near)
		var look request.Look
		if look.Ended(t.Context(), session) || request.Ended(t.Context(), session) {
			t.Error("ended before its end")
		}
		go func() { _ = session.Serve(nil) }()
		_ = far.Close()
		synctest.Wait()
		if !look.Ended(t.Context(), session) || !request.Ended(t.Context(), session) {
			t.Error("not ended")
		}
	})
}

func TestErrorsOfOurOwnServerAnswerAnyRequest(t *testing.T) {
	for from, want := range map[string]bool{
		"romeo@montague.lit":           true,
		"":                             true,
		"capulet.lit":                  true,
		"juliet@capulet.lit":           true,
		"juliet@capulet.lit/balcony":   true,
		"montague.lit":                 false,
		"romeo@montague.lit/orchard":   false,
		"nurse@capulet.lit":            false,
		"evil.capulet.lit":             false,
		"capulet.lit/x":                false,
		"not\x00an@address@at.all/lit": false,
	} {
		for typ, accepted := range map[string]bool{"error": want, "result": from == "romeo@montague.lit"} {
			var table request.Table
			read := false
			id := table.Add(jid.MustParse("romeo@montague.lit"), func(*xml.StartElement, xml.TokenReader) { read = true })
			start := xml.StartElement{Name: xml.Name{Space: "jabber:client", Local: "iq"}, Attr: []xml.Attr{
				{Name: xml.Name{Local: "id"}, Value: id}, {Name: xml.Name{Local: "type"}, Value: typ}, {Name: xml.Name{Local: "from"}, Value: from}}}
			if handled := table.Handle(&start, xml.NewDecoder(strings.NewReader("")), juliet); handled != accepted || read != accepted {
				t.Errorf("%s from %q: handled %v, read %v, want %v", typ, from, handled, read, accepted)
			}
		}
	}
}
