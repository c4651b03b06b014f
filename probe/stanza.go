package probe

import (
	"encoding/xml"
	"io"
	"math/rand/v2"
	"strconv"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/wire/address"
)

// Stanza returns a presence probe to the bare form of the address to, with a
// new id (XEP-0318 section 3.1, RFC 6121 section 4.3).
//
// You probably do not need it: [Client.Probe] sends probes, and limits how many.
func Stanza(to jid.JID) xml.TokenReader {
	probe, _ := newStanza(to)
	return probe
}

// newStanza returns a probe and its id.
func newStanza(to jid.JID) (probe xml.TokenReader, id string) {
	var buf [128]byte
	b := address.AppendBare(buf[:0], to)
	n := len(b)
	b = strconv.AppendUint(b, rand.Uint64(), 32)
	text := string(b) // one string for both, to allocate once
	return &probing{attrs: [...]xml.Attr{
		{Name: xml.Name{Local: "type"}, Value: string(stanza.ProbePresence)},
		{Name: xml.Name{Local: "to"}, Value: text[:n]},
		{Name: xml.Name{Local: "id"}, Value: text[n:]},
	}}, text[n:]
}

// probing is a reader of a probe, an element without children.
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
