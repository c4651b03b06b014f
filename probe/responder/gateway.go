package responder

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/delay"
)

// Presence is what a gateway knows of a contact behind it. A field that cannot be
// right is answered as if it were not known.
type Presence struct {
	// Resource is where the contact is, or was last; it may be empty.
	Resource string
	// Online reports whether the contact is available.
	Online bool
	// Since is when the contact came online or, if it is not Online, when it
	// went offline. Zero means not known. It is not before 1999, when there was
	// no XMPP, and not later than now, but for 5 minutes that clocks may differ.
	Since time.Time
	// Show is "", away, chat, dnd or xa. Show and Priority are used only if the
	// contact is Online (RFC 6121 section 4.7.2).
	Show     string
	Priority int8
	// Status is the contact's status text, or what it said as it left, in at most
	// 4096 bytes of UTF-8.
	Status string
}

// Gateway makes the Responder answer for the contacts behind a gateway.
//
// The function subscribed reports whether the prober, a bare JID, is subscribed
// to the target's presence. It must return quickly. A prober that is not
// subscribed learns only that (RFC 6121 section 4.3.2). If subscribed is nil,
// nobody is.
//
// The function presence returns what is known of the target. It may be slow. Both
// are called from many goroutines, at most [Workers] at a time, and one call of
// each answers all that one resource of the prober has asked about the target
// until it returns. The ctx ends after 10 seconds, with the session, and by
// Close. A call that does not return soon after that is left to itself.
//
// The function may return [ErrNotAuthorized] or [ErrNoSuchContact], which the
// prober is told. After another error, a panic, or a call that is late, a probe
// gets no answer and a query that of an internal error; the function of [Failed]
// is told. It is told, too, what is wrong with a Presence, which is then answered
// without that field: see [Presence].
//
// Queries for last activity go to the component's own handler first, like every
// other IQ to a contact, and are answered by the Responder if that does not; all
// others are for that handler alone.
func Gateway(subscribed func(prober, target jid.JID) bool, presence func(ctx context.Context, prober, target jid.JID) (Presence, error)) Option {
	return func(cfg *config) { cfg.subscribed, cfg.presence = subscribed, presence }
}

// Workers limits how many calls of a gateway's functions run at the same time.
// The default is 64. One prober has a quarter of them at most, and one domain
// three quarters. What is beyond waits: 10,000 contacts of one prober, 40,000 of
// all together. Beyond that, probes are not answered, and queries are answered
// with a request to wait. Calls that are late no longer count, until there are 15
// of them for each worker.
func Workers(n int) Option {
	return func(cfg *config) { cfg.workers = n }
}

// Bounds of what a gateway may know.
const (
	maxStatus = 4096
	skew      = 5 * time.Minute
)

var first = time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)

// plausible returns an error for a time at which nothing can have happened.
func plausible(t, now time.Time) error {
	if t.Before(first) || t.After(now.Add(skew)) || delay.AppendDateTime(nil, t) == nil {
		return fmt.Errorf("the time %v is not between 1999 and now", t)
	}
	return nil
}

// check returns a presence without what is wrong with it, and what that is.
func (p Presence) check(now time.Time) (Presence, error) {
	var wrong []error
	if !p.Since.IsZero() {
		if err := plausible(p.Since, now); err != nil {
			wrong = append(wrong, err)
			p.Since = time.Time{}
		} else if p.Since.After(now) {
			p.Since = now
		}
	}
	if _, err := jid.New("", "host.invalid", p.Resource); err != nil {
		wrong = append(wrong, fmt.Errorf("the resource %.40q: %w", p.Resource, err))
		p.Resource = ""
	}
	switch p.Show {
	case "", "away", "chat", "dnd", "xa":
	default:
		wrong = append(wrong, fmt.Errorf("the show %.40q is not away, chat, dnd or xa", p.Show))
		p.Show = ""
	}
	if err := checkText(p.Status); err != nil {
		wrong = append(wrong, err)
		p.Status = ""
	}
	return p, errors.Join(wrong...)
}

// checkText returns an error for a text that is too long, or that XML cannot
// hold.
func checkText(s string) error {
	if len(s) > maxStatus {
		return fmt.Errorf("the status has %d bytes, more than %d", len(s), maxStatus)
	}
	for i, c := range s {
		if c == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") || c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0xFFFE || c == 0xFFFF {
			return fmt.Errorf("the status has a character at %d that XML has not", i)
		}
	}
	return nil
}
