package csi_test

import (
	"encoding/xml"
	"strings"
	"testing"

	"mellium.im/xmlstream"

	"example.org/lastpresence/internal/wire/csi"
)

func TestElements(t *testing.T) {
	for want, r := range map[string]xml.TokenReader{
		`<active xmlns="urn:xmpp:csi:0"></active>`:     csi.Active(),
		`<inactive xmlns="urn:xmpp:csi:0"></inactive>`: csi.Inactive(),
	} {
		var b strings.Builder
		e := xml.NewEncoder(&b)
		if _, err := xmlstream.Copy(e, r); err != nil {
			t.Fatal(err)
		}
		if err := e.Flush(); err != nil {
			t.Fatal(err)
		}
		if b.String() != want {
			t.Errorf("got %s, want %s", b.String(), want)
		}
	}
}
