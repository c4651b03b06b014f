package filestore

import (
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/roster"
)

// merge returns the content of a file after changes are merged into it. Lines
// of contacts that have not changed are copied without being parsed.
func merge(account jid.JID, data []byte, changes roster.Saved) ([]byte, error) {
	saved, lines, err := open(account, data)
	if err != nil {
		return nil, err
	}
	if lines.version < version {
		saved, err = decode(account, data)
		return encode(account, saved.Merge(changes)), err
	}
	saved = saved.Merge(changes)
	p := newPage(account, saved)
	p.Grow(len(data))
	rest := saved.Records
	for lines.next() {
		key := lines.address
		for len(rest) > 0 && rest[0].JID.String() < key {
			p.add(rest[0])
			rest = rest[1:]
		}
		if len(rest) == 0 || rest[0].JID.String() != key {
			p.Write(lines.line)
			continue
		}
		r := lines.record()
		p.add(r.AsOf(changes.At).Merge(rest[0]))
		rest = rest[1:]
	}
	if lines.err != nil {
		return nil, lines.err
	}
	for _, r := range rest {
		p.add(r)
	}
	return p.end(), nil
}
