package responder

import (
	"fmt"
	"testing"
	"time"

	"mellium.im/xmpp/jid"
)

func TestARefusedProberDoesNotCountAgainstOthers(t *testing.T) {
	p := newPace(20, time.Second)
	now := time.Now()
	p.all.AllowN(now, 250*20) // everybody's is used up
	for i := range 1000 {
		if p.allow(jid.MustParse(fmt.Sprintf("eve%d@montague.lit", i)), now) {
			t.Fatal("one was allowed beyond everybody's pace")
		}
	}
	for _, j := range []string{"romeo@montague.lit", "juliet@capulet.lit"} {
		if now = now.Add(time.Second / 250); !p.allow(jid.MustParse(j), now) {
			t.Errorf("%s pays for others", j)
		}
	}
}
