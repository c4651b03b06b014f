package roster

import (
	"encoding/xml"
	"strings"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/address"
	"example.org/lastpresence/internal/chardata"
)

// NS is the namespace of rosters (RFC 6121 section 2.1.1).
const NS = "jabber:iq:roster"

// Bounds of what is kept of a roster item.
const (
	maxName   = 1024 // bytes of a name or group
	maxGroups = 64
)

// item is a roster item (RFC 6121 section 2.1.2).
type item struct {
	jid          jid.JID
	name         string
	subscription string
	ask          bool
	groups       []string
}

// readItems reads the items of a query from r, up to and including the end of
// the element around it, and gives each to f. An item without a readable
// address is passed over. found tells whether there was a query at all.
func readItems(r xml.TokenReader, f func(item)) (found bool, err error) {
	depth := 0
	for {
		tok, err := r.Token()
		switch tok := tok.(type) {
		case xml.EndElement:
			if depth == 0 {
				return found, nil
			}
			depth--
			continue
		case xml.StartElement:
			switch {
			case depth == 0 && tok.Name.Space == NS && tok.Name.Local == "query":
				found = true
				depth++
			case depth == 1 && tok.Name.Space == NS && tok.Name.Local == "item":
				it, ok, err := readItem(tok, r)
				if err != nil {
					return found, err
				}
				if ok {
					f(it)
				}
			default:
				if err := xmlstream.Skip(r); err != nil {
					return found, err
				}
			}
			continue
		}
		if err != nil || tok == nil {
			return found, err
		}
	}
}

func readItem(start xml.StartElement, r xml.TokenReader) (it item, ok bool, err error) {
	it.subscription = "none"
	for _, attr := range start.Attr {
		if attr.Name.Space != "" {
			continue
		}
		switch attr.Name.Local {
		case "jid":
			it.jid, err = address.Parse(attr.Value)
			it.jid = it.jid.Bare()
			ok = err == nil
		case "name":
			it.name = attr.Value[:min(len(attr.Value), maxName)]
			it.name = strings.ToValidUTF8(it.name, "")
		case "subscription":
			it.subscription = attr.Value
		case "ask":
			it.ask = attr.Value == "subscribe"
		}
	}
	for {
		tok, err := r.Token()
		switch tok := tok.(type) {
		case xml.EndElement:
			return it, ok, nil
		case xml.StartElement:
			group, _, err := chardata.Read(r, maxName)
			if err != nil {
				return it, ok, err
			}
			if tok.Name.Local == "group" && tok.Name.Space == NS && len(it.groups) < maxGroups {
				it.groups = append(it.groups, group)
			}
			continue
		}
		if err != nil || tok == nil {
			return it, ok, err
		}
	}
}
