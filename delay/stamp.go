package delay

import "time"

// ParseStamp reads the stamp of an element that others wrote; for everything
// else there is [ParseDateTime]. It accepts what that does, what [ParseLegacy]
// does, as XEP-0082 section 4 demands of old elements, and the mistakes that
// servers are known to make, one or several:
//
//   - no zone, read as UTC, in which XEP-0203 section 2 and XEP-0091 section 4
//     have all stamps;
//   - a space between date and time, and lower case t and z, which RFC 3339
//     section 5.6 allows;
//   - an offset without its colon, which ISO 8601 allows and strftime writes;
//   - a second 60, a leap second by RFC 3339, read as the second after 59, as
//     Unix time does;
//   - one of the two forms with what only the other has, such as a legacy date
//     and time with a zone.
//
// All parts must exist nevertheless: there is no month 13 that is carried over.
// The error is a [*ParseError], and [ErrRange] where a part does not exist. A year
// of more than four digits is malformed here, where it might be a legacy date.
func ParseStamp(s string) (time.Time, error) {
	if t, ok := usual(s); ok {
		return t, nil
	}
	// What is lenient here leaves the meaning of both forms as it is.
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
