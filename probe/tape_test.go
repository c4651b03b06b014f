package probe

import (
	"encoding/xml"
	"testing"

	"mellium.im/xmlstream"
)

// A long stanza does not cost memory for ever, and a usual one does not cost new
// memory each time.
func TestATapeKeepsRoomForStanzasOfUsualLength(t *testing.T) {
	for length, kept := range map[int]bool{100: true, 16 << 10: true, 20_000: false, 1 << 20: false} {
		var tp tape
		source := xmlstream.Token(xml.CharData(make([]byte, length)))
		tp.record(source)
		if _, err := tp.Token(); err != nil && len(tp.text) != length {
			t.Fatal(err)
		}
		tp.record(source)
		if room := cap(tp.text); (room >= length) != kept || !kept && room != 0 {
			t.Errorf("after a text of %d bytes there is room for %d", length, room)
		}
	}
}
