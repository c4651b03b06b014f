package delay

import "time"

const (
	secondsPerDay = 24 * 60 * 60

	// epochDays is the number of days from 0000-03-01, where the arithmetic
	// of civil dates starts its years, to 1970-01-01.
	epochDays = 719468
)

// A scan is what reading one part of a text came to: where the next part
// begins, or where and why it failed.
type scan struct {
	next   int
	reason string
}

// two reads two digits at i, which must be inside of s with the next one.
func two(s string, i int) (int, bool) {
	a, b := s[i]-'0', s[i+1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}

// scanDate reads CCYY-MM-DD at the start of s, or CCYYMMDD if dash is 0.
func scanDate(s string, dash int) (year, month, day int, _ scan) {
	m := 4 + dash
	d := m + 2 + dash
	if len(s) < d+2 {
		return 0, 0, 0, scan{min(len(s), yearEnd(s)), dateReason(s)}
	}
	century, ok1 := two(s, 0)
	year, ok2 := two(s, 2)
	month, ok3 := two(s, m)
	day, ok4 := two(s, d)
	year += century * 100
	if !(ok1 && ok2 && ok3 && ok4) || dash == 1 && (s[4] != '-' || s[7] != '-') {
		return 0, 0, 0, scan{yearEnd(s), dateReason(s)}
	}
	switch {
	case year == 0:
		return 0, 0, 0, scan{0, reasonYear}
	case month < 1 || month > 12:
		return 0, 0, 0, scan{m, reasonMonth}
	case day < 1 || day > 28 && day > daysIn(year, month):
		return 0, 0, 0, scan{d, reasonDay}
	}
	return year, month, day, scan{next: d + 2}
}

// yearEnd returns where the digits at the start of s end.
func yearEnd(s string) int {
	i := 0
	for i < len(s) && s[i]-'0' <= 9 {
		i++
	}
	return i
}

// dateReason tells the years that XML Schema has and XEP-0082 does not, those
// with a sign or more than four digits, from plain nonsense.
func dateReason(s string) string {
	if len(s) > 0 && s[0] == '-' {
		s = s[1:]
		if n := yearEnd(s); n >= 4 && n < len(s) && s[n] == '-' {
			return reasonYear
		}
		return reasonDate
	}
	if n := yearEnd(s); n > 4 && n < len(s) && s[n] == '-' {
		return reasonYear
	}
	return reasonDate
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// scanClock reads hh:mm:ss and any fraction at i. It returns the seconds since
// midnight, a day's worth of them for 24:00:00, and nanoseconds.
func scanClock(s string, i int) (seconds, nanos int, _ scan) {
	if len(s) < i+8 {
		return 0, 0, scan{len(s), reasonClock}
	}
	hour, ok1 := two(s, i)
	minute, ok2 := two(s, i+3)
	second, ok3 := two(s, i+6)
	if !(ok1 && ok2 && ok3) || s[i+2] != ':' || s[i+5] != ':' {
		return 0, 0, scan{i, reasonClock}
	}
	switch {
	case hour > 24:
		return 0, 0, scan{i, reasonHour}
	case minute > 59:
		return 0, 0, scan{i + 3, reasonMinute}
	case second > 59:
		return 0, 0, scan{i + 6, reasonSecond}
	}
	next, some := i+8, false
	if next < len(s) && s[next] == '.' {
		next++
		first, unit := next, 100_000_000
		for next < len(s) && s[next]-'0' <= 9 {
			digit := int(s[next] - '0')
			some = some || digit != 0
			nanos += digit * unit
			unit /= 10
			next++
		}
		if next == first {
			return 0, 0, scan{next, reasonDigits}
		}
	}
	seconds = hour*3600 + minute*60 + second
	if hour == 24 && (seconds != secondsPerDay || some) {
		return 0, 0, scan{i, reasonHour}
	}
	return seconds, nanos, scan{next: next}
}

// scanZone reads Z or an offset at i, which must end s. It returns the offset
// in minutes east of UTC.
func scanZone(s string, i int) (minutes int, _ scan) {
	if i == len(s) {
		return 0, scan{i, reasonNoZone}
	}
	if s[i] == 'Z' {
		if len(s) > i+1 {
			return 0, scan{i + 1, reasonTrail}
		}
		return 0, scan{next: i + 1}
	}
	if s[i] != '+' && s[i] != '-' || len(s) < i+6 || s[i+3] != ':' {
		return 0, scan{i, reasonZone}
	}
	hour, ok1 := two(s, i+1)
	minute, ok2 := two(s, i+4)
	switch {
	case !ok1 || !ok2:
		return 0, scan{i, reasonZone}
	case minute > 59 || hour > 14 || hour == 14 && minute != 0:
		return 0, scan{i, reasonOffset}
	case len(s) > i+6:
		return 0, scan{i + 6, reasonTrail}
	}
	minutes = hour*60 + minute
	if s[i] == '-' {
		minutes = -minutes
	}
	return minutes, scan{next: i + 6}
}

// unixDays returns the days from 1970-01-01 to a date from year 1 on, in the
// proleptic Gregorian calendar. Counting years from March puts the leap day
// at their end, where it needs no case of its own.
func unixDays(year, month, day int) int {
	if month < 3 {
		year--
		month += 12
	}
	return 365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + day - 1 - epochDays
}

// civil is the inverse of unixDays.
func civil(days int) (year, month, day int) {
	z := uint32(days + epochDays)
	era, doe := z/146097, z%146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	year, month, day = int(era*400+yoe), int(mp)+3, int(doy-(153*mp+2)/5)+1
	if month > 12 {
		year++
		month -= 12
	}
	return year, month, day
}

// instant returns the instant in the zone that minutes says, which allocates only
// for offsets that are not whole hours.
func instant(seconds int64, nanos, minutes int) time.Time {
	t := time.Unix(seconds-int64(minutes)*60, int64(nanos))
	if minutes == 0 {
		return t.UTC()
	}
	return t.In(time.FixedZone("", minutes*60))
}
