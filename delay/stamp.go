package delay

import "time"

// ParseStamp parses the stamp of an element that somebody else wrote. Use
// [ParseDateTime] for everything else. ParseStamp accepts what ParseDateTime
// and [ParseLegacy] accept, as XEP-0082 section 4 requires for old elements. It
// also accepts the mistakes that servers are known to make, and any combination
// of them:
//
//   - no zone: read as UTC, which XEP-0203 section 2 and XEP-0091 section 4
//     require of all stamps;
//   - a space between date and time, and lower-case t and z, which RFC 3339
//     section 5.6 allows;
//   - an offset without a colon, which ISO 8601 allows and strftime writes;
//   - second 60, a leap second in RFC 3339, read as the second after 59, as
//     Unix time does;
//   - a mixture of the two forms, such as a legacy date and time with a zone.
//
// Every part must still exist: month 13 is not carried over into the next year.
// The errors are those of ParseDateTime, except that a year of more than four
// digits is malformed, because it might be a legacy date.
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
