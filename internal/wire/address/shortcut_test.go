package address

import (
	"strings"
	"testing"
)

// What takes the short cut and should not, is caught by comparing with package
// jid. This is what should take it, up to the limits, and what is just beyond.
func TestTheShortCutIsTakenUpToItsLimits(t *testing.T) {
	times := strings.Repeat
	label63 := times("a", 63)
	long := label63 + "." + label63 + "." + label63 + "." // 192 bytes
	for s, want := range map[string]bool{
		"az09@az09.lit/ ~":      true,
		"a-._+@montague.lit":    true,
		"`@montague.lit":        false, // before a
		"{@montague.lit":        false, // behind z
		"/@montague.lit":        false,
		":@montague.lit":        false,
		"a@montague.lit/\x1f":   false,
		"a@montague.lit/\x7f":   false,
		"a@montague.lit/a/b":    true,
		"a@montague.lit/a@b":    true,
		"/r":                    false,
		"@montague.lit":         false,
		"a@montague.lit/":       false,
		"a@b@montague.lit":      false,
		times("l", 1023) + "@b": true,
		times("l", 1024) + "@b": false,
		"b/" + times("r", 1023): true,
		"b/" + times("r", 1024): false,
		"":                      false,
		"a":                     true,
		"1":                     false, // perhaps a part of an IP address
		"1a":                    true,
		"127.0.0.1":             false,
		"1.b":                   true,
		"b.1":                   true,
		label63:                 true,
		label63 + "a":           false,
		label63 + ".b":          true,
		label63 + "a.b":         false,
		"b." + label63:          true,
		"b." + label63 + "a":    false,
		long + times("b", 61):   true, // 253 bytes
		long + times("b", 62):   false,
		"a-b":                   true,
		"-ab":                   false,
		"a.-b":                  false,
		"ab-":                   false,
		"ab-.c":                 false,
		"ab-c":                  false, // the third byte
		"abc-d":                 false, // the fourth
		"abcd-e":                true,
		"a.bc-d":                false,
		"a.bcde-f":              true,
		"abcd.e-f":              true,
		".a":                    false,
		"a.":                    false,
		"a..b":                  false,
		"a_b":                   false,
		"montague.lit/\x00":     false,
		"\xff":                  false,
	} {
		if _, _, _, ok := canonical(s); ok != want {
			t.Errorf("%.40q takes it: %v, want %v", s, ok, want)
		}
	}
	local, domain, resource, ok := canonical("romeo@montague.lit/a/b@c")
	if !ok || local != "romeo" || domain != "montague.lit" || resource != "a/b@c" {
		t.Errorf("the parts are %q, %q, %q", local, domain, resource)
	}
}

func TestWhichPartsEachByteMayBeIn(t *testing.T) {
	const signs, letters, digits = "-._+", "abcdefghijklmnopqrstuvwxyz", "0123456789"
	for c := range 256 {
		in := func(s string) bool { return strings.IndexByte(s, byte(c)) >= 0 }
		want := uint8(0)
		if c >= 0x20 && c < 0x7f {
			want = inResource
		}
		if in(letters + digits + signs) {
			want |= inLocal
		}
		if in(letters + digits) {
			want |= inLabel
		}
		if in(letters) {
			want |= letter
		}
		if parts[c] != want {
			t.Errorf("%#02x: %b, want %b", c, parts[c], want)
		}
	}
}
