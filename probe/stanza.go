package probe

import (
	"crypto/rand"
	"encoding/xml"
	"io"

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
	return &probing{attrs: [...]xml.Attr{
		{Name: xml.Name{Local: "type"}, Value: string(stanza.ProbePresence)},
		{Name: xml.Name{Local: "to"}, Value: to.Bare().String()},
		{Name: xml.Name{Local: "id"}, Value: id},
	}}
}

// probing reads a probe, which has nothing inside.
type probing struct {
	attrs [3]xml.Attr
	next  int
}

// Token implements xml.TokenReader.
func (p *probing) Token() (xml.Token, error) {
	name := xml.Name{Local: "presence"}
	switch p.next++; p.next {
	case 1:
		return xml.StartElement{Name: name, Attr: p.attrs[:]}, nil
	case 2:
		return xml.EndElement{Name: name}, io.EOF
	}
	return nil, io.EOF
}
