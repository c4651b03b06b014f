package delay

import (
	"fmt"
	"time"
)

// maxOffset is the largest offset that XML Schema has, in minutes, either way.
const maxOffset = 14 * 60

// Zone is the optional zone of a [Date] or a [TimeOfDay]. The zero value means
// no zone. Zones are comparable.
//
// An offset other than UTC shows roughly where somebody is, so write one only
// where it is needed (XEP-0082 section 6).
type Zone struct {
	Known   bool // whether there is a zone
	Minutes int  // east of UTC, from -840 to 840; 0 if there is no zone
}

// Location returns the zone as a [*time.Location]. Without a zone it returns
// instead, or time.UTC if instead is nil.
func (z Zone) Location(instead *time.Location) *time.Location {
	switch {
	case !z.Known && instead != nil:
		return instead
	case z.Minutes == 0:
		return time.UTC
	}
	return time.FixedZone("", z.Minutes*60)
}

// String returns the text of XEP-0082 section 3: nothing, "Z" or an offset as in "-05:00".
func (z Zone) String() string {
	return string(z.append(nil))
}

// check returns the error of a zone that XML Schema has no text for.
func (z Zone) check() error {
	if z.Minutes > maxOffset || z.Minutes < -maxOffset || !z.Known && z.Minutes != 0 {
		return rangeError{fmt.Sprintf("zone of %d minutes", z.Minutes)}
	}
	return nil
}

func (z Zone) append(b []byte) []byte {
	switch {
	case !z.Known:
		return b
	case z.Minutes == 0:
		return append(b, 'Z')
	}
	sign, minutes := byte('+'), z.Minutes
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	return fmt.Appendf(append(b, sign), "%02d:%02d", minutes/60, minutes%60)
}
