package responder

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"mellium.im/xmpp/jid"
)

// Presence is what a gateway knows of a contact behind it. The Responder leaves out
// fields that are not valid, and reports them to the function of [Failed].
type Presence struct {
	// Resource is the resource where the contact is, or was last; it may be empty.
	Resource string
	// Online reports whether the contact is available.
	Online bool
	// Since is when the contact came online or, if it is not Online, when it
	// went offline. Zero means not known. It is not valid before 1999, when XMPP
	// began, or more than 5 minutes in the future; up to then it counts as now.
	Since time.Time
	// Show is "", away, chat, dnd or xa. Show and Priority are used only if the
	// contact is Online (RFC 6121 section 4.7.2).
	Show     string
	Priority int8
	// Status is the contact's status text or, if it is not Online, that of its
	// last unavailable presence: at most 4096 bytes of UTF-8.
	Status string
}

// Gateway makes the Responder answer probes to the contacts behind a gateway.
//
// The function subscribed reports whether the prober, a bare JID, is subscribed
// to the target's presence. It should return quickly. A prober that is not
// subscribed is told only that (RFC 6121 section 4.3.2). If subscribed is nil,
// nobody is subscribed.
//
// The function presence returns what is known of the target; here prober is the
// JID that asks, with its resource. It may be slow, but must return when ctx ends:
// after 10 seconds, with the session, or by Close. One second later the Responder
// stops waiting for it. Both functions are called from many goroutines, at most
// [Workers] at a time. One call serves all probes and queries for the target that
// one resource has sent by the time it returns.
//
// If presence returns [ErrNotAuthorized] or [ErrNoSuchContact], the prober is told
// so. After any other error, a panic or a timeout, a probe is not answered, a query
// is answered with internal-server-error, and the function of [Failed] is called.
//
// On the session of a component the Responder also answers queries for last
// activity about the contacts, unless the component's own handler answers them.
// All other IQs to contacts go to that handler only.
func Gateway(subscribed func(prober, target jid.JID) bool, presence func(ctx context.Context, prober, target jid.JID) (Presence, error)) Option {
	return func(cfg *config) { cfg.subscribed, cfg.presence = subscribed, presence }
}

// Workers limits how many calls of a gateway's functions run at the same time.
// The default is 64, the minimum 1. One prober may use a quarter of them, and one
// domain three quarters. Further probes and queries are queued, for up to 10,000
// contacts of one prober, 30,000 of one domain and 40,000 in all. Beyond that,
// probes are not answered, and queries are answered with resource-constraint.
// Calls that have timed out do not count, up to 15 for each worker.
func Workers(n int) Option {
	return func(cfg *config) { cfg.workers = n }
}

// Limits on a Presence.
const (
	maxStatus = 4096
	maxFuture = 5 * time.Minute
)

var earliest = time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)

// plausible returns an error for a time before 1999 or in the future.
func plausible(t, now time.Time) error {
	if t.Before(earliest) || t.After(now.Add(maxFuture)) {
		return fmt.Errorf("the time %v is not between 1999 and now", t)
	}
	return nil
}

// check returns the presence without its invalid fields, and an error for each.
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
			return fmt.Errorf("the status has a character at byte %d that XML does not allow", i)
		}
	}
	return nil
}
