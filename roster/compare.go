package roster

import (
	"cmp"
	"slices"
	"strings"
)

// shows are from the most available to the least.
var shows = []string{"chat", "", "away", "xa", "dnd"}

// Compare orders contacts as a contact list shows them, for [slices.SortFunc].
// Online contacts come first, ordered by their most available resource: chat,
// online, away, xa, dnd. Offline contacts follow, the one seen last first;
// those without a LastSeen come last. Ties are broken by name, or by address if
// there is no name, ignoring case.
func Compare(a, b Contact) int {
	if a.Online != b.Online {
		if a.Online {
			return -1
		}
		return 1
	}
	by := b.LastSeen.Compare(a.LastSeen)
	if a.Online {
		by = cmp.Compare(a.availability(), b.availability())
	}
	return cmp.Or(by, strings.Compare(strings.ToLower(a.label()), strings.ToLower(b.label())), strings.Compare(a.JID.String(), b.JID.String()))
}

// availability is the place of the best show of an online contact.
func (c Contact) availability() int {
	best := len(shows)
	for _, r := range c.Resources {
		best = min(best, slices.Index(shows, r.Show))
	}
	if len(c.Resources) == 0 {
		return slices.Index(shows, "")
	}
	return best
}

func (c Contact) label() string { return cmp.Or(c.Name, c.JID.String()) }
