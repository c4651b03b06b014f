package roster

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/probe"
)

func TestARosterPushIsAnsweredOnce(t *testing.T) {
	for name, next := range map[string]xmpp.HandlerFunc{
		"nobody else": func(xmlstream.TokenReadEncoder, *xml.StartElement) error { return nil },
		"the client": func(t xmlstream.TokenReadEncoder, start *xml.StartElement) error {
			iq, err := stanza.NewIQ(*start)
			if err != nil {
				return err
			}
			_, err = xmlstream.Copy(t, iq.Result(nil))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := newTestCache(t, 0)
			d := xml.NewDecoder(strings.NewReader(pushOfTheFirst))
			tok, err := d.Token()
			if err != nil {
				t.Fatal(err)
			}
			start := tok.(xml.StartElement)
			var b strings.Builder
			w := answers{TokenReader: xmlstream.InnerElement(d), Encoder: xml.NewEncoder(&b)}
			if err := c.Handler(next).HandleXMPP(w, &start); err != nil {
				t.Fatal(err)
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(b.String(), "<iq"); n != 1 {
				t.Errorf("%d answers: %s", n, b.String())
			}
		})
	}
}

func TestEveryItemOfABlockListIsBlocked(t *testing.T) {
	const items = "<item jid='contact1@montague.lit'><x/></item><item jid='contact0@montague.lit'/>"
	c, _ := newTestCache(t, 2)
	hear(t, c.Handler(nil), strings.NewReader(strings.Replace(fill(blockList, "", "contact2@montague.lit"), "<item ", items+"<item ", 1)))
	for i := range 2 {
		if got, _ := c.Contact(contactNumber(i)); !got.Blocked {
			t.Errorf("contact %d is not blocked", i)
		}
	}
	if got, err := blockItems(xml.NewDecoder(strings.NewReader("<item jid='a@b'><x>"))); err == nil || len(got) != 1 {
		t.Errorf("of a broken list: %q, %v", got, err)
	}
}

func TestAtMostAThousandUnreadableItemsAreReported(t *testing.T) {
	for _, n := range []int{999, 1000, 1001} {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "<item jid='@%d'/>", i)
		}
		q, err := readQuery(xml.NewDecoder(strings.NewReader("<query xmlns='jabber:iq:roster'>" + b.String() + "</query>")))
		if err != nil && !errors.Is(err, io.EOF) || len(q.unreadable) != min(n, 1000) {
			t.Errorf("of %d: %d, %v", n, len(q.unreadable), err)
		}
	}
}

func TestSumsOfDifferentItemsDiffer(t *testing.T) {
	if (details{name: "b"}).sum("a") == (details{}).sum("ab") {
		t.Error("an address with a name has the sum of a longer address")
	}
}

func TestAnEmptySubscriptionStateMeansNoItem(t *testing.T) {
	if got := subscriptionOf(""); got != 0 {
		t.Errorf("it is read as %v", got)
	}
}

func TestWatchersThatEndAreReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Offline(jid.MustParse("juliet@capulet.lit"))
		ctx, cancel := context.WithCancel(t.Context())
		c.Watch(ctx)
		if !c.news.wanted() {
			t.Error("nobody watches")
		}
		cancel()
		synctest.Wait()
		if c.news.wanted() {
			t.Error("somebody watches still")
		}
	})
}

func TestAContactThatWasRemovedMeanwhileIsNotKnown(t *testing.T) {
	c, _ := newTestCache(t, 0)
	c.items.synced = false
	hear(t, c.Handler(nil), strings.NewReader("<presence xmlns='jabber:client' from='contact0@montague.lit/orchard'/>"))
	if got := c.answer(contactNumber(0), probe.Answer{}, nil); got.Online || got.Lack != NeverHeard {
		t.Errorf("of a stranger: %+v", got)
	}
}

func TestAfterAFetchedRosterPushesApplyAndStrangersAreDropped(t *testing.T) {
	c, h := early(t)
	c.link.fetched = false
	c.SetRoster([]Item{{JID: contactNumber(1), Subscription: "both"}}, "v7")
	hear(t, h, strings.NewReader(strings.Replace(pushOfTheFirst, "<query ", "<query ver='v8' ", 1)))
	if c.items.version != "v8" {
		t.Errorf("the version is %q", c.items.version)
	}
	hear(t, h, strings.NewReader("<presence xmlns='jabber:client' from='contact2@montague.lit/orchard'/>"))
	if len(c.items.entries) != 2 {
		t.Errorf("%d entries, want the two contacts alone", len(c.items.entries))
	}
}

func TestARemovalIsLaterThanWhatTheStoreKnows(t *testing.T) {
	store := &shelf{saved: Saved{Records: []Record{{JID: contactNumber(0), Subscription: "both", Listed: time.Unix(1, 0),
		Seen: Departure{At: time.Unix(2, 0), Heard: time.Unix(2, 0), Status: "Bye.", Settled: true, Ours: true}, Learnt: time.Unix(2, 0)}}}}
	list := []Item{{JID: contactNumber(0), Subscription: "both"}}
	for name, rosters := range map[string][][]Item{"was there": {list}, "was removed and added again": {list, nil, list}} {
		c := Offline(jid.MustParse("juliet@capulet.lit"), Persist(store, nil))
		for _, r := range rosters {
			c.SetRoster(r, "")
		}
		if err := c.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, _ := c.Contact(contactNumber(0)); (got.Status == "Bye.") != (len(rosters) == 1) {
			t.Errorf("one that %s: %+v", name, got)
		}
		_ = c.Close()
	}
}

func TestTheLaterItemOfAnotherProcessCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, tc := range map[string]struct {
			listed time.Duration
			want   string
		}{
			"before":        {-time.Second, "pushed"},
			"after":         {time.Second, "kept"},
			"in the future": {time.Hour, "pushed"},
		} {
			store := &shelf{saved: Saved{Records: []Record{{JID: contactNumber(0), Name: "kept", Subscription: "both", Listed: time.Now().Add(tc.listed)}}}}
			c := Offline(jid.MustParse("juliet@capulet.lit"), Persist(store, nil))
			c.mu.Lock()
			c.apply(item{contactNumber(0), details{name: "pushed", subscription: subBoth}})
			c.mu.Unlock()
			time.Sleep(time.Minute)
			if err := c.Load(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got, _ := c.Contact(contactNumber(0)); got.Name != tc.want {
				t.Errorf("listed %s: %q, want %q", name, got.Name, tc.want)
			}
			_ = c.Close()
		}
	})
}

func TestHeardIgnoresContactsThatDoNotShareTheirPresence(t *testing.T) {
	c, _ := newTestCache(t, 2)
	c.mu.Lock()
	c.apply(item{contactNumber(2), details{subscription: subFrom}})
	c.mu.Unlock()
	c.SetBlocked([]jid.JID{contactNumber(1)})
	for i := range 4 { // the last one is unknown
		c.Heard(contactNumber(i), time.Now())
		if got, _ := c.Contact(contactNumber(i)); got.OnlineAt.IsZero() != (i > 0) {
			t.Errorf("contact %d was online at %v", i, got.OnlineAt)
		}
	}
	c.items.synced = false
	hear(t, c.Handler(nil), strings.NewReader("<presence xmlns='jabber:client' from='contact5@montague.lit/orchard' type='unavailable'/>"))
	c.Heard(contactNumber(5), time.Now())
	if e := c.items.find(contactNumber(5)); e == nil || e.Keep().Online != 0 {
		t.Error("a stranger's sign of life counts")
	}
}

func TestOnlyOurOwnAvailablePresenceBeginsTheLogin(t *testing.T) {
	c, l := newTestCache(t, 0)
	l.settled, l.login = false, nil
	own := l.s.LocalAddr()
	for _, tc := range []struct {
		stanza string
		begins bool
	}{
		{fmt.Sprintf("<presence xmlns='jabber:client' from='%s' type='unavailable'/>", own), false},
		{fmt.Sprintf("<presence xmlns='jabber:client' from='%s/another'/>", own.Bare()), false},
		{fmt.Sprintf("<presence xmlns='jabber:client' from='%s'/>", own), true},
	} {
		hear(t, c.Handler(nil), strings.NewReader(tc.stanza))
		if (l.login != nil) != tc.begins {
			t.Errorf("%s: begun: %t", tc.stanza, l.login != nil)
		}
	}
	first := l.login
	hear(t, c.Handler(nil), strings.NewReader(fmt.Sprintf("<presence xmlns='jabber:client' from='%s'/>", own)))
	if l.login != first {
		t.Error("the login begins again")
	}
	first.Stop()
	for name, change := range map[string]func(){"settled": func() { l.settled = true }, "over": func() { l.settled, l.over = false, true }} {
		l.login = nil
		change()
		hear(t, c.Handler(nil), strings.NewReader(fmt.Sprintf("<presence xmlns='jabber:client' from='%s'/>", own)))
		if l.login != nil {
			t.Errorf("a session that is %s begins its login", name)
		}
	}
}

func TestABlockListPushChangesOnlyWhatItNames(t *testing.T) {
	c, _ := newTestCache(t, 3)
	h := c.Handler(nil)
	blocked := func() (n int) {
		for i := range 3 {
			if got, _ := c.Contact(contactNumber(i)); got.Blocked {
				n++
			}
		}
		return n
	}
	hear(t, h, strings.NewReader(strings.Replace(fill(blockPush), "<item ", "<item jid='contact1@montague.lit'/><item ", 1)))
	if n := blocked(); n != 2 {
		t.Fatalf("%d are blocked, want 2", n)
	}
	hear(t, h, strings.NewReader("<iq xmlns='jabber:client' type='set' id='b'><block xmlns='urn:xmpp:blocking'/></iq>"))
	if n := blocked(); n != 2 {
		t.Errorf("after a push that blocks nobody: %d are blocked", n)
	}
	hear(t, h, strings.NewReader(fill(unblockPush, "<item jid='contact0@montague.lit'/>")))
	if n := blocked(); n != 1 {
		t.Errorf("after one of two was unblocked: %d are blocked", n)
	}
	hear(t, h, strings.NewReader(fill(unblockPush)))
	if n := blocked(); n != 0 {
		t.Errorf("after all were unblocked: %d are blocked", n)
	}
}

func TestOnlyContactsThatShareTheirPresenceAreProbed(t *testing.T) {
	c, _ := newTestCache(t, 1)
	c.mu.Lock()
	c.apply(item{contactNumber(1), details{subscription: subFrom}})
	c.items.entry(contactNumber(2)) // a stranger
	c.mu.Unlock()
	for i, want := range []bool{true, false, false, false} {
		if got := c.subscribed(contactNumber(i)); got != want {
			t.Errorf("contact %d may be asked: %t", i, got)
		}
	}
}

func TestBlockedAddressesAreInTheirOwnAttribute(t *testing.T) {
	items, err := blockItems(xml.NewDecoder(strings.NewReader(
		"<item name='a@b' xmlns:x='urn:x' x:jid='c@d' jid='e@f'/></blocklist>")))
	var end *xml.SyntaxError
	if err != nil && !errors.As(err, &end) || len(items) != 1 || items[0] != "e@f" {
		t.Errorf("blocked: %q, %v", items, err)
	}
}

func TestTheBoundsOfAnItem(t *testing.T) {
	long := strings.Repeat("x", 5000)
	groups := strings.Repeat("<group>"+long+"</group>", 1)
	for i := range 100 {
		groups += fmt.Sprintf("<group>g%d</group>", i)
	}
	read := func(s string) query {
		q, err := readQuery(xml.NewDecoder(strings.NewReader("<query xmlns='jabber:iq:roster' " + s)))
		if err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		return q
	}
	it := read("><item jid='a@b' name='" + long + "'>" + groups + "</item></query>").items[0]
	if len(it.name) != 1024 || len(it.groupNames()) != 64 {
		t.Errorf("a name of %d bytes, %d groups", len(it.name), len(it.groupNames()))
	}
	for _, g := range it.groupNames() {
		if len(g) > 1024 {
			t.Errorf("a group of %d bytes", len(g))
		}
	}
	if text := read("><item jid='@" + long + "'/></query>").unreadable[0].address; len(text) != 4096 {
		t.Errorf("of an address that cannot be read %d bytes are kept", len(text))
	}
	for n, want := range map[int]bool{1024: true, 1025: false} {
		if q := read("ver='" + long[:n] + "'></query>"); q.versioned != want {
			t.Errorf("a version of %d bytes counts: %t", n, q.versioned)
		}
	}
}

func TestTheNextHandlerSeesTheWholeBlockList(t *testing.T) {
	c, _ := newTestCache(t, 1)
	for _, s := range []string{fill(blockPush), fill(unblockPush, "<item jid='contact0@montague.lit'/>"), fill(blockList, "", "contact0@montague.lit")} {
		seen := ""
		h := c.Handler(xmpp.HandlerFunc(func(r xmlstream.TokenReadEncoder, start *xml.StartElement) error {
			tokens, err := xmlstream.ReadAll(r)
			for _, tok := range tokens {
				if el, ok := tok.(xml.StartElement); ok {
					seen += el.Name.Local + " "
				}
			}
			return err
		}))
		hear(t, h, strings.NewReader(s))
		if !strings.HasSuffix(seen, "item ") {
			t.Errorf("of %s\nthere was seen: %s", s, seen)
		}
	}
}
