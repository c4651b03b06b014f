// Package address parses the addresses in stanzas (RFC 7622), fast where
// that is provably the same as parsing them in full.
//
// Almost every address on the wire is plain ASCII that a server has already
// brought to its canonical form; running PRECIS and IDNA over it again costs
// more than everything else that reading a presence does.
package address

import "mellium.im/xmpp/jid"

// maxPart is the length that each part of an address may have, in bytes
// (RFC 7622 sections 3.2 to 3.4).
const maxPart = 1023

// Parse is [jid.Parse]: it returns the same address, or an error where that
// does, for every input. Canonical ASCII addresses take a short cut that
// allocates once.
func Parse(s string) (jid.JID, error) {
	local, domain, resource, ok := canonical(s)
	if !ok {
		return jid.Parse(s)
	}
	return jid.NewUnsafe(local, domain, resource).JID, nil
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

// canonical splits s and tells whether it is certain that parsing it in full
// would change nothing.
func canonical(s string) (local, domain, resource string, ok bool) {
	domain = s
	for i := 0; i < len(s); i++ {
		if s[i] == '/' {
			domain, resource = s[:i], s[i+1:]
			if resource == "" || !canonicalResource(resource) {
				return "", "", "", false
			}
			break
		}
	}
	for i := 0; i < len(domain); i++ {
		if domain[i] == '@' {
			local, domain = domain[:i], domain[i+1:]
			if local == "" || !canonicalLocal(local) {
				return "", "", "", false
			}
			break
		}
	}
	return local, domain, resource, canonicalDomain(domain)
}

// canonicalLocal accepts the lower-case letters, digits and the few signs
// that the UsernameCaseMapped profile leaves as they are.
func canonicalLocal(s string) bool {
	if len(s) > maxPart {
		return false
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '.', c == '-', c == '_', c == '+':
		default:
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
	label, letters := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z':
			letters = true
			label++
		case '0' <= c && c <= '9':
			label++
		case c == '-':
			// A-labels ("xn--") and other names reserved by their
			// third and fourth byte need IDNA's own judgement.
			if label == 0 || label == 2 || label == 3 {
				return false
			}
			if i+1 == len(s) || s[i+1] == '.' {
				return false
			}
			label++
		case c == '.':
			if label == 0 || i+1 == len(s) {
				return false
			}
			label = 0
			continue
		default:
			return false
		}
		if label > 63 {
			return false
		}
	}
	return letters
}

// canonicalResource accepts printable ASCII, which the OpaqueString profile
// leaves as it is.
func canonicalResource(s string) bool {
	if len(s) > maxPart {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
