package delay

import "time"

// Zone is the zone of a [Date] or a [TimeOfDay], which XEP-0082 leaves
// optional. The zero value stands for none. It is comparable.
type Zone struct {
	Known   bool // whether a zone was written
	Minutes int  // east of UTC, from -840 to 840
}

// Location returns the zone as package time has it, or instead if there is
// none.
func (z Zone) Location(instead *time.Location) *time.Location {
	switch {
	case !z.Known:
		return instead
	case z.Minutes == 0:
		return time.UTC
	}
	return time.FixedZone("", z.Minutes*60)
}

func (z Zone) valid() bool {
	return -840 <= z.Minutes && z.Minutes <= 840 && (z.Known || z.Minutes == 0)
}

func (z Zone) append(b []byte) []byte {
	if !z.Known {
		return b
	}
	if z.Minutes == 0 {
		return append(b, 'Z')
	}
	sign, minutes := byte('+'), z.Minutes
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	h, m := minutes/60*2, minutes%60*2
	return append(b, sign, pairs[h], pairs[h+1], ':', pairs[m], pairs[m+1])
}

// scanOptional reads a zone or nothing at i, which must end s.
func scanOptional(s string, i int) (Zone, scan) {
	if i == len(s) {
		return Zone{}, scan{next: i}
	}
	minutes, at := scanZone(s, i)
	return Zone{Known: true, Minutes: minutes}, at
}
