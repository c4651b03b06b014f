package delay

import "time"

// parts are the parts of a text in one of the profiles. time.Date carries over hour
// 24 and second 60.
type parts struct {
	year, month, day     uint32
	hour, minute, second uint32
	nanos                uint32
	zone                 Zone
}

func (p parts) time() time.Time {
	return time.Date(int(p.year), time.Month(p.month), int(p.day),
		int(p.hour), int(p.minute), int(p.second), int(p.nanos), p.zone.Location(time.UTC))
}

// cursor reads a text from left to right, part by part. After its first error it
// returns only zeros.
type cursor struct {
	text   string
	at     int
	reason string
	err    error
}

func (c *cursor) fail(at int, reason string, err error) {
	if c.reason == "" {
		c.at, c.reason, c.err = at, reason, err
	}
}

// end returns the first error. It is an error if text is left over.
func (c *cursor) end(profile string) error {
	if c.reason == "" && c.at < len(c.text) {
		c.fail(c.at, "trailing text", nil)
	}
	if c.reason == "" {
		return nil
	}
	return &ParseError{Profile: profile, Input: clip(c.text), Offset: c.at, Reason: c.reason, Err: c.err}
}

// next returns the next byte, or 0 at the end and after an error.
func (c *cursor) next() byte {
	if c.reason == "" && c.at < len(c.text) {
		return c.text[c.at]
	}
	return 0
}

// accept reads sign if it is next.
func (c *cursor) accept(sign byte) bool {
	if c.next() != sign {
		return false
	}
	c.at++
	return true
}

// expect reads sign, which must be next.
func (c *cursor) expect(sign byte) {
	if !c.accept(sign) {
		c.fail(c.at, "no '"+string(rune(sign))+"'", nil)
	}
}

// number reads a number from low to high that has exactly n digits.
func (c *cursor) number(part string, n int, low, high uint32) uint32 {
	start, v := c.at, uint32(0)
	for range n {
		digit := c.next() - '0'
		if digit > 9 {
			c.fail(c.at, part+" lacks a digit", nil)
			return 0
		}
		v = v*10 + uint32(digit)
		c.at++
	}
	if v < low || v > high {
		c.fail(start, part+" out of range", ErrRange)
		return 0
	}
	return v
}

// date reads CCYY-MM-DD.
func (c *cursor) date(p *parts) {
	p.year = c.year()
	c.expect('-')
	p.month = c.number("month", 2, 1, 12)
	c.expect('-')
	c.day(p)
}

// compactDate reads CCYYMMDD.
func (c *cursor) compactDate(p *parts) {
	p.year = c.number("year", 4, 1, 9999)
	p.month = c.number("month", 2, 1, 12)
	c.day(p)
}

// year reads CCYY. Years before 1 or after 9999, which XML Schema allows, are out of
// range; anything else is malformed.
func (c *cursor) year() uint32 {
	start := c.at
	first := start
	if c.next() == '-' {
		first++
	}
	last := first
	for last < len(c.text) && c.text[last]-'0' <= 9 {
		last++
	}
	if n := last - first; last < len(c.text) && c.text[last] == '-' && (n > 4 || n == 4 && first > start) {
		c.fail(start, "year out of range", ErrRange)
	}
	return c.number("year", 4, 1, 9999)
}

func (c *cursor) day(p *parts) {
	start := c.at
	p.day = c.number("day", 2, 1, 31)
	if c.reason == "" && p.day > daysIn(p.year, p.month) {
		c.fail(start, "day out of range", ErrRange)
	}
}

// clock reads hh:mm:ss and any fraction. Hour 24, if maxHour allows it, has
// nothing but zeros after it.
func (c *cursor) clock(p *parts, maxHour, maxSecond uint32) {
	start := c.at
	p.hour = c.number("hour", 2, 0, maxHour)
	c.expect(':')
	p.minute = c.number("minute", 2, 0, 59)
	c.expect(':')
	p.second = c.number("second", 2, 0, maxSecond)
	rest := c.fraction(p)
	if c.reason == "" && p.hour == 24 && (p.minute != 0 || p.second != 0 || rest) {
		c.fail(start, "hour out of range", ErrRange)
	}
}

// fraction reads a point and digits, if they are next, and reports whether any
// digit is not 0. Digits past nanoseconds are cut.
func (c *cursor) fraction(p *parts) (some bool) {
	if !c.accept('.') {
		return false
	}
	start := c.at
	for c.next()-'0' <= 9 {
		digit := uint32(c.next() - '0')
		if c.at-start < 9 {
			p.nanos += digit * powers[c.at-start+1]
		}
		some = some || digit != 0
		c.at++
	}
	if c.at == start {
		c.fail(c.at, "fraction lacks a digit", nil)
	}
	return some
}

// zone reads Z or an offset, if one is next: only Z and ±hh:mm if strict,
// otherwise also z and ±hhmm.
func (c *cursor) zone(p *parts, strict bool) {
	if c.accept('Z') || !strict && c.accept('z') {
		p.zone.Known = true
		return
	}
	start := c.at
	west := c.accept('-')
	if !west && !c.accept('+') {
		return
	}
	minutes := c.number("offset", 2, 0, 14) * 60
	if strict || c.next() == ':' {
		c.expect(':')
	}
	minutes += c.number("offset", 2, 0, 59)
	if minutes > maxOffset {
		c.fail(start+1, "offset out of range", ErrRange)
		return
	}
	p.zone = Zone{Known: true, Minutes: int(minutes)}
	if west {
		p.zone.Minutes = -p.zone.Minutes
	}
}
