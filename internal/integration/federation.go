package integration

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"mellium.im/xmpp/jid"
)

// federationPort is where servers look for each other without being told
// otherwise. It is free on an address of the loopback network that nobody else
// has taken.
const federationPort = 5269

// StartFederation starts a Prosody and an ejabberd that reach each other, each
// with a place for a component whose domain is an address of its own: names
// would have to be looked up.
func StartFederation(t testing.TB) (prosody, ejabberd *Server) {
	t.Helper()
	return startProsody(t, Stock, ownAddress(), 0), startEjabberd(t, ownAddress())
}

func ownAddress() string {
	return fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(250), rand.IntN(250), 2+rand.IntN(250))
}

// Gateway is the domain of the component that other servers reach.
func (s *Server) Gateway() jid.JID {
	return jid.MustParse(s.own)
}
