package roster

import (
	"fmt"
	"runtime"
	"testing"
	"time"
)

// sizes are the rosters that show how cost grows.
var sizes = []int{1_000, 10_000, 100_000, 1_000_000}

// everySize runs a benchmark on a roster of each size, all of whose contacts
// left with a word.
func everySize(b *testing.B, f func(b *testing.B, c *Cache, l *link, n int)) {
	for _, n := range sizes {
		if testing.Short() && n > 10_000 {
			continue
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			before := heap()
			c, l := newTestCache(b, n)
			l.served = true // as by Serve
			items := heap()
			p := leaving(b, orchard(0))
			came := read(b, time.Now(), "<presence xmlns='jabber:client'/>")
			for i := range n {
				p.From, came.From = orchard(i), orchard(i)
				c.observe(l, &came, false)
				p.Received = time.Now()
				c.observe(l, &p, false)
			}
			after := heap()
			f(b, c, l, n)
			b.ReportMetric(float64(items-before)/float64(n), "B/item")
			b.ReportMetric(float64(after-before)/float64(n), "B/contact")
			// All have the same status and resource, which count once.
			texts := 0
			for key := range c.items.entries {
				texts += len(key)
			}
			b.ReportMetric(float64(int(after-before)-texts)/float64(n), "B/besides-texts")
			runtime.KeepAlive(c)
		})
	}
}

// BenchmarkLearn applies a presence of a contact who is known.
func BenchmarkLearn(b *testing.B) {
	everySize(b, func(b *testing.B, c *Cache, l *link, n int) {
		p := leaving(b, orchard(n/2))
		b.ReportAllocs()
		for b.Loop() {
			c.observe(l, &p, false)
		}
	})
}

// BenchmarkContact looks a contact up, against a plain map with the same key.
func BenchmarkContact(b *testing.B) {
	everySize(b, func(b *testing.B, c *Cache, _ *link, n int) {
		j := contactNumber(n / 2)
		key := j.String()
		b.Run("map", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if c.items.entries[key] == nil {
					b.Fatal("not there")
				}
			}
		})
		b.Run("map by address", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if c.items.entries[j.Bare().String()] == nil {
					b.Fatal("not there")
				}
			}
		})
		b.Run("check", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !c.subscribed(j) {
					b.Fatal("not there")
				}
			}
		})
		b.Run("contact", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := c.Contact(j); !ok {
					b.Fatal("not there")
				}
			}
		})
	})
}

// BenchmarkOpenFromTheCache opens the chat of a contact whose details are
// known.
func BenchmarkOpenFromTheCache(b *testing.B) {
	everySize(b, func(b *testing.B, c *Cache, _ *link, n int) {
		j := contactNumber(n / 2)
		b.ReportAllocs()
		for b.Loop() {
			if contact, err := c.Open(b.Context(), j); err != nil || contact.Lack != Nothing {
				b.Fatal(contact, err)
			}
		}
	})
}

// BenchmarkAll lists 5,000 contacts, who left with a word, as a contact list does.
func BenchmarkAll(b *testing.B) {
	c, l := newTestCache(b, 5000)
	p := leaving(b, orchard(0))
	for i := range 5000 {
		p.From = orchard(i)
		c.observe(l, &p, false)
	}
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for range c.All() {
			n++
		}
		if n != c.Len() {
			b.Fatal(n)
		}
	}
}
