package delay

import (
	"strings"

	"mellium.im/xmpp/jid"
)

// inactive is the text that ejabberd writes into the delay of what it held back
// from an inactive client (XEP-0352), under its own name.
const inactive = "Client Inactive"

// Held reports whether the receiver's own side put a delay into the stanza.
// Such a delay is an upper bound: the stanza was sent at or before its stamp. A
// server stamps a stanza that it holds back from an inactive client (XEP-0352)
// with the time at which it began to hold it, and does the same for a client
// that is offline.
//
// A delay is of this kind if our own account (bare or full JID) or our own
// server signed it, on a stanza from somebody else. A server that also hosts
// the sender's account stamps on the sender's behalf, so its stamp on that
// account's stanzas is not of this kind, unless its text is the one that
// ejabberd writes for inactive clients.
//
// The sender is the stanza's from; the zero JID means our own account. self is
// our own address; with the zero JID Held returns false.
func Held(d Delay, sender, self jid.JID) bool {
	if self.Equal(jid.JID{}) {
		return false
	}
	if sender.Equal(jid.JID{}) {
		sender = self
	}
	switch {
	case d.From.Equal(self.Domain()):
		return !self.Domain().Equal(sender.Domain()) || strings.TrimSpace(d.Reason) == inactive
	case d.From.Bare().Equal(self.Bare()):
		return !self.Bare().Equal(sender.Bare())
	}
	return false
}
