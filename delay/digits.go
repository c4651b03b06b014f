package delay

const hundred = "00010203040506070809" +
	"10111213141516171819" +
	"20212223242526272829" +
	"30313233343536373839" +
	"40414243444546474849" +
	"50515253545556575859" +
	"60616263646566676869" +
	"70717273747576777879" +
	"80818283848586878889" +
	"90919293949596979899"

// powers[n] converts a fraction of n digits to nanoseconds.
var powers = [...]uint32{1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 1e1, 1}

// two reads two digits at i; i+1 must be inside s. For anything but digits it returns
// a number that is too large for any part.
func two(s string, i int) uint32 {
	tens, ones := uint32(s[i]-'0'), uint32(s[i+1]-'0')
	if tens > 9 || ones > 9 {
		return 100
	}
	return tens*10 + ones
}

// pairs returns the two digits of each of four numbers less than 100, in the
// order in which binary.LittleEndian writes them.
func pairs(a, b, c, d uint32) uint64 {
	n := uint64(a) | uint64(b)<<16 | uint64(c)<<32 | uint64(d)<<48
	tens := n * 103 >> 10 & 0x000f_000f_000f_000f
	return (tens | (n-tens*10)<<8) + 0x3030_3030_3030_3030
}

// put writes two digits to the start of p.
func put(p []byte, n uint32) {
	n = n % 128 * 2
	_ = p[1]
	p[0], p[1] = hundred[n], hundred[n+1]
}

// appendFraction appends a point and as many digits as nanos needs, or nothing
// if it is 0.
func appendFraction(b []byte, nanos uint32) []byte {
	if nanos == 0 {
		return b
	}
	b = append(b, ".000000000"...)
	p := b[len(b)-9:]
	micros := nanos / 1000
	high := micros / 10000
	low := micros - high*10000
	put(p[0:], high)
	put(p[2:], low/100)
	put(p[4:], low%100)
	n := len(b) - 3
	if rest := nanos - micros*1000; rest != 0 {
		p[6] = '0' + byte(rest/100)
		put(p[7:], rest%100)
		n = len(b)
	}
	for b[n-1] == '0' {
		n--
	}
	return b[:n]
}
