package roster

import (
	"slices"
	"strings"
	"testing"
)

func TestLackingHasStaleContactsThatSeemOnline(t *testing.T) {
	c, _ := newTestCache(t, 1)
	hear(t, c.Handler(nil), strings.NewReader("<presence xmlns='jabber:client' from='contact0@montague.lit/orchard'/>"))
	if got := slices.Collect(c.Lacking()); len(got) != 0 {
		t.Errorf("lacking in the session: %v", got)
	}
	c.Disconnected()
	if got, _ := c.Contact(contactNumber(0)); !got.Online || got.Lack != Outdated {
		t.Fatalf("known: %+v", got)
	}
	if got := slices.Collect(c.Lacking()); len(got) != 1 {
		t.Errorf("lacking afterwards: %v", got)
	}
}
