package roster

import (
	"errors"
	"strings"
	"testing"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/probe"
)

const (
	blockPush   = `<iq xmlns='jabber:client' type='set' id='b'%s><block xmlns='urn:xmpp:blocking'><item jid='contact0@montague.lit'/></block></iq>`
	unblockPush = `<iq xmlns='jabber:client' type='set' id='u'><unblock xmlns='urn:xmpp:blocking'>%s</unblock></iq>`
	blockList   = `<iq xmlns='jabber:client' type='result' id='l'%s><blocklist xmlns='urn:xmpp:blocking'><item jid='%s'/></blocklist></iq>`
	comes       = `<presence xmlns='jabber:client' from='contact0@montague.lit/orchard'/>`
	leaves      = `<presence xmlns='jabber:client' from='contact0@montague.lit/orchard' type='unavailable'><status>Bye.</status></presence>`
)

func fill(s string, with ...string) string {
	for _, w := range with {
		s = strings.Replace(s, "%s", w, 1)
	}
	return strings.ReplaceAll(s, "%s", "")
}

// TestBlocking plays what passes the handler, and looks at the contact then.
func TestBlocking(t *testing.T) {
	for _, tc := range []struct {
		name    string
		stanzas []string
		blocked bool
		lack    Lack
		online  bool
	}{
		{"blocked by a push", []string{comes, fill(blockPush)}, true, NeverHeard, false},
		{"the push names the session's account", []string{comes, fill(blockPush, " from='juliet@capulet.lit'")}, true, NeverHeard, false},
		{"somebody else's push", []string{comes, fill(blockPush, " from='contact1@montague.lit'")}, false, Nothing, true},
		{"what still comes is not learnt", []string{comes, fill(blockPush), leaves}, true, NeverHeard, false},
		{"unblocked", []string{comes, fill(blockPush), fill(unblockPush, "<item jid='contact0@montague.lit'/>")}, false, NeverHeard, false},
		{"all are unblocked", []string{fill(blockPush), fill(unblockPush), comes}, false, Outdated, true},
		{"on the list", []string{comes, fill(blockList, "", "contact0@montague.lit")}, true, NeverHeard, false},
		{"its server is on the list", []string{comes, fill(blockList, "", "montague.lit")}, true, NeverHeard, false},
		{"on a list with a line for each", []string{comes, strings.ReplaceAll(fill(blockList, "", "contact0@montague.lit"), "<item", "\n<item")}, true, NeverHeard, false},
		{"somebody else's list", []string{comes, fill(blockList, " from='evil.lit'", "montague.lit")}, false, Nothing, true},
		{"another one is on the list", []string{comes, fill(blockList, "", "contact1@montague.lit")}, false, Nothing, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, _ := newTestCache(t, 1)
			h := c.Handler(nil)
			for _, s := range tc.stanzas {
				hear(t, h, strings.NewReader(s))
			}
			got, _ := c.Contact(contactNumber(0))
			if got.Blocked != tc.blocked || got.Lack != tc.lack || got.Online != tc.online {
				t.Errorf("blocked %t, %v, online %t; want %t, %v, %t", got.Blocked, got.Lack, got.Online, tc.blocked, tc.lack, tc.online)
			}
		})
	}
}

func TestABlockedContactIsNotAsked(t *testing.T) {
	c, _ := newTestCache(t, 1)
	c.SetBlocked([]jid.JID{contactNumber(0)})
	if _, err := c.Open(t.Context(), contactNumber(0)); !errors.Is(err, probe.ErrBlocked) {
		t.Errorf("Open = %v, want ErrBlocked", err)
	}
	if n := c.Client().Stats().Sent; n != 0 {
		t.Errorf("%d probes were sent", n)
	}
	c.SetBlocked(nil)
	if got, _ := c.Contact(contactNumber(0)); got.Blocked {
		t.Error("blocked after the list was emptied")
	}
}

// A contact that does not share its presence is not learnt about, not even its
// goodbye.
func TestPresenceWithoutASubscriptionIsIgnored(t *testing.T) {
	const push = `<iq xmlns='jabber:client' type='set' id='p'><query xmlns='jabber:iq:roster'><item jid='contact0@montague.lit' subscription='%s'/></query></iq>`
	c, _ := newTestCache(t, 1)
	h := c.Handler(nil)
	for _, s := range []string{comes, fill(push, "from"), leaves} {
		hear(t, h, strings.NewReader(s))
	}
	if got, _ := c.Contact(contactNumber(0)); got.Lack != NeverHeard || got.Status != "" || !got.LastSeen.IsZero() || !got.OnlineAt.IsZero() {
		t.Errorf("after the subscription has ended: %+v", got)
	}
	hear(t, h, strings.NewReader(fill(push, "both")))
	hear(t, h, strings.NewReader(`<presence xmlns='jabber:client' from='contact0@montague.lit/orchard'><delay xmlns='urn:xmpp:delay' from='montague.lit' stamp='2012-09-10T23:41:07Z'/></presence>`))
	if got, _ := c.Contact(contactNumber(0)); !got.Online || got.Lack != Nothing {
		t.Errorf("subscribed again, with the presence of before: %+v", got)
	}
}

func TestItemsInAPushThatCannotBeReadAreReported(t *testing.T) {
	c, _ := newTestCache(t, 0)
	var got []string
	c.cfg.unreadable = func(address, name string) { got = append(got, address+"|"+name) }
	hear(t, c.Handler(nil), strings.NewReader(`<iq xmlns='jabber:client' type='set' id='p'><query xmlns='jabber:iq:roster'><item jid='a@@b' name='Ann'/></query></iq>`))
	if len(got) != 1 || got[0] != "a@@b|Ann" {
		t.Errorf("reported: %q", got)
	}
}
