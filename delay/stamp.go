package delay

import "time"

// ParseStamp reads the stamp of an element that others wrote; for everything
// else there is [ParseDateTime]. It accepts what that does, then what
// [ParseLegacy] does, as XEP-0082 section 4 demands, and then the mistakes that
// servers are known to make, one or several:
//
//   - no zone, which is read as UTC;
//   - a space between date and time;
//   - lower case t and z;
//   - an offset without its colon;
//   - a second 60, which is read as the second after 59.
//
// All parts must exist nevertheless: there is no month 13 that is carried over.
// The error is a [*ParseError], [ErrRange] as from [ParseDateTime].
func ParseStamp(s string) (time.Time, error) {
	if t, err := ParseDateTime(s); err == nil {
		return t, nil
	}
	c := cursor{text: s}
	var p parts
	if len(s) > 4 && s[4]-'0' <= 9 {
		c.compactDate(&p)
	} else {
		c.date(&p)
	}
	if !c.accept('t') && !c.accept(' ') {
		c.expect('T')
	}
	c.clock(&p, 24, 60)
	c.zone(&p, false)
	if err := c.end("stamp"); err != nil {
		return time.Time{}, err
	}
	return p.time(), nil
}
