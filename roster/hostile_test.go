package roster

import (
	"encoding/xml"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"

	"example.org/lastpresence/probe"
)

// hear has a handler hear a stanza, which is read as it comes.
func hear(t *testing.T, h xmpp.Handler, stanza io.Reader) {
	t.Helper()
	d := xml.NewDecoder(stanza)
	tok, err := d.Token()
	if err != nil {
		t.Fatal(err)
	}
	start := tok.(xml.StartElement)
	if err := h.HandleXMPP(struct {
		xml.TokenReader
		xmlstream.Encoder
	}{d, xml.NewEncoder(io.Discard)}, &start); err != nil {
		t.Fatal(err)
	}
}

// many is a text, many times, that is never in memory as a whole.
func many(n int, text string) io.Reader {
	return &repeated{text: text, left: n}
}

type repeated struct {
	text string
	left int
	rest string
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.rest == "" {
		if r.left == 0 {
			return 0, io.EOF
		}
		r.left--
		r.rest = r.text
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// Whatever a contact sends, what is kept of it is bounded, also while it is handed
// on, and the contact's state stays readable.
func TestHostilePresenceIsBounded(t *testing.T) {
	const begin = "<presence xmlns='jabber:client' from='contact0@montague.lit/orchard' type='unavailable'>"
	tests := map[string]func() io.Reader{
		"a status of 10 MB": func() io.Reader {
			return io.MultiReader(strings.NewReader(begin+"<status>"), many(10<<10, strings.Repeat("x", 1<<10)), strings.NewReader("</status></presence>"))
		},
		"100,000 texts of 10 KB": func() io.Reader {
			return io.MultiReader(strings.NewReader(begin), many(100_000, "<x>"+strings.Repeat("x", 10<<10)+"</x>"), strings.NewReader("</presence>"))
		},
		"100,000 children": func() io.Reader {
			return io.MultiReader(strings.NewReader(begin), many(100_000, "<status>x</status>"), strings.NewReader("</presence>"))
		},
		"100,000 delays": func() io.Reader {
			return io.MultiReader(strings.NewReader(begin), many(100_000, "<delay xmlns='urn:xmpp:delay' stamp='2012-09-10T23:41:07Z'>r</delay>"), strings.NewReader("</presence>"))
		},
		"10,000 levels": func() io.Reader {
			return io.MultiReader(strings.NewReader(begin), many(10_000, "<x>"), many(10_000, "</x>"), strings.NewReader("</presence>"))
		},
		"10,000 attributes": func() io.Reader {
			var b strings.Builder
			for i := range 10_000 {
				fmt.Fprintf(&b, " a%d='%s'", i, strings.Repeat("y", 100))
			}
			return strings.NewReader(strings.Replace(begin, ">", b.String()+">", 1) + "<status>x</status></presence>")
		},
		"a resource of 1,000 bytes with XML in it": func() io.Reader {
			return strings.NewReader(strings.Replace(begin, "/orchard", "/"+strings.Repeat("&lt;a&gt;", 300), 1) + "</presence>")
		},
	}
	longest := map[string]int64{"a status of 10 MB": 10 << 20, "10,000 attributes": 10_000 * 110}
	for name, stanza := range tests {
		t.Run(name, func(t *testing.T) {
			c, _ := newTestCache(t, 1)
			var before, during int64
			h := c.Handler(xmpp.HandlerFunc(func(r xmlstream.TokenReadEncoder, _ *xml.StartElement) error {
				during = heapBytes() - before
				runtime.KeepAlive(r)
				return nil
			}))
			before = heapBytes()
			hear(t, h, stanza())
			kept := heapBytes() - before
			// encoding/xml holds a tag or text as a whole, and may have room
			// for twice as much; so may the copy that is handed on.
			most := 1<<20 + 4*longest[name]
			if kept > 64<<10 || during > most {
				t.Errorf("%d bytes are kept, and %d were meanwhile", kept, during)
			}
			contact, ok := c.Contact(contactNumber(0))
			if !ok || contact.Online || len(contact.Status) > probe.MaxStatus {
				t.Errorf("contact: %t, online %t, a status of %d bytes", ok, contact.Online, len(contact.Status))
			}
			t.Logf("%d bytes are kept, and %d were meanwhile", kept, during)
			runtime.KeepAlive(c)
		})
	}
}

func heapBytes() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Nobody but the contact, its server and our own speaks for a contact.
func TestPresenceOfOthersDoesNotChangeAContact(t *testing.T) {
	const stamped = "<delay xmlns='urn:xmpp:delay' from='%s' stamp='2012-09-10T23:41:07Z'/>"
	tests := map[string]string{
		"a letter of another alphabet":        "<presence xmlns='jabber:client' from='c\u043entact0@montague.lit/x' type='unavailable'><status>Forged</status></presence>",
		"the domain with a dot at its end":    "<presence xmlns='jabber:client' from='contact0@montague.lit.evil/x'><status>Forged</status></presence>",
		"the domain with two dots at its end": "<presence xmlns='jabber:client' from='contact0@montague.lit../x' type='unavailable'><status>Forged</status></presence>",
		"a resource that looks like one":      "<presence xmlns='jabber:client' from='evil.lit/contact0@montague.lit'><status>Forged</status></presence>",
		"another namespace":                   "<presence xmlns='urn:other' from='contact0@montague.lit/x'><status>Forged</status></presence>",
		"a status in another namespace":       "<presence xmlns='jabber:client' from='contact0@montague.lit/x' type='unavailable'><status xmlns='urn:other'>Forged</status></presence>",
		"a status inside another element":     "<presence xmlns='jabber:client' from='contact0@montague.lit/x' type='unavailable'><x xmlns='urn:other'><status xmlns='jabber:client'>Forged</status></x></presence>",
		"a roster push from a stranger":       "<iq xmlns='jabber:client' type='set' id='1' from='evil.lit'><query xmlns='jabber:iq:roster'><item jid='contact0@montague.lit' subscription='remove' name='Forged'/></query></iq>",
		"a roster push from a contact":        "<iq xmlns='jabber:client' type='set' id='1' from='contact0@montague.lit'><query xmlns='jabber:iq:roster'><item jid='contact0@montague.lit' subscription='remove' name='Forged'/></query></iq>",
	}
	for name, stanza := range tests {
		t.Run(name, func(t *testing.T) {
			c, _ := newTestCache(t, 1)
			hear(t, c.Handler(nil), strings.NewReader(stanza))
			contact, ok := c.Contact(contactNumber(0))
			if !ok || contact.Status != "" || contact.Name != "" || contact.Subscription != "both" {
				t.Errorf("known: %t, %+v", ok, contact)
			}
		})
	}
	t.Run("a stamp from another entity", func(t *testing.T) {
		c, _ := newTestCache(t, 1)
		for _, by := range []string{"evil.lit", "contact1@montague.lit", "montague.lit.evil"} {
			hear(t, c.Handler(nil), strings.NewReader("<presence xmlns='jabber:client' from='contact0@montague.lit/x' type='unavailable'>"+fmt.Sprintf(stamped, by)+"</presence>"))
			if contact, _ := c.Contact(contactNumber(0)); time.Since(contact.LastSeen) > time.Minute {
				t.Errorf("%s was believed: %v", by, contact.LastSeen)
			}
		}
	})
}
