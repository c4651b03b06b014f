package integration_test

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/suite"
)

// patience bounds every wait; no test measures time.
const patience = 30 * time.Second

var (
	balcony = jid.MustParse("juliet@capulet.lit/balcony")
	orchard = jid.MustParse("romeo@montague.lit/orchard")
)

// TestAnswersOnTheWire sends a probe and a query for last activity (XEP-0012)
// in one write to every kind of address, and compares all that comes back.
func TestAnswersOnTheWire(t *testing.T) {
	t.Parallel()
	for _, s := range servers {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w, answers := s.start(t), wire[s.name]
			juliet := listen(t, w.Connect, balcony)
			juliet.send("<presence/>")
			juliet.fence()

			romeo := listen(t, w.Connect, orchard)
			romeo.send("<presence id='old'><show>away</show><status>Here.</status></presence>")
			juliet.await("presence available from romeo@montague.lit/orchard")
			romeo.send("<presence type='unavailable'><status>" + suite.Goodbye + "</status></presence>")
			juliet.await("presence unavailable from romeo@montague.lit/orchard")
			romeo.close()
			// Last activity counts whole seconds; let there be one.
			time.Sleep(1100 * time.Millisecond)
			for _, to := range []string{
				"romeo@montague.lit", "mercutio@montague.lit", "nobody@montague.lit",
				"montague.lit", "capulet.lit", "nowhere.example", "juliet@capulet.lit",
			} {
				juliet.ask(to, answers.offline[to], true)
			}

			romeo = listen(t, w.Connect, orchard)
			romeo.send("<presence id='old'><show>away</show><status>Here.</status></presence>")
			juliet.await("presence available from romeo@montague.lit/orchard")
			for _, to := range []string{"romeo@montague.lit", "romeo@montague.lit/orchard", "romeo@montague.lit/nope"} {
				juliet.ask(to, answers.online[to], s.name != "ejabberd")
			}
		})
	}
}

// listener is a logged-in account that hears whole stanzas.
type listener struct {
	t       *testing.T
	session *xmpp.Session
	heard   chan string
	fences  int
	close   func()
}

func listen(t *testing.T, connect func(context.Context, jid.JID) (*xmpp.Session, error), account jid.JID) *listener {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	session, err := connect(ctx, account)
	if err != nil {
		t.Fatal(err)
	}
	if got := session.LocalAddr(); !got.Equal(account) {
		t.Fatalf("bound to %s, want %s", got, account)
	}
	l := &listener{t: t, session: session, heard: make(chan string, 100)}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = session.Serve(xmpp.HandlerFunc(func(r xmlstream.TokenReadEncoder, start *xml.StartElement) error {
			return l.hear(r, start)
		}))
	}()
	l.close = func() {
		_ = session.Close()
		_ = session.Conn().Close()
		<-served
	}
	t.Cleanup(l.close)
	return l
}

func (l *listener) hear(r xml.TokenReader, start *xml.StartElement) error {
	var s heard
	d := xml.NewTokenDecoder(xmlstream.MultiReader(xmlstream.Token(*start), r))
	if err := d.Decode(&s); err != nil && err != io.EOF {
		return err
	}
	// Romeo hears questions, which nobody here reads.
	select {
	case l.heard <- s.String():
	default:
	}
	return nil
}

// heard is a stanza of which times are left out.
type heard struct {
	XMLName xml.Name
	From    string  `xml:"from,attr"`
	To      string  `xml:"to,attr"`
	ID      string  `xml:"id,attr"`
	Type    string  `xml:"type,attr"`
	Show    string  `xml:"show"`
	Status  *string `xml:"status"`
	Delays  []struct {
		From  string `xml:"from,attr"`
		Stamp string `xml:"stamp,attr"`
	} `xml:"urn:xmpp:delay delay"`
	Last *struct {
		Seconds string `xml:"seconds,attr"`
		Text    string `xml:",chardata"`
	} `xml:"jabber:iq:last query"`
	Err *struct {
		Type     string `xml:"type,attr"`
		Elements []struct {
			XMLName xml.Name
		} `xml:",any"`
	} `xml:"error"`
}

func (s heard) String() string {
	var b strings.Builder
	kind := s.Type
	if kind == "" {
		kind = "available"
	}
	fmt.Fprintf(&b, "%s %s from %s", s.XMLName.Local, kind, s.From)
	if s.ID != "" {
		fmt.Fprintf(&b, " id %s", s.ID)
	}
	if s.XMLName.Local == "presence" {
		fmt.Fprintf(&b, " to %s", s.To)
	}
	if s.Show != "" {
		fmt.Fprintf(&b, " show %s", s.Show)
	}
	if s.Status != nil {
		fmt.Fprintf(&b, " status %q", *s.Status)
	}
	for _, d := range s.Delays {
		_, fraction, _ := strings.Cut(strings.TrimSuffix(d.Stamp, "Z"), ".")
		fmt.Fprintf(&b, " delay from %s with %d digits", d.From, len(fraction))
	}
	if s.Err == nil && s.Last != nil {
		seconds := "some"
		if s.Last.Seconds == "0" {
			seconds = "0"
		}
		fmt.Fprintf(&b, " %s seconds %q", seconds, s.Last.Text)
	}
	if s.Err != nil {
		fmt.Fprintf(&b, " %s", s.Err.Type)
		for _, e := range s.Err.Elements {
			fmt.Fprintf(&b, " %s", e.XMLName.Local)
		}
	}
	return b.String()
}

// send writes to the connection as it stands, in one write.
func (l *listener) send(stanzas string) {
	l.t.Helper()
	if _, err := io.WriteString(l.session.Conn(), stanzas); err != nil {
		l.t.Fatal(err)
	}
}

// next returns the next stanza.
func (l *listener) next(missing any) string {
	l.t.Helper()
	select {
	case s := <-l.heard:
		return s
	case <-time.After(patience):
		l.t.Fatalf("never came: %v", missing)
		return ""
	}
}

// await skips what comes before the stanza that begins so.
func (l *listener) await(prefix string) {
	l.t.Helper()
	for !strings.HasPrefix(l.next(prefix), prefix) {
	}
}

// fence returns what came until the server had handled all that was sent.
func (l *listener) fence() []string {
	l.t.Helper()
	l.fences++
	id := fmt.Sprintf("fence%d", l.fences)
	l.send(fmt.Sprintf("<iq type='get' id='%s' to='capulet.lit'><ping xmlns='urn:xmpp:ping'/></iq>", id))
	var came []string
	for {
		s := l.next("the answer to " + id)
		if strings.HasPrefix(s, "iq ") && strings.Contains(s, " id "+id) {
			return came
		}
		came = append(came, s)
	}
}

// ask asks about one address and compares the answers.
func (l *listener) ask(to string, want []string, ordered bool) {
	l.t.Helper()
	l.send(fmt.Sprintf("<presence type='probe' to='%[1]s' id='pr1'/>"+
		"<iq type='get' to='%[1]s' id='la1'><query xmlns='jabber:iq:last'/></iq>", to))
	var got []string
	for len(got) < len(want) {
		got = append(got, l.next(want))
	}
	got = append(got, l.fence()...)
	if !ordered {
		slices.Sort(got)
		want = slices.Sorted(slices.Values(want))
	}
	if !slices.Equal(got, want) {
		l.t.Errorf("asked about %s\n got %s\nwant %s", to, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}
