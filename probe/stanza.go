package probe

import (
	"crypto/rand"
	"encoding/xml"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"
)

// Stanza returns a presence probe to the bare form of the address to, with a
// fresh id (XEP-0318 section 3.1, RFC 6121 section 4.3).
//
// You probably do not need it: [Client.Probe] sends probes, and keeps to the
// rules for them.
func Stanza(to jid.JID) xml.TokenReader {
	return stanzaWithID(to, rand.Text())
}

func stanzaWithID(to jid.JID, id string) xml.TokenReader {
	return stanza.Presence{ID: id, To: to.Bare(), Type: stanza.ProbePresence}.Wrap(nil)
}
