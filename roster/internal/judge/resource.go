package judge

import (
	"cmp"
	"slices"
	"strings"

	"example.org/lastpresence/probe"
)

// maxResources limits the resources of one contact; the latest are kept.
const maxResources = 32

// maxWords limits the statuses that are no goodbyes, in bytes, but for the last.
const maxWords = 4096

// Resource is a connected client.
type Resource struct {
	Name     string
	Show     string
	Status   string
	Since    Moment
	Idle     Moment
	Priority int8
	Kept     *probe.Presence // the whole presence, if its other children are kept
}

// resources returns the connected resources.
func (k *Knowledge) resources() []Resource {
	if k.here == nil {
		return nil
	}
	return *k.here
}

// setResources sets the connected resources.
func (k *Knowledge) setResources(here []Resource) {
	switch {
	case len(here) == 0:
		k.here = nil
	case k.here == nil:
		k.here = &here
	default:
		*k.here = here
	}
}

// remove removes a resource, and reports whether it was there.
func (k *Knowledge) remove(name string) bool {
	here := k.resources()
	i := slices.IndexFunc(here, func(r Resource) bool { return r.Name == name })
	if i < 0 {
		return false
	}
	k.remember([]string{here[i].Status})
	k.setResources(slices.Delete(here, i, i+1))
	return true
}

// lose drops resources whose departure nobody reported. Some servers report
// their statuses later, as if the contact had said them as it left.
func (k *Knowledge) lose() {
	if words := k.statuses(); k.here != nil {
		k.here = nil
		k.remember(words)
	}
}

// Settle drops the resources that the present epoch has not reported. Its login
// must be over.
func (k *Knowledge) Settle(e Epoch) {
	if k.epoch != e {
		k.lose()
	}
}

// statuses returns the statuses of the resources that are connected, and of those
// that were since the contact was last offline.
func (k *Knowledge) statuses() (words []string) {
	if k.some().words != "" {
		words = strings.Split(strings.Trim(k.rare.words, "\x00"), "\x00")
	}
	for _, r := range k.resources() {
		if r.Status != "" {
			words = append(words, r.Status)
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// remember keeps statuses that are not goodbyes.
func (k *Knowledge) remember(words []string) {
	for _, s := range words {
		if s == "" || k.before(s) {
			continue
		}
		k.set(func(r *rare) {
			if len(r.words) >= maxWords {
				r.words = ""
			}
			r.words = cmp.Or(r.words, "\x00") + s + "\x00"
		})
	}
}

// before reports whether a text is what the contact said while it was
// available.
func (k *Knowledge) before(words string) bool {
	return words != "" && k.rare != nil && strings.Contains(k.rare.words, "\x00"+words+"\x00")
}

func compareResources(a, b Resource) int {
	return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(b.Since, a.Since), strings.Compare(a.Name, b.Name))
}
