// Package address parses the JIDs in stanzas (RFC 7622). It takes a short cut
// where the result is provably that of parsing the JID in full.
//
// Almost every JID on the wire is plain ASCII, and a server has already brought
// it to canonical form. Applying PRECIS and IDNA to it again would cost more
// than everything else in reading a presence. Packages delay, probe and roster,
// and the stores of roster, use this package.
package address

import (
	"errors"
	"strings"

	"mellium.im/xmpp/jid"
)

// maxPart is the length that each part of an address may have, in bytes
// (RFC 7622 sections 3.2 to 3.4).
const maxPart = 1023

// errUnstable is the error for a JID that would become another one when it is
// written and read again.
var errUnstable = errors.New("the address does not read back as it is written")

// Parse is [jid.Parse], with one more kind of error. jid.Parse removes one dot
// from the end of a domain. A JID such as "montague.lit.." would therefore
// become another one when it is written to a stanza or store and read again;
// Parse rejects it. Canonical ASCII JIDs take a short cut that allocates once.
func Parse(s string) (jid.JID, error) {
	if local, domain, resource, ok := canonical(s); ok {
		return jid.NewUnsafe(local, domain, resource).JID, nil
	}
	j, err := jid.Parse(s)
	if err != nil {
		return jid.JID{}, err
	}
	if again, err := jid.Parse(j.String()); err != nil || !again.Equal(j) {
		return jid.JID{}, errUnstable
	}
	return j, nil
}

// Bare returns the bare form of s without allocating, and whether s is in
// canonical ASCII form. Only then may the result stand for the JID, for example
// as a map key.
func Bare(s string) (string, bool) {
	local, domain, _, ok := canonical(s)
	if !ok {
		return "", false
	}
	n := len(domain)
	if local != "" {
		n += len(local) + 1
	}
	return s[:n], true
}

// AppendBare appends the bare form of j to b. It does not allocate if b has
// room and no part of j is longer than 32 bytes.
func AppendBare(b []byte, j jid.JID) []byte {
	if local := j.Localpart(); local != "" {
		b = append(b, local...)
		b = append(b, '@')
	}
	return append(b, j.Domainpart()...)
}

// OfKey returns the JID whose bare form, as AppendBare or Bare returns it, is
// key.
func OfKey(key string) jid.JID {
	local, domain, found := strings.Cut(key, "@")
	if !found {
		local, domain = "", key
	}
	return jid.NewUnsafe(local, domain, "").JID
}

// canonical splits s, and reports whether parsing it in full would certainly
// change nothing.
func canonical(s string) (local, domain, resource string, ok bool) {
	domain = s
	if i := strings.IndexByte(s, '/'); i >= 0 {
		domain, resource = s[:i], s[i+1:]
		if !consists(resource, inResource) {
			return "", "", "", false
		}
	}
	if i := strings.IndexByte(domain, '@'); i >= 0 {
		local, domain = domain[:i], domain[i+1:]
		if !consists(local, inLocal) {
			return "", "", "", false
		}
	}
	return local, domain, resource, canonicalDomain(domain)
}

// What a byte may be part of.
const (
	// inResource is printable ASCII, which the OpaqueString profile leaves as
	// it is.
	inResource = 1 << iota
	// inLocal are the lower-case letters, digits and the few signs that the
	// UsernameCaseMapped profile leaves as they are.
	inLocal
	// inLabel are lower-case letters and digits.
	inLabel
	letter
)

var parts = func() (parts [256]uint8) {
	for c := ' '; c <= '~'; c++ {
		parts[c] = inResource
	}
	for c := 'a'; c <= 'z'; c++ {
		parts[c] |= inLocal | inLabel | letter
	}
	for c := '0'; c <= '9'; c++ {
		parts[c] |= inLocal | inLabel
	}
	for _, c := range "-._+" {
		parts[c] |= inLocal
	}
	return parts
}()

// consists reports whether a part of a JID is present, not too long, and made
// only of the given bytes.
func consists(s string, of uint8) bool {
	if len(s) == 0 || len(s) > maxPart {
		return false
	}
	for i := 0; i < len(s); i++ {
		if parts[s[i]]&of == 0 {
			return false
		}
	}
	return true
}

// canonicalDomain accepts lower-case labels of letters, digits and inner
// hyphens, none of which could be an A-label or part of an IP address.
func canonicalDomain(s string) bool {
	if len(s) == 0 || len(s) > 253 {
		return false
	}
	start, seen := 0, uint8(0)
	for i := 0; i < len(s); i++ {
		part := parts[s[i]]
		if part&inLabel != 0 {
			seen |= part
			continue
		}
		end := i+1 == len(s) || s[i+1] == '.' // of a label, which must not be here
		switch n := i - start; s[i] {
		case '-':
			// A-labels ("xn--") and other names reserved by their
			// third and fourth byte need IDNA's own judgement.
			if n == 0 || n == 2 || n == 3 || end {
				return false
			}
		case '.':
			if n == 0 || n > 63 || end {
				return false
			}
			start = i + 1
		default:
			return false
		}
	}
	return len(s)-start <= 63 && seen&letter != 0
}
