// Package bench compares the library with others that read presence, and makes
// the README's table of speed.
package bench

import (
	"encoding/xml"
	"strings"
	"testing"

	gosrc "gosrc.io/xmpp/stanza"

	"example.org/lastpresence/probe"
)

// reply is what XEP-0318 shows in answer to a probe.
const reply = `<presence xmlns='jabber:client' from='romeo@montague.lit' to='juliet@capulet.lit/balcony' type='unavailable' id='s5k2'>` +
	`<status>Going offline. Out of battery.</status>` +
	`<delay xmlns='urn:xmpp:delay' from='romeo@montague.lit/orchard' stamp='2012-09-10T23:41:07Z'/></presence>`

// BenchmarkPeers reads the reply from bytes, as each library reads a stanza:
// the others keep neither delay nor addresses that are known to be valid.
func BenchmarkPeers(b *testing.B) {
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p, err := probe.ReadPresence(xml.NewDecoder(strings.NewReader(reply)))
			if err != nil || p.Status() == "" || p.Delay.Stamp.IsZero() {
				b.Fatal(p, err)
			}
		}
	})
	b.Run("gosrc", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			packet, err := gosrc.NextPacket(xml.NewDecoder(strings.NewReader(reply)))
			p, ok := packet.(gosrc.Presence)
			if err != nil || !ok || p.Status == "" {
				b.Fatal(packet, err)
			}
		}
	})
	// xmppo reads stanzas from its own connection only; this is how it does.
	b.Run("xmppo", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var p struct {
				XMLName  xml.Name `xml:"jabber:client presence"`
				From     string   `xml:"from,attr"`
				ID       string   `xml:"id,attr"`
				To       string   `xml:"to,attr"`
				Type     string   `xml:"type,attr"`
				Lang     string   `xml:"lang,attr"`
				Show     string   `xml:"show"`
				Status   string   `xml:"status"`
				Priority string   `xml:"priority,attr"`
			}
			if err := xml.NewDecoder(strings.NewReader(reply)).Decode(&p); err != nil || p.Status == "" {
				b.Fatal(p, err)
			}
		}
	})
}
