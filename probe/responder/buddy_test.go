package responder

import (
	"fmt"
	"slices"
	"testing"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"
)

// The states of a buddy, by its flags: To, From, Asked, Pending.
func TestEveryTransitionOfABuddy(t *testing.T) {
	const (
		subscribe    = stanza.SubscribePresence
		subscribed   = stanza.SubscribedPresence
		unsubscribe  = stanza.UnsubscribePresence
		unsubscribed = stanza.UnsubscribedPresence
		available    = stanza.AvailablePresence
		unavailable  = stanza.UnavailablePresence
	)
	type types = []stanza.PresenceType
	tests := []struct {
		before  string
		hears   stanza.PresenceType
		decides Decision
		after   string
		sends   types
	}{
		{"----", subscribe, Refuse, "----", types{unsubscribed}},
		{"----", subscribe, Accept, "-F--", types{subscribed, available}},
		{"----", subscribe, Mutual, "-FA-", types{subscribed, subscribe, available}},
		{"----", subscribe, Later, "---P", nil},
		{"---P", subscribe, Later, "---P", nil},
		{"---P", subscribe, Refuse, "----", types{unsubscribed}},
		{"--A-", subscribe, Refuse, "-FA-", types{subscribed, available}},
		{"T---", subscribe, Refuse, "TF--", types{subscribed, available}},
		{"T---", subscribe, Later, "TF--", types{subscribed, available}},
		{"-F--", subscribe, Refuse, "-F--", types{subscribed, available}},
		{"TF--", subscribe, Mutual, "TF--", types{subscribed, available}},

		{"----", subscribed, Refuse, "----", nil},
		{"-F--", subscribed, Refuse, "-F--", nil},
		{"--A-", subscribed, Refuse, "T---", nil},
		{"-FA-", subscribed, Refuse, "TF--", nil},
		{"T---", subscribed, Refuse, "T---", nil},

		{"----", unsubscribed, Refuse, "----", nil},
		{"--A-", unsubscribed, Refuse, "----", nil},
		{"TF--", unsubscribed, Refuse, "-F--", nil},

		{"----", unsubscribe, Refuse, "----", nil},
		{"---P", unsubscribe, Refuse, "----", nil},
		{"-F--", unsubscribe, Refuse, "----", types{unavailable}},
		{"TF--", unsubscribe, Refuse, "T---", types{unavailable}},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s hears %s, %s", tt.before, tt.hears, tt.decides), func(t *testing.T) {
			after, sends := buddyOf(tt.before).receive(tt.hears, tt.decides)
			if flags(after) != tt.after || !slices.Equal(sends, tt.sends) {
				t.Errorf("%s and %q, want %s and %q", flags(after), sends, tt.after, tt.sends)
			}
		})
	}

	befriended := map[string]struct {
		after string
		sends types
	}{
		"----": {"--A-", types{subscribe}},
		"--A-": {"--A-", types{subscribe}}, // again, the first one may be lost
		"T---": {"T---", nil},
		"-F--": {"-FA-", types{subscribe}},
		"TF--": {"TF--", nil},
		"---P": {"-FA-", types{subscribed, available, subscribe}},
		"T--P": {"TF--", types{subscribed, available}},
	}
	for before, want := range befriended {
		if after, sends := buddyOf(before).befriend(); flags(after) != want.after || !slices.Equal(sends, want.sends) {
			t.Errorf("%s befriended: %s and %q, want %s and %q", before, flags(after), sends, want.after, want.sends)
		}
	}

	unfriended := map[string]types{
		"----": nil,
		"T---": {unsubscribe},
		"--A-": {unsubscribe},
		"-F--": {unavailable, unsubscribed},
		"---P": {unsubscribed},
		"TF--": {unsubscribe, unavailable, unsubscribed},
		"-FA-": {unsubscribe, unavailable, unsubscribed},
	}
	for before, want := range unfriended {
		if after, sends := buddyOf(before).unfriend(); !after.none() || !slices.Equal(sends, want) {
			t.Errorf("%s unfriended: %s and %q, want %q", before, flags(after), sends, want)
		}
	}
}

func buddyOf(flags string) Buddy {
	return Buddy{JID: jid.MustParse("montague.lit"), To: flags[0] == 'T', From: flags[1] == 'F', Asked: flags[2] == 'A', Pending: flags[3] == 'P'}
}

func flags(b Buddy) string {
	s := []byte("----")
	for i, set := range []bool{b.To, b.From, b.Asked, b.Pending} {
		if set {
			s[i] = "TFAP"[i]
		}
	}
	return string(s)
}
