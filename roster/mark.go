package roster

import (
	"fmt"
	"hash/fnv"
	"io"
	"strconv"
	"strings"
)

// mark is what a [Store] keeps as the roster's version: the version, and a sum of
// the items that the roster had. A store may have other items, because a file was
// damaged or because several processes wrote to it. The server, told the version,
// would then send too little.
func mark(sum uint64, version string) string {
	if version == "" {
		return ""
	}
	return fmt.Sprintf("%x:%s", sum, version)
}

// marked returns the version of a mark, empty where it is not of items with that
// sum.
func marked(mark string, sum uint64) (version string) {
	text, version, _ := strings.Cut(mark, ":")
	if n, err := strconv.ParseUint(text, 16, 64); err != nil || n != sum {
		return ""
	}
	return version
}

// sum returns a number that other details of the contact, or of another one,
// hardly have.
func (d details) sum(key string) uint64 {
	h := fnv.New64a()
	for _, s := range append([]string{key, d.name, d.subscription.String(), strconv.FormatBool(d.ask), strconv.FormatBool(d.approved)}, d.groupNames()...) {
		_, _ = io.WriteString(h, s)
		_, _ = h.Write([]byte{0})
	}
	return h.Sum64()
}
