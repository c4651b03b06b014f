package responder

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// Requests wait for the policy one after the other. Other stanzas wait only for
// what their own sender has sent before.
func TestSubscriptionsOfAPeerStayInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			in  inbox
			mu  sync.Mutex
			got []string
		)
		say := func(peer string, request bool, what string, first func()) {
			in.add(peer, request, func() {
				first()
				mu.Lock()
				defer mu.Unlock()
				got = append(got, what)
			})
		}
		now := func() {}
		told := func(want string) {
			t.Helper()
			synctest.Wait()
			if s := strings.Join(got, " "); s != want {
				t.Errorf("heard %s, want %s", s, want)
			}
		}
		for round := range 2 { // what was heard is forgotten
			got = nil
			hold := make(chan struct{})
			say("romeo", true, "romeo1", func() { <-hold })
			say("romeo", false, "romeo2", now)
			say("juliet", true, "juliet1", now)
			say("tybalt", false, "tybalt1", now)
			told("tybalt1")
			say("tybalt", true, "tybalt2", now)
			close(hold)
			told("tybalt1 romeo1 romeo2 juliet1 tybalt2")
			if len(in.peers) != 0 {
				t.Errorf("round %d: %d peers are remembered", round, len(in.peers))
			}
		}
	})
}

func TestAPeerKeepsItsLineWhileItsStanzasWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var in inbox
		var got []string // by one line alone
		hold := make(chan struct{})
		in.add("romeo", false, func() { <-hold })
		for _, what := range []string{"a", "b", "c"} {
			in.add("romeo", what == "b", func() { got = append(got, what) })
		}
		synctest.Wait()
		if len(got) != 0 || in.peers["romeo"].waiting != 4 {
			t.Errorf("%q were heard, %d wait", got, in.peers["romeo"].waiting)
		}
		close(hold)
		synctest.Wait()
		if strings.Join(got, "") != "abc" || len(in.peers) != 0 {
			t.Errorf("%q were heard; %d are remembered", got, len(in.peers))
		}
	})
}
