package delay

import "math/bits"

// epochDays is the number of days from 0000-03-01 to 1970-01-01. Both
// functions count years from March, which puts the leap day at their end,
// where it needs no case of its own.
const epochDays = 719468

// unixDays returns the days from 1970-01-01 to a date from the year 1 on, in
// the proleptic Gregorian calendar.
func unixDays(year, month, day uint32) int64 {
	if month < 3 {
		year--
		month += 12
	}
	n := 365*year + year/4 - year/100 + year/400 + (153*month-457)/5 + day - 1
	return int64(n) - epochDays
}

// civil is the inverse of unixDays, counting from 0000-03-01. It returns a
// century and a year in it, which is how they are written. The divisions by
// multiplication are those of Neri and Schneider, "Euclidean Affine Functions
// and Applications to Calendar Algorithms" (2022).
func civil(days uint32) (century, year, month, day uint32) {
	quarters := 4*days + 3
	century = quarters / 146097
	year, rest := bits.Mul32(2939745, quarters%146097|3)
	dayOfYear := rest / (4 * 2939745)
	n := 2141*dayOfYear + 197913
	month, day = n>>16, n&0xffff/2141+1
	if dayOfYear >= 306 {
		month -= 12
		if year++; year == 100 {
			century, year = century+1, 0
		}
	}
	return century, year, month, day
}

func daysIn(year, month uint32) uint32 {
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
