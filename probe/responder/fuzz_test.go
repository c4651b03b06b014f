package responder

import (
	"encoding/xml"
	"strings"
	"testing"

	"example.org/lastpresence/internal/testbed/mutate"
)

// FuzzReadCommand reads whatever somebody may send as a command: it ends, and what
// it takes is one bare address.
func FuzzReadCommand(f *testing.F) {
	mutate.Strings(f, []string{
		`<command action='execute'/>`,
		`<command sessionid='1' action='cancel'><x xmlns='jabber:x:data' type='cancel'/></command>`,
		`<command sessionid='1'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/admin</value></field><field var='peerjid'><value>marlowe.lit</value></field></x></command>`,
		`<command><x xmlns='jabber:x:data'><field var='peerjid' type='jid-multi'><value>a</value><value>b</value></field></x></command>`,
		`<command><x xmlns='jabber:x:data'><reported/><item><field/></item></x><x xmlns='jabber:x:data'/></command>`,
		`<command><a><b><c/></b></a>`,
	}, func(t testing.TB, s string) {
		o, err := readCommand(xml.NewDecoder(strings.NewReader(s)))
		switch {
		case err == nil && o.filled && o.peer.Domainpart() == "":
			t.Errorf("%q: filled in with no address", s)
		case !o.filled && o.peer.Domainpart() != "":
			t.Errorf("%q: not filled in, but with %s", s, o.peer)
		case o.peer.Resourcepart() != "":
			t.Errorf("%q: %s is not bare", s, o.peer)
		}
	})
}

// FuzzReadBuddies reads whatever may be in a file.
func FuzzReadBuddies(f *testing.F) {
	mutate.Strings(f, []string{
		`{"version":1,"buddies":[{"jid":"montague.lit","to":true}]}`,
		`{"version":1,"buddies":[{"jid":"a@b/c","pending":true},{}]}`,
		`{"version":2}` + "\n" + `{"jid":"a@b/c","pending":true}` + "\n" + `{"jid":"a@b"}` + "\n" + `{"jid":"c`,
		`{"version":2}`,
	}, func(t testing.TB, data string) {
		kept, size, lines, err := readBuddies([]byte(data))
		if size > int64(len(data)) || lines > 0 && (data[size-1] != '\n' || lines != strings.Count(data[:size], "\n")) {
			t.Errorf("%q: %d lines in %d bytes", data, lines, size)
		}
		for _, b := range kept {
			if b.JID.Domainpart() == "" || b.JID.Resourcepart() != "" || err != nil {
				t.Errorf("%q: %+v, %v", data, b, err)
			}
		}
	})
}
