package request_test

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/line"
	"example.org/lastpresence/internal/wire/request"
)

func iq(typ, id string, more ...xml.Attr) *xml.StartElement {
	return &xml.StartElement{Name: xml.Name{Local: "iq"}, Attr: append([]xml.Attr{
		{Name: xml.Name{Local: "type"}, Value: typ}, {Name: xml.Name{Local: "id"}, Value: id}}, more...)}
}

func TestTheTableHoldsPendingRequests(t *testing.T) {
	var table request.Table
	nothing := xml.NewDecoder(strings.NewReader(""))
	if table.Handle(iq("result", ""), nothing, juliet) || table.Handle(iq("result", "1"), nothing, juliet) {
		t.Error("an empty table handles answers")
	}
	read := map[string]int{}
	add := func() (id string) {
		id = table.Add(jid.JID{}, func(*xml.StartElement, xml.TokenReader) { read[id]++ })
		return id
	}
	a, b, c := add(), add(), add()
	if a == b || b == c || table.Len() != 3 {
		t.Fatalf("%q, %q, %q; %d wait", a, b, c, table.Len())
	}
	table.Remove(b)
	if table.Len() != 2 {
		t.Errorf("%d wait after one was removed", table.Len())
	}
	for _, other := range []*xml.StartElement{
		iq("get", a), iq("set", a), iq("result", a+"x"), iq("result", "x"+a),
		{Name: xml.Name{Local: "message"}, Attr: iq("result", a).Attr},
	} {
		if handled := table.Handle(other, nothing, juliet); handled != (other.Attr[1].Value == a+"x" && other.Name.Local == "iq") {
			t.Errorf("%v handled: %v", other, handled)
		}
	}
	foreign := iq("result", a, xml.Attr{Name: xml.Name{Space: "urn:x", Local: "from"}, Value: "evil.lit"},
		xml.Attr{Name: xml.Name{Space: "urn:x", Local: "type"}, Value: "get"}, xml.Attr{Name: xml.Name{Space: "urn:x", Local: "id"}, Value: "x"})
	for range 2 { // the second is late, and dropped
		if !table.Handle(foreign, nothing, juliet) {
			t.Error("the answer was left alone")
		}
	}
	if !table.Handle(iq("result", b), nothing, juliet) {
		t.Error("the answer to what was removed was left alone")
	}
	if read[a] != 1 || read[b] != 0 || read[c] != 0 || table.Len() != 1 {
		t.Errorf("read %v, and %d wait", read, table.Len())
	}
	evil := iq("result", c, xml.Attr{Name: xml.Name{Local: "from"}, Value: "evil.lit"})
	if table.Handle(evil, nothing, juliet) || table.Len() != 1 {
		t.Error("somebody else answered")
	}
}

// do begins a request of a session that is served, and returns what plays the
// server, what the answer is read with, and how it ended.
func do(t *testing.T, ctx context.Context, table *request.Table, read func(*xml.StartElement, xml.TokenReader)) (far net.Conn, id string, done chan error) {
	near, far := net.Pipe()
	session := line.Negotiated(t, juliet, near)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = session.Serve(xmpp.HandlerFunc(func(tr xmlstream.TokenReadEncoder, start *xml.StartElement) error {
			table.Handle(start, tr, juliet)
			return nil
		}))
	}()
	t.Cleanup(func() { _ = far.Close(); _ = near.Close(); <-served })
	done = make(chan error, 1)
	go func() {
		done <- table.Do(ctx, session, jid.JID{}, func(id string) xml.TokenReader { return stanza.IQ{ID: id, Type: stanza.GetIQ}.Wrap(nil) }, read)
	}()
	buf := make([]byte, 4096)
	n, err := far.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	_, id, _ = strings.Cut(string(buf[:n]), `id="`)
	id, _, ok := strings.Cut(id, `"`)
	if !ok {
		t.Fatalf("sent: %s", buf[:n])
	}
	return far, id, done
}

func TestHowARequestEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		end  func(far net.Conn, id string, table *request.Table, cancel func())
		want error
		took time.Duration
	}{
		"with its answer": {func(far net.Conn, id string, _ *request.Table, _ func()) {
			_, _ = io.WriteString(far, "<iq xmlns='jabber:client' type='result' id='"+id+"'/>")
		}, nil, 0},
		"with its context": {func(_ net.Conn, _ string, _ *request.Table, cancel func()) { cancel() }, context.Canceled, 0},
		"with the table": {func(_ net.Conn, _ string, table *request.Table, _ func()) {
			table.Close()
			table.Close()
		}, request.ErrClosed, 0},
		"with the session": {func(far net.Conn, _ string, _ *request.Table, _ func()) { _ = far.Close() }, request.ErrClosed, request.Poll},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var table request.Table
				read := 0
				far, id, done := do(t, ctx, &table, func(*xml.StartElement, xml.TokenReader) { read++ })
				began := time.Now()
				tt.end(far, id, &table, cancel)
				if err := <-done; !errors.Is(err, tt.want) || tt.want == nil && err != nil {
					t.Errorf("it ended with %v, want %v", err, tt.want)
				}
				if took := time.Since(began); took > tt.took {
					t.Errorf("it took %v", took)
				}
				if (read == 1) != (tt.want == nil) || table.Len() != 0 {
					t.Errorf("read %d times, and %d wait", read, table.Len())
				}
			})
		})
	}
}

func TestDoReturnsAtOnceFromAClosedTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		session := line.Negotiated(t, juliet, near)
		var table request.Table
		table.Close()
		err := table.Do(t.Context(), session, jid.JID{}, func(id string) xml.TokenReader { return stanza.IQ{ID: id}.Wrap(nil) }, nil)
		if !errors.Is(err, request.ErrClosed) {
			t.Errorf("Do = %v", err)
		}
		_, _ = far.Close(), near.Close()
	})
}

func TestARequestThatCannotBeWrittenEnds(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	var table request.Table
	session := line.Negotiated(t, juliet, near)
	err := table.Do(t.Context(), session, jid.JID{}, func(string) xml.TokenReader { return tokens(errBroken, presence) }, nil)
	if !errors.Is(err, errBroken) || table.Len() != 0 {
		t.Errorf("Do = %v, and %d wait", err, table.Len())
	}
}

func TestSendEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe() // nobody reads
		session := line.Negotiated(t, juliet, near)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if err := request.Send(ctx, session, stanza.Presence{}.Wrap(nil)); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("Send = %v after %v", err, time.Since(began))
		}
		_, _ = far.Close(), near.Close()
	})
}

func TestReplayReturnsReadTokensAndThenTheRest(t *testing.T) {
	text := func(s string) xml.Token { return xml.CharData(s) }
	for name, tt := range map[string]struct {
		r    request.Replay
		want string
		err  error
	}{
		"read, and the rest":   {request.Replay{Read: []xml.Token{text("a"), nil, text("b")}, Rest: tokens(io.EOF, text("c"), text("d"))}, "abcd", io.EOF},
		"read, and an error":   {request.Replay{Read: []xml.Token{text("a")}, Err: errBroken, Rest: tokens(io.EOF, text("c"))}, "a", errBroken},
		"nothing, and no rest": {request.Replay{}, "", nil},
		"nothing but a nil":    {request.Replay{Read: []xml.Token{nil}, Rest: tokens(errBroken)}, "", errBroken},
	} {
		got := ""
		for {
			tok, err := tt.r.Token()
			if data, ok := tok.(xml.CharData); ok {
				got += string(data)
				continue
			}
			if got != tt.want || err != tt.err {
				t.Errorf("%s: %q, %v, want %q, %v", name, got, err, tt.want, tt.err)
			}
			break
		}
	}
}

func TestPayloadSkipsWhiteSpace(t *testing.T) {
	for in, want := range map[string][]string{
		"<iq> \n<query><x/></query></iq>": {"xml.CharData", "xml.StartElement"},
		"<iq><query/></iq>":               {"xml.StartElement"},
		"<iq></iq>":                       {"xml.EndElement"},
		"<iq> </iq>":                      {"xml.CharData", "xml.EndElement"},
		"<iq> ":                           {"xml.CharData", "nil"},
	} {
		d := xml.NewDecoder(strings.NewReader(in))
		if _, err := d.Token(); err != nil {
			t.Fatal(err)
		}
		read, err := request.Payload(d)
		var got []string
		for _, tok := range read {
			switch tok.(type) {
			case xml.CharData:
				got = append(got, "xml.CharData")
			case xml.StartElement:
				got = append(got, "xml.StartElement")
			case xml.EndElement:
				got = append(got, "xml.EndElement")
			default:
				got = append(got, "nil")
			}
		}
		if !slices.Equal(got, want) || (err != nil) != slices.Contains(want, "nil") {
			t.Errorf("%q: %v, %v, want %v", in, got, err, want)
		}
	}
}

func TestCopyCopiesTheTextOfTokens(t *testing.T) {
	var b strings.Builder
	e := xml.NewEncoder(&b)
	shared := []byte("Bye")
	toks := []xml.Token{presence, xml.CharData(shared), presence.End()}
	r := xmlstream.ReaderFunc(func() (xml.Token, error) {
		if len(toks) == 0 {
			copy(shared, "???") // as a decoder does with its buffer
			return nil, io.EOF
		}
		tok := toks[0]
		toks = toks[1:]
		return tok, nil
	})
	if err := request.Copy(e, r); err != nil {
		t.Fatal(err)
	}
	if err := e.Flush(); err != nil || b.String() != "<presence>Bye</presence>" {
		t.Errorf("written: %s, %v", b.String(), err)
	}
}
