package delay

import (
	"strings"

	"mellium.im/xmpp/jid"
)

// inactive is the text that ejabberd writes into the delay of what it held back
// from an inactive client (XEP-0352), under its own name.
const inactive = "Client Inactive"

// Held reports whether a delay was put into the stanza by the receiver's own
// side, and so bounds the time of the event from above: the stanza was sent at
// some time before. A server stamps what it keeps for an inactive client
// (XEP-0352) with the time at which it began to keep it, and what it keeps for one
// that is offline likewise.
//
// It is so for a delay signed by our own account (bare or full) or by our own
// server, on a stanza from somebody else. A server that has the sender's account
// as well stamps for the sender, so its stamp on that account's stanzas is not
// of this kind, unless its text is ejabberd's for inactive clients.
//
// sender is who the stanza is from, and an empty one our own account; self is
// our own address. With a zero self nothing is held.
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
