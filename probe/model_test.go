package probe

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"
)

// happening is what may happen to an exchange.
type happening struct {
	name string
	step func(to jid.JID) step
	once []string // what it cannot follow
}

// once has fence and probe come back once only.
func once(all []happening) []happening {
	for i := range all {
		what, _, _ := strings.Cut(all[i].name, " ")
		if what != "fence" && what != "probe" {
			continue
		}
		for _, other := range all {
			if strings.HasPrefix(other.name, what) {
				all[i].once = append(all[i].once, other.name)
			}
		}
	}
	return all
}

func resource(to jid.JID, name string) jid.JID {
	j, _ := to.WithResource(name)
	return j
}

var happenings = once([]happening{
	{name: "available orchard", step: func(to jid.JID) step {
		return presence(0, resource(to, "orchard"), available, time.Time{}, "")
	}},
	{name: "available garden, stamped", step: func(to jid.JID) step { return presence(0, resource(to, "garden"), available, hourAgo, "") }},
	{name: "available bare", step: func(to jid.JID) step { return presence(0, to, available, time.Time{}, "") }},
	{name: "unavailable orchard", step: func(to jid.JID) step {
		return presence(0, resource(to, "orchard"), unavailable, time.Time{}, "")
	}},
	{name: "unavailable bare", step: func(to jid.JID) step { return presence(0, to, unavailable, time.Time{}, "") }},
	{name: "unavailable bare, stamped, with words", step: func(to jid.JID) step { return presence(0, to, unavailable, hourAgo, "Bye.") }},
	{name: "unavailable bare, last words", step: func(to jid.JID) step { return words(presence(0, to, unavailable, hourAgo, "Here.")) }},
	{name: "unavailable bare, held", step: func(to jid.JID) step { return held(presence(0, to, unavailable, time.Time{}, "")) }},
	{name: "unsubscribed", step: func(to jid.JID) step { return presence(0, to, unsubscribed, time.Time{}, "") }},
	{name: "subscribe", step: func(to jid.JID) step { return presence(0, to, stanza.SubscribePresence, time.Time{}, "") }},
	{name: "occupant", step: func(jid.JID) step { return occupant(0) }},
	{name: "probe refused", step: func(jid.JID) step { return presenceError(0, "pr1", stanza.Forbidden) }},
	{name: "probe failed", step: func(jid.JID) step { return presenceError(0, "pr1", stanza.RemoteServerNotFound) }},
	{name: "probe blocked", step: func(jid.JID) step { return presenceError(0, "pr1", stanza.NotAcceptable) }},
	{name: "probe inconclusive", step: func(jid.JID) step { return presenceError(0, "pr1", stanza.BadRequest) }},
	{name: "foreign error", step: func(jid.JID) step { return presenceError(0, "other", stanza.Forbidden) }},
	{name: "fence ago", step: func(jid.JID) step { return fence(0, 3600, "") }},
	{name: "fence ago, with words", step: func(jid.JID) step { return fence(0, 3600, "Bye.") }},
	{name: "fence now", step: func(jid.JID) step { return fence(0, 0, "") }},
	{name: "fence now, with words", step: func(jid.JID) step { return fence(0, 0, "Bye.") }},
	{name: "fence never", step: func(jid.JID) step { return fence(0, int(t0.Unix()), "") }},
	{name: "fence garbled", step: func(jid.JID) step { return fenceUnreadable(0) }},
	{name: "fence refused", step: func(jid.JID) step { return fenceError(0, stanza.SubscriptionRequired) }},
	{name: "fence failed", step: func(jid.JID) step { return fenceError(0, stanza.RemoteServerTimeout) }},
	{name: "fence blocked", step: func(jid.JID) step { return fenceError(0, stanza.NotAcceptable) }},
	{name: "fence inconclusive", step: func(jid.JID) step { return fenceError(0, stanza.ItemNotFound) }},
	{name: "fence unserved", step: func(jid.JID) step { return fenceError(0, stanza.ServiceUnavailable) }},
	{name: "fence of ours", step: func(jid.JID) step { return ownFenceError(0, stanza.ServiceUnavailable) }},
	{name: "time passes", step: func(jid.JID) step { return step{0, func(x *exchange, now time.Time) { x.expire(now) }} }},
})

// history is the names of what happened, in order.
type history []string

// after returns the part of the history behind the last of the names.
func (h history) after(names ...string) history {
	for i, name := range slices.Backward(h) {
		if slices.Contains(names, name) {
			return h[i+1:]
		}
	}
	return h
}

func (h history) has(names ...string) bool {
	return slices.ContainsFunc(h, func(name string) bool { return slices.Contains(names, name) })
}

func (h history) begins(prefix string) bool {
	return slices.ContainsFunc(h, func(name string) bool { return strings.HasPrefix(name, prefix) })
}

const (
	aContact   = "a contact"
	aHost      = "a host"
	ourAccount = "our account"
)

var (
	bareUnavailable = []string{"unavailable bare", "unavailable bare, stamped, with words", "unavailable bare, last words", "unavailable bare, held"}
	anyAvailable    = []string{"available orchard", "available garden, stamped", "available bare"}
)

// The rules by which every history is judged. They look at it as a whole, where
// the exchange sees one event after the other.

// online: of some resource, or of the contact as a whole, the last thing told is
// that it is available, and nothing since ended all of it: a bare unavailable, the
// end of the subscription, a refusal of the probe.
func (h history) online(whom string) bool {
	ends := slices.Clone(bareUnavailable)
	if whom != ourAccount {
		ends = append(ends, "unsubscribed", "probe refused")
	}
	rest := h.after(ends...)
	return rest.has("available garden, stamped", "available bare") || rest.after("unavailable orchard").has("available orchard")
}

// denied: the subscription ended, or the probe was refused, and nobody was
// available since. Nobody denies us our own presence.
func (h history) denied(whom string) bool {
	return whom != ourAccount && h.after(anyAvailable...).has("unsubscribed", "probe refused")
}

// offline: the last word on the contact as a whole is that it is unavailable, or
// last activity says that it is gone.
func (h history) offline(whom string) bool {
	return h.after("available bare").has(bareUnavailable...) || whom == aContact && h.has("fence ago", "fence ago, with words", "fence now, with words")
}

// unsettled: the fence leaves open whether a presence is on its way: it says that
// the contact is connected, or nothing at all for want of last activity; and
// neither the contact as a whole nor the probe was told of, nor is time up.
func (h history) unsettled(whom string) bool {
	return whom == aContact && h.has("fence now", "fence unserved") && !h.has(bareUnavailable...) && !h.has("available bare") &&
		!h.has("probe refused", "probe failed", "probe blocked", "probe inconclusive") &&
		!h.after("fence now", "fence unserved").has("time passes")
}

// over: somebody is available, for a host with its uptime; or nothing more can be
// learnt from the contact; or the fence has come and leaves nothing open.
func (h history) over(whom string) bool {
	fenced := h.begins("fence")
	switch {
	case whom != ourAccount && h.has("probe refused", "probe failed", "probe blocked"), h.denied(whom):
		return true
	case h.online(whom):
		return whom != aHost || fenced || h.after(bareUnavailable...).after("unsubscribed").has("available garden, stamped")
	}
	return fenced && !h.unsettled(whom)
}

// outcome is what the history comes to.
func (h history) outcome(whom string) Outcome {
	switch {
	case h.denied(whom):
		return Unauthorized
	case h.online(whom):
		return Available
	case whom == ourAccount && h.begins("fence"):
		return Available
	case whom == ourAccount:
		return Unanswered
	case whom == aHost && h.has("fence ago", "fence ago, with words", "fence now", "fence now, with words"):
		return Available
	case h.offline(whom):
		return Unavailable
	case h.has("probe failed", "probe blocked"):
		return Error
	case h.has("probe refused", "fence refused"):
		return Unauthorized
	case h.has("probe inconclusive", "fence failed", "fence blocked", "fence of ours"):
		return Error
	}
	return Unanswered
}

// model walks through all histories of a length.
type model struct {
	t      *testing.T
	whom   string
	to     jid.JID
	seen   int
	wrongs int
}

// TestEverySequenceOfEvents compares the exchange with the rules in all histories of three
// events, or as many as LASTPRESENCE_SEQUENCES says.
func TestEverySequenceOfEvents(t *testing.T) {
	length := 3
	if s := os.Getenv("LASTPRESENCE_SEQUENCES"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		length = n
	}
	for whom, to := range map[string]jid.JID{aContact: romeo, aHost: romeo.Domain(), ourAccount: romeo} {
		t.Run(whom, func(t *testing.T) {
			m := &model{t: t, whom: whom, to: to}
			m.walk(exchange{target: to, self: whom == ourAccount, probeID: "pr1", sent: t0}, t0.Add(time.Second), make(history, 0, length))
			t.Logf("%d histories of up to %d of %d events", m.seen, length, len(happenings))
			if m.seen < len(happenings) {
				t.Error("hardly any")
			}
		})
	}
}

// walk goes on from a history in all ways. One ends where nobody listens any
// more: the wait is over and the fence has come.
func (m *model) walk(x exchange, now time.Time, h history) {
	for _, next := range happenings {
		if h.has(next.once...) {
			continue
		}
		x, h := x, append(h, next.name)
		x.presences = slices.Clone(x.presences)
		s := next.step(m.to)
		now := now.Add(time.Millisecond)
		if next.name == "time passes" {
			now = t0.Add(10 * now.Sub(t0)) // more than any number of round trips that is waited for
		}
		was := x.done
		s.do(&x, now)
		m.seen++
		m.check(&x, h, was)
		if m.wrongs > 10 {
			m.t.FailNow()
		}
		if len(h) < cap(h) && !(x.done && x.hasFence()) {
			m.walk(x, now, h)
		}
	}
}

func (m *model) check(x *exchange, h history, was bool) {
	a := x.answer()
	if want := h.outcome(m.whom); a.Outcome != want {
		m.wrong("%q comes to %v, want %v", h, a.Outcome, want)
	}
	if want := was || h.over(m.whom); x.done != want {
		m.wrong("%q: over %v, want %v", h, x.done, want)
	}
	if known := a.Outcome == Available || a.Outcome == Unavailable; known && a.Err != nil {
		m.wrong("%q: error %v beside %v", h, a.Err, a.Outcome)
	}
	if a.Outcome == Error && a.Err == nil {
		m.wrong("%q: no error", h)
	}
	if waits := !x.until.IsZero(); !x.done && waits != h.unsettled(m.whom) {
		m.wrong("%q: waits %v for less than the deadline", h, waits)
	}
	if now := x.last; a.LastSeen.After(now) || a.Up.After(now) {
		m.wrong("%q: seen %v, up %v, in the future", h, a.LastSeen, a.Up)
	}
}

func (m *model) wrong(format string, args ...any) {
	m.t.Helper()
	m.wrongs++
	m.t.Errorf(format, args...)
}
