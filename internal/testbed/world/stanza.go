package world

import (
	"encoding/xml"
	"fmt"
	"strings"
	"time"
)

// message is a stanza on its way to our client.
type message struct {
	from  string
	full  bool // it is addressed to the session, not to the account
	xml   string
	facts []fact
}

func presence(from, typ, id, children string) string {
	attrs := fmt.Sprintf("from='%s'", from)
	if typ != "" {
		attrs += " type='" + typ + "'"
	}
	if id != "" {
		attrs += " id='" + id + "'"
	}
	return "<presence " + attrs + ">" + children + "</presence>"
}

// with puts a child at the end of a stanza.
func with(stanza, child string) string {
	i := strings.LastIndex(stanza, "</")
	return stanza[:i] + child + stanza[i:]
}

func status(s string) string {
	if s == "" {
		return ""
	}
	return "<status>" + escape(s) + "</status>"
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", "'", "&apos;").Replace(s)
}

func delayElement(from string, at time.Time, digits int, reason string) string {
	layout := "2006-01-02T15:04:05Z"
	if digits > 0 {
		layout = "2006-01-02T15:04:05." + strings.Repeat("0", digits) + "Z"
	}
	if from != "" {
		from = " from='" + from + "'"
	}
	return fmt.Sprintf("<delay xmlns='urn:xmpp:delay'%s stamp='%s'>%s</delay>", from, at.UTC().Format(layout), escape(reason))
}

// incoming is a stanza of our client's.
type incoming struct {
	XMLName xml.Name
	To      string `xml:"to,attr"`
	ID      string `xml:"id,attr"`
	Type    string `xml:"type,attr"`
	Child   []struct {
		XMLName xml.Name
	} `xml:",any"`
}

func (in incoming) payload() string {
	if len(in.Child) == 0 {
		return ""
	}
	return in.Child[0].XMLName.Space
}
