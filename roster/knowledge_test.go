package roster

import (
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/probe"
)

// dawn is when the histories of these tests begin.
var dawn = time.Date(2012, 9, 10, 6, 0, 0, 0, time.UTC)

// read makes a presence of XML, as if it came at a time.
func read(t testing.TB, at time.Time, s string) probe.Presence {
	t.Helper()
	p, err := probe.ReadPresence(xmlstream.ReaderFunc(xml.NewDecoder(strings.NewReader(s)).Token))
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	p.Received = at
	return p
}

// TestWhatIsKnown tells stories. Each line is heard a minute after the one
// before it; "session" begins a session, "asked 90 words" is the answer to a
// probe whose fence said 90 seconds ago, anything else is a presence.
func TestWhatIsKnown(t *testing.T) {
	at := func(minutes int) string { return dawn.Add(time.Duration(minutes) * time.Minute).Format(time.RFC3339) }
	from := func(resource, typ, rest string) string {
		if resource != "" {
			resource = "/" + resource
		}
		if typ != "" {
			typ = " type='" + typ + "'"
		}
		return "<presence xmlns='jabber:client' from='romeo@montague.lit" + resource + "'" + typ + ">" + rest + "</presence>"
	}
	delayed := func(minutes int) string {
		return "<delay xmlns='urn:xmpp:delay' from='montague.lit' stamp='" + at(minutes) + "'/>"
	}
	for _, tc := range []struct {
		name  string
		story []string
		want  string // see tell
	}{
		{"nothing", nil, "never heard"},
		{"a resource comes", []string{from("orchard", "", "<show>away</show><status>hi</status>")},
			"online orchard(away hi)"},
		{"of two resources the better priority comes first", []string{
			from("orchard", "", "<priority>1</priority>"), from("balcony", "", "<priority>5</priority>")},
			"online balcony() orchard()"},
		{"one of two resources leaves", []string{
			from("orchard", "", ""), from("balcony", "", ""), from("orchard", "unavailable", "<status>bye</status>")},
			"online balcony()"},
		{"the last resource leaves with a word", []string{
			from("orchard", "", ""), from("orchard", "unavailable", "<status>bye</status>")},
			"offline 1 orchard bye"},
		{"the last resource leaves without a word", []string{
			from("orchard", "", "<status>hi</status>"), from("orchard", "unavailable", "")},
			"offline 1 orchard"},
		{"a bare unavailable presence ends all resources", []string{
			from("orchard", "", ""), from("balcony", "", ""), from("", "unavailable", "")},
			"offline 2 balcony"},
		{"offline, nobody knows since when", []string{from("", "unavailable", "")}, "offline: no details"},
		{"offline with details", []string{from("", "unavailable", "<status>bye</status>"+delayed(-60))}, "offline -60 bye"},
		{"a bare unavailable presence wipes no details", []string{
			from("", "unavailable", "<status>bye</status>"+delayed(-60)), from("", "unavailable", "")},
			"offline -60 bye"},
		{"words and a time come apart", []string{from("", "unavailable", "<status>bye</status>"), "asked 3600"},
			"offline -59 bye"},
		{"an error is not offline", []string{
			from("orchard", "", ""), from("", "error", "<error type='cancel'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>")},
			"online orchard()"},
		{"a request to subscribe says nothing", []string{from("", "subscribe", "")}, "never heard"},
		{"last words are no goodbye", []string{
			from("", "unavailable", "<show>dnd</show><status>busy</status>"+delayed(-60))}, "offline -60: no details"},
		{"an answer settles that nothing was said", []string{
			from("", "unavailable", delayed(-60)), "asked 3660"}, "offline -60"},
		{"last activity alone", []string{"asked 3600 gone fishing"}, "offline -60 gone fishing"},
		{"last activity is coarser than the stamp", []string{
			from("", "unavailable", "<status>bye</status>"+delayed(-60)), "asked 3661"}, "offline -60 bye"},
		{"later news replace a stamp", []string{
			from("", "unavailable", "<status>old</status>"+delayed(-60)), from("orchard", "", ""), from("orchard", "unavailable", "<status>new</status>")},
			"offline 2 orchard new"},
		{"a stamp that comes late does not replace later news", []string{
			from("orchard", "", ""), from("orchard", "unavailable", "<status>new</status>"), from("", "unavailable", "<status>old</status>"+delayed(-60))},
			"offline 1 orchard new"},
		{"a stamp of whole seconds is not earlier than the same second", []string{
			from("", "unavailable", ""),
			from("orchard", "", "<delay xmlns='urn:xmpp:delay' from='montague.lit' stamp='2012-09-10T06:00:30.7Z'/>"),
			from("orchard", "unavailable", "<status>bye</status><delay xmlns='urn:xmpp:delay' from='montague.lit' stamp='2012-09-10T06:00:30Z'/>")},
			"offline 0 orchard bye"},
		{"a new session", []string{from("orchard", "", ""), "session"}, "outdated online orchard()"},
		{"a new session in which the contact is offline", []string{from("orchard", "", ""), "session", from("", "unavailable", "")},
			"offline: no details"},
		{"a new session does not know whether the contact came meanwhile", []string{from("", "unavailable", "<status>bye</status>"+delayed(-60)), "session", from("", "unavailable", "")},
			"outdated offline -60 bye"},
		{"a new session confirms when it is asked", []string{from("", "unavailable", "<status>bye</status>"+delayed(-60)), "session", from("", "unavailable", ""), "asked 3780 bye"},
			"offline -60 bye"},
		{"a new session tells of another appearance in the same moment", []string{from("", "unavailable", "<status>bye</status>"+delayed(0)), "session", "asked 120 gone"},
			"offline 0 gone"},
		{"a short appearance, the end of which nobody saw", []string{
			from("orchard", "unavailable", "<status>bye</status>"), from("orchard", "", "<delay xmlns='urn:xmpp:delay' from='montague.lit' stamp='2012-09-10T06:00:01Z'/>"), "session", "asked 118 gone"},
			"offline 1 gone"},
		{"a new session confirms that the contact is online since before", []string{
			from("orchard", "", ""), "session", from("orchard", "", delayed(0))}, "online orchard()"},
		{"a new session knows other resources", []string{
			from("orchard", "", ""), "session", "asked 60", from("balcony", "", delayed(0))}, "online balcony()"},
		{"a new session does not tell of a resource any more", []string{
			from("orchard", "", ""), "session", from("balcony", "", "")}, "online balcony()"},
		{"a resource that left between sessions does not come back", []string{
			from("orchard", "", ""), "session", from("balcony", "", ""), from("balcony", "unavailable", "<status>bye</status>")},
			"offline 3 balcony bye"},
		{"a new session tells of both resources", []string{
			from("orchard", "", ""), "session", from("balcony", "", ""), from("orchard", "", delayed(0)), from("balcony", "unavailable", "")},
			"online orchard()"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var k knowledge
			h := hearing{began: momentOf(dawn), source: Live}
			for i, line := range tc.story {
				now := dawn.Add(time.Duration(i) * time.Minute)
				h.at = momentOf(now)
				var ago int
				if line == "session" {
					h.began = h.at
				} else if n, _ := fmt.Sscanf(line, "asked %d", &ago); n == 1 {
					_, words, _ := strings.Cut(strings.TrimPrefix(line, "asked "), " ")
					a := probe.Answer{Outcome: probe.Unavailable, Received: now}
					a.Activity.Told, a.Activity.Ago, a.Activity.Status = true, time.Duration(ago)*time.Second, words
					k.answer(a, h)
				} else {
					k.presence(read(t, now, line), h)
				}
			}
			if got := tell(&k, horizon{began: h.began}); got != tc.want {
				t.Errorf("known: %s\nwant:  %s", got, tc.want)
			}
		})
	}
}

// tell says what is known in a line; times are minutes after dawn.
func tell(k *knowledge, h horizon) string {
	var c Contact
	k.describe(&c, h)
	if c.Lack == NeverHeard {
		return c.Lack.String()
	}
	var words []string
	if c.Lack == Outdated {
		words = append(words, "outdated")
	}
	if c.Online {
		words = append(words, "online")
		for _, r := range c.Resources {
			words = append(words, r.Name+"("+strings.TrimSpace(r.Show+" "+r.Status)+")")
		}
	} else {
		words = append(words, "offline")
		if !c.LastSeen.IsZero() {
			words = append(words, fmt.Sprint(int(c.LastSeen.Sub(dawn).Minutes())))
		}
		for _, s := range []string{c.Resource, c.Status} {
			if s != "" {
				words = append(words, s)
			}
		}
	}
	s := strings.Join(words, " ")
	if c.Lack == NoDetails {
		s += ": no details"
	}
	return s
}

// fact is something that was heard.
type fact struct {
	presence probe.Presence
	answer   *probe.Answer
	epoch    int
	hearing
}

func (f fact) String() string {
	if f.answer != nil {
		return fmt.Sprintf("%d: asked, %v %q", f.at-momentOf(dawn), f.answer.Activity.Ago, f.answer.Activity.Status)
	}
	return fmt.Sprintf("%d: %q from %s, stamp %v", f.at-momentOf(dawn), f.presence.Type, f.presence.From, f.presence.Delay.Stamp)
}

// history makes up what was heard in some sessions.
func history(t testing.TB, r *rand.Rand) []fact {
	var facts []fact
	now := dawn
	for epoch := range 1 + r.IntN(3) {
		h := hearing{began: momentOf(now)}
		for range r.IntN(8) {
			now = now.Add(time.Duration(1+r.IntN(90_000)) * time.Millisecond)
			h.at = momentOf(now)
			h.source = []Source{Live, Probe}[r.IntN(2)]
			f := fact{hearing: h, epoch: epoch + 1}
			stamp := now.Add(-time.Duration(r.IntN(200)) * time.Second)
			status := []string{"", "bye", "battery"}[r.IntN(3)]
			if r.IntN(5) == 0 {
				f.answer = &probe.Answer{Contact: jid.MustParse("romeo@montague.lit"), Outcome: probe.Unavailable, Received: now}
				f.answer.Activity.Told = r.IntN(2) == 0
				f.answer.Activity.Ago = now.Sub(stamp).Truncate(time.Second)
				f.answer.Activity.Status = status
				if r.IntN(2) == 0 {
					f.answer.LastSeen = stamp
				}
				facts = append(facts, f)
				continue
			}
			x := "<presence xmlns='jabber:client' from='romeo@montague.lit" + []string{"", "/orchard", "/balcony", "/tomb"}[r.IntN(4)] + "'"
			if typ := []stanza.PresenceType{"", "unavailable", "unavailable", "error", "subscribed"}[r.IntN(5)]; typ != "" {
				x += " type='" + string(typ) + "'"
			}
			x += ">"
			if status != "" {
				x += "<status>" + status + "</status>"
			}
			if r.IntN(4) == 0 {
				x += "<show>dnd</show>"
			}
			if r.IntN(2) == 0 {
				x += "<delay xmlns='urn:xmpp:delay' stamp='" + stamp.Format(time.RFC3339Nano) + "'/>"
			}
			f.presence = read(t, now, x+"</presence>")
			facts = append(facts, f)
		}
		now = now.Add(time.Minute)
	}
	return facts
}

func (f fact) apply(k *knowledge) {
	if f.answer != nil {
		k.answer(*f.answer, f.hearing)
		return
	}
	k.presence(f.presence, f.hearing)
}

// state is all that can be seen of an entry, now and when another process has
// loaded it.
func state(e *entry, h horizon) [2]any {
	var c Contact
	e.describe(&c, h)
	return [2]any{c, e.record(true)}
}

// FuzzTheOrderDoesNotMatter holds for every history: what is known is the
// same in whichever order, and however often, its facts come.
func FuzzTheOrderDoesNotMatter(f *testing.F) {
	for seed := range uint64(2000) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 318))
		facts := history(t, r)
		h := horizon{began: momentOf(dawn)}
		if len(facts) > 0 {
			h.began = facts[r.IntN(len(facts))].began
		}
		var inOrder entry
		for _, f := range facts {
			f.apply(&inOrder.knowledge)
		}
		for range 3 {
			shuffled := append(facts[:len(facts):len(facts)], facts[:r.IntN(len(facts)+1)]...)
			r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			var other entry
			for _, f := range shuffled {
				f.apply(&other.knowledge)
			}
			if got, want := state(&other, h), state(&inOrder, h); !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d, heard\n%v\nfrom\n%v\nknown: %+v\nwant:  %+v", seed, facts, shuffled, got, want)
			}
		}
	})
}

// FuzzMergingIsAsGoodAsHearing holds for every history of which one process
// heard the first sessions and another the last ones: what they save means what one that
// heard it all would have saved.
func FuzzMergingIsAsGoodAsHearing(f *testing.F) {
	for seed := range uint64(2000) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 203))
		facts := history(t, r)
		last := 1 + r.IntN(3)
		first := 1 + r.IntN(last+1)
		var all, a, b entry
		for _, f := range facts {
			f.apply(&all.knowledge)
			if f.epoch <= last {
				f.apply(&a.knowledge)
			}
			if f.epoch >= first {
				f.apply(&b.knowledge)
			}
		}
		merged := a.record(true).Merge(b.record(true))
		if again := b.record(true).Merge(a.record(true)); !reflect.DeepEqual(merged, again) {
			t.Fatalf("seed %d: a+b = %+v\nb+a = %+v", seed, merged, again)
		}
		var got, want entry
		tomorrow := momentOf(dawn.Add(24 * time.Hour))
		got.restore(merged, tomorrow)
		if again := got.record(true); !reflect.DeepEqual(again, merged) {
			t.Fatalf("seed %d: restored %+v\nwant %+v", seed, again, merged)
		}
		want.restore(all.record(true), tomorrow)
		if got, want := state(&got, horizon{})[0], state(&want, horizon{})[0]; !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d, cut at %d and %d of %v:\nmerged %+v\nwant   %+v", seed, first, last, facts, got, want)
		}
	})
}
