package roster

import (
	"fmt"
	"hash/fnv"
	"io"
	"strconv"
	"strings"
)

// mark returns what a [Store] keeps as the roster's version: the version and a
// sum of the roster's items. The store may have other items, because a file was
// damaged or several processes wrote to it. A server that is told the version
// would then send too little.
func mark(sum uint64, version string) string {
	if version == "" {
		return ""
	}
	return fmt.Sprintf("%x:%s", sum, version)
}

// marked returns the version in a mark, or the empty string if the mark belongs
// to items with another sum.
func marked(mark string, sum uint64) (version string) {
	text, version, _ := strings.Cut(mark, ":")
	if n, err := strconv.ParseUint(text, 16, 64); err != nil || n != sum {
		return ""
	}
	return version
}

// sum returns a hash of the details and the contact's address.
func (it details) sum(key string) uint64 {
	h := fnv.New64a()
	for _, s := range append([]string{key, it.name, it.subscription.String(), strconv.FormatBool(it.ask), strconv.FormatBool(it.approved)}, it.groupNames()...) {
		_, _ = io.WriteString(h, s)
		_, _ = h.Write([]byte{0})
	}
	return h.Sum64()
}
