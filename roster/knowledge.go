package roster

import (
	"cmp"
	"slices"

	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/probe"
)

// Bounds of what is kept of one contact; the latest stay.
const (
	maxResources  = 32 // resources that are online
	maxDepartures = 16 // resources that left
	maxEnds       = 8
)

// knowledge is what is known of one contact's availability, apart from
// sessions and clocks.
//
// Every part of it is the greatest of the facts that it is made of, in an
// order that leaves no ties. So it does not depend on the order in which facts
// come, nor on how often (but for facts that exceed the bounds). What they mean
// together is worked out when somebody looks, see state.go.
type knowledge struct {
	resources []event // the latest of each resource, in no order
	up        moment  // when a resource was online last
	seen      sighting
	absence   *absence // nil where nothing was told of it
	learnt    moment   // when something was last heard, and how
	since     moment   // when all that was known before was dropped
	began     moment   // when the latest epoch began in which something was heard
	source    Source
}

// absence is what was told of the contact as a whole being offline. Many contacts
// have none, because they left before our eyes.
type absence struct {
	ends   []end    // the earliest first
	active sighting // by last activity, in whole seconds
	words  words
	asked  moment // when the last answer came that says offline
}

// absent returns the absence to change.
func (k *knowledge) absent() *absence {
	if k.absence == nil {
		k.absence = new(absence)
	}
	return k.absence
}

// told returns the absence to look at.
func (k *knowledge) told() absence {
	if k.absence == nil {
		return absence{}
	}
	return *k.absence
}

// presence takes a presence of the contact. It returns whether it said
// anything about availability.
//
// A server says what holds: however old the stamp, it speaks of the epoch's
// beginning at the earliest, and so replaces what was heard before.
func (k *knowledge) presence(p probe.Presence, h hearing) bool {
	at := h.at
	if !p.Delay.Stamp.IsZero() {
		at = momentOf(p.Delay.Stamp)
	}
	spoken := max(upTo(at, h.at), h.began)
	name := p.From.Resourcepart()
	switch {
	case p.Type == stanza.AvailablePresence:
		k.event(event{name: name, at: spoken, heard: h.at, here: &appearance{
			status:   p.Status(),
			since:    at,
			idle:     momentOf(p.Idle),
			show:     showOf(p.Show),
			priority: p.Priority,
		}})
		k.up = max(k.up, spoken)
	case p.Type != stanza.UnavailablePresence:
		return false
	case name != "":
		k.event(event{name: name, at: spoken, heard: h.at})
		k.seen.take(sighting{at: at, heard: h.at, resource: name, status: p.Status(), settled: true, source: h.source})
	default:
		k.offline(p, h)
	}
	k.confirm(h)
	return true
}

// upTo is the latest that a stamp can mean, at most when it was heard. Most
// stamps are of whole seconds, and must not be earlier than what was heard
// before in the same second.
func upTo(stamp, heard moment) moment {
	const second = 1e6
	if stamp%second == 0 {
		return max(min(stamp+second-1, heard), stamp)
	}
	return stamp
}

func (k *knowledge) event(e event) {
	if i := slices.IndexFunc(k.resources, func(old event) bool { return old.name == e.name }); i < 0 {
		k.resources = append(k.resources, e)
	} else if e.compare(k.resources[i]) > 0 {
		k.resources[i] = e
	}
	k.bound(true, maxResources)
	k.bound(false, maxDepartures)
}

// bound forgets the earliest event of a kind where there are too many.
func (k *knowledge) bound(online bool, most int) {
	n, first := 0, -1
	for i, e := range k.resources {
		if (e.here != nil) != online {
			continue
		}
		if n++; first < 0 || e.compare(k.resources[first]) < 0 {
			first = i
		}
	}
	if n > most {
		k.resources = slices.Delete(k.resources, first, first+1)
	}
}

// offline takes that the contact as a whole is offline.
func (k *knowledge) offline(p probe.Presence, h hearing) {
	status := p.Status()
	if p.LastWords() {
		status = "" // said while online, and no goodbye
	}
	stamp := p.Delay.Stamp
	if stamp.IsZero() {
		k.end(end{at: h.at, heard: h.at, began: h.began, source: h.source})
		if status != "" {
			k.say(words{h.at, status, h.source})
		}
		return
	}
	at := momentOf(stamp)
	k.end(end{at: max(upTo(at, h.at), h.began), heard: h.at, began: h.began, source: h.source})
	k.seen.take(sighting{at: at, heard: h.at, resource: p.Delay.From.Resourcepart(), status: status, source: h.source})
}

func (k *knowledge) end(e end) {
	a := k.absent()
	i, found := slices.BinarySearchFunc(a.ends, e, end.compare)
	if found {
		return
	}
	a.ends = slices.Insert(a.ends, i, e)
	if len(a.ends) > maxEnds {
		a.ends = slices.Delete(a.ends, 0, 1)
	}
}

// answer takes the answer to a probe about a contact who is offline; its
// presences were taken already.
func (k *knowledge) answer(a probe.Answer, h hearing) {
	h.source = Probe
	var at moment
	if a.Activity.Told && (a.Activity.Ago > 0 || a.Activity.Status != "") {
		h.source, at = LastActivity, h.at.sub(a.Activity.Ago)
		k.act(sighting{at: at, heard: h.at, status: a.Activity.Status, source: h.source})
	}
	if at = max(at, momentOf(a.LastSeen)); at == 0 {
		at = h.at // nobody knows since when, but now
	}
	k.end(end{at: max(at, h.began), heard: h.at, began: h.began, source: h.source})
	k.absence.asked = max(k.absence.asked, h.at)
	k.confirm(h)
}

func (k *knowledge) confirm(h hearing) {
	if cmp.Or(cmp.Compare(h.at, k.learnt), cmp.Compare(k.source, h.source)) > 0 {
		k.learnt, k.source = h.at, h.source
	}
	k.began = max(k.began, h.began)
}

// act takes a last activity.
func (k *knowledge) act(s sighting) {
	k.absent().active.take(s)
}

// say takes what the contact said.
func (k *knowledge) say(w words) {
	if a := k.absent(); w.compare(a.words) > 0 {
		a.words = w
	}
}
