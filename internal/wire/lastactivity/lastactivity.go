// Package lastactivity implements what a client needs of last activity
// (XEP-0012): that of an offline contact (section 3) and of a server or
// component (section 5). Packages probe and probe/responder use it.
package lastactivity

import (
	"encoding/xml"
	"strconv"
	"strings"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/wire/chardata"
)

// NS is the namespace of the query.
const NS = "jabber:iq:last"

// MaxStatus is how much of a status text is kept, in bytes.
const MaxStatus = 4096

// maxAge is more than any answer can mean. Callers that know the time should use a
// stricter limit, such as that of delay.Rules.Past.
const maxAge = 100 * 365 * 24 * time.Hour

// Answer is the answer to a query for last activity.
type Answer struct {
	// Ago is how long ago the contact left, or how long the host has been up,
	// in whole seconds. For a contact, 0 means that it is connected now
	// (XEP-0012 section 3) or has just left.
	Ago time.Duration
	// Status is the text of the last unavailable presence, if the server sends
	// it.
	Status string
}

// Query returns a query for the last activity of the entity to.
func Query(to jid.JID, id string) xml.TokenReader {
	return stanza.IQ{ID: id, To: to, Type: stanza.GetIQ}.Wrap(
		xmlstream.Wrap(nil, xml.StartElement{Name: xml.Name{Space: NS, Local: "query"}}))
}

// Read reads the payload of a result, up to and including the end of the
// stanza. It returns false if there is no query element with a valid number of
// seconds; the Answer has the status even then.
func Read(r xml.TokenReader) (answer Answer, ok bool, err error) {
	for {
		tok, err := r.Token()
		switch tok := tok.(type) {
		case xml.EndElement:
			return answer, ok, nil
		case xml.StartElement:
			if ok || tok.Name.Space != NS || tok.Name.Local != "query" {
				if err := xmlstream.Skip(r); err != nil {
					return answer, ok, err
				}
				continue
			}
			answer.Ago, ok = Seconds(tok)
			if answer.Status, _, err = chardata.Read(r, MaxStatus); err != nil {
				return answer, ok, err
			}
			continue
		}
		if err != nil {
			return answer, ok, err
		}
		if tok == nil {
			return answer, ok, nil
		}
	}
}

// Seconds returns the seconds attribute of a query element (XEP-0012 section
// 6), and whether it is present and valid.
func Seconds(query xml.StartElement) (time.Duration, bool) {
	for _, attr := range query.Attr {
		if attr.Name.Space == "" && attr.Name.Local == "seconds" {
			return parse(attr.Value)
		}
	}
	return 0, false
}

// parse reads the seconds attribute. The schema allows whole numbers from 0,
// surrounded by white space. parse accepts up to a hundred years, and two forms that
// servers send instead:
//
//	"32335.0"  a fraction, which metronome writes where Lua has a float: dropped
//	"+5"       a plus sign, which XML Schema allows from version 1.1
//
// It rejects a minus sign, which says that the server's clock was set back, and
// exponents, which no server is known to write.
func parse(s string) (time.Duration, bool) {
	s = strings.TrimPrefix(strings.Trim(s, " \t\r\n"), "+")
	whole, fraction, pointed := strings.Cut(s, ".")
	if pointed && (fraction == "" || strings.Trim(fraction, "0123456789") != "") {
		return 0, false
	}
	n, err := strconv.ParseUint(whole, 10, 32)
	ago := time.Duration(n) * time.Second
	if err != nil || ago > maxAge {
		return 0, false
	}
	return ago, true
}
