// Package address parses the addresses in stanzas (RFC 7622), fast where
// that is provably the same as parsing them in full.
//
// Almost every address on the wire is plain ASCII that a server has already
// brought to its canonical form; running PRECIS and IDNA over it again costs
// more than everything else that reading a presence does. Packages delay, probe,
// roster and its stores use it.
package address

import (
	"errors"
	"strings"

	"mellium.im/xmpp/jid"
)

// maxPart is the length that each part of an address may have, in bytes
// (RFC 7622 sections 3.2 to 3.4).
const maxPart = 1023

// errUnstable is of an address that would be another one once it is written and
// read again.
var errUnstable = errors.New("the address does not read back as it is written")

// Parse is [jid.Parse]: it returns the same address, or an error where that
// does, and for one more kind of input: jid.Parse takes one dot from the end of
// a domain, so that what it makes of "montague.lit.." would, written to a stanza
// or a store and read again, be somebody else. Canonical ASCII addresses take a
// short cut that allocates once.
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

// Bare returns the bare form of the address s, without allocating, and
// whether s is in canonical ASCII form. Only then may the result stand for
// the address, in a map's key for example.
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

// AppendBare appends the bare form of j to b. With room in b and parts of at
// most 32 bytes it does not allocate.
func AppendBare(b []byte, j jid.JID) []byte {
	if local := j.Localpart(); local != "" {
		b = append(b, local...)
		b = append(b, '@')
	}
	return append(b, j.Domainpart()...)
}

// OfKey returns the address of which key is the bare form, as AppendBare and
// Bare have it.
func OfKey(key string) jid.JID {
	local, domain, found := strings.Cut(key, "@")
	if !found {
		local, domain = "", key
	}
	return jid.NewUnsafe(local, domain, "").JID
}

// canonical splits s and tells whether it is certain that parsing it in full
// would change nothing.
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

// consists tells whether a part of an address is there, is not too long, and has
// only such bytes.
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
