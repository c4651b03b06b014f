package delay

import "time"

// ParseLegacy parses CCYYMMDDThh:mm:ss, the form of XEP-0091 (XEP-0082 section
// 4), which is always in UTC. It also accepts a fraction, which deployed
// servers send, and nothing else. The errors are those of [ParseDateTime].
func ParseLegacy(s string) (time.Time, error) {
	c := cursor{text: s}
	var p parts
	c.compactDate(&p)
	c.expect('T')
	c.clock(&p, 23, 59)
	if err := c.end("legacy"); err != nil {
		return time.Time{}, err
	}
	return p.time(), nil
}

// appendLegacy appends what ParseLegacy reads, without a fraction. The year of
// t must be one that AppendDateTime writes.
func appendLegacy(b []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(b, "20060102T15:04:05")
}
