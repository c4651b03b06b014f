package roster

import (
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/wire/csi"
	"example.org/lastpresence/internal/wire/request"
	"example.org/lastpresence/internal/wire/sift"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster/internal/judge"
)

// ErrNotOffered means that the server does not support the requested way to
// filter presence.
var ErrNotOffered = errors.New("the server does not offer it")

// filters are the ways in which the server may keep presence from the session.
type filters uint8

const (
	hushed  filters = 1 << iota // stanza interception (XEP-0273)
	deaf                        // and it takes the answers to probes, too
	resting                     // an inactive client state (XEP-0352)
)

// withheld reports whether an answer lacks presence that the server may be
// keeping back. Last activity alone does not count then: a contact that is
// connected must not seem offline, and some servers report the last logout of a
// contact that is online (seen on Prosody).
func (f filters) withheld(a probe.Answer) bool {
	switch {
	case f == 0, len(a.Presences) > 0:
		return false
	case f&deaf != 0:
		return true
	}
	return a.Activity.Told && a.Activity.Ago == 0 && a.Activity.Status == ""
}

// Sift asks the server to send this session no presence (XEP-0273 section 5.2),
// until Unsift. The session must be served meanwhile.
//
// From then on everything known is stale, and [Cache.Open] asks even about a
// contact that seemed online. If the server can filter by address, Sift filters
// only what is sent to the bare JID, as all unprompted presence is; the answers
// to Open are sent to the full JID and still arrive. Other servers filter the
// answers, too, and Open learns nothing: last activity (XEP-0012) alone cannot
// be trusted.
//
// The errors are [ErrNotOffered] if the server does not support it, a
// [stanza.Error] if it refuses, [probe.ErrClosed], the error of the session,
// and that of ctx. After the first two nothing has changed. After the others it
// is not known whether the server filters; the Cache assumes that it does.
func (c *Cache) Sift(ctx context.Context) error {
	l := c.current()
	if l == nil {
		return errNoSession("sift")
	}
	features, err := l.sifts(ctx)
	if err == nil && !features.Presence {
		err = ErrNotOffered
	}
	if err != nil {
		return fmt.Errorf("roster: sift: %w", err)
	}
	rule, filter := sift.Both, hushed|deaf
	if features.Bare {
		rule, filter = sift.Bare, hushed
	}
	already := c.filter(l, filter)
	var refused error
	err = l.ask(ctx, c.account, func(id string) xml.TokenReader { return sift.Presence(c.account, id, rule) },
		func(start *xml.StartElement, r xml.TokenReader) {
			if refused = sift.ReadAnswer(start, r); refused != nil && !already {
				c.unfilter(l, hushed|deaf)
			}
		})
	if err == nil {
		err = missing(refused)
	}
	if err != nil {
		return fmt.Errorf("roster: sift: %w", err)
	}
	return nil
}

// Unsift undoes [Cache.Sift]. The server then sends all presence again; until
// it has confirmed or replaced what is known, that is stale. Without an earlier
// Sift, Unsift does nothing.
//
// The errors are those of Sift. After an error the Cache still assumes that the
// server filters.
func (c *Cache) Unsift(ctx context.Context) error {
	l := c.current()
	if l == nil || !c.renewed(l) {
		return nil
	}
	var refused error
	err := l.ask(ctx, c.account, func(id string) xml.TokenReader { return sift.Nothing(c.account, id) },
		func(start *xml.StartElement, r xml.TokenReader) {
			if refused = sift.ReadAnswer(start, r); refused == nil {
				c.unfilter(l, hushed|deaf)
			}
		})
	if err == nil {
		err = missing(refused)
	}
	if err != nil {
		return fmt.Errorf("roster: unsift: %w", err)
	}
	return nil
}

// Inactive tells the server that the user is not looking at the client
// (XEP-0352), until Active. Servers then hold presence back; most of them stamp
// it with the time. From then on everything known is stale, and [Cache.Open]
// asks even about a contact that seemed online.
//
// A client whose user opens a chat is not inactive: call Active before Open.
// Otherwise the server may hold back the answers to Open, too. Prosody's
// mod_csi_simple releases them with the reply to the query that follows a
// probe. So does ejabberd's mod_client_state, but the reply often comes first;
// Open then learns nothing until Active.
//
// The errors are [ErrNotOffered] if the server did not offer the feature when
// the session was negotiated, the error of the session, and that of ctx. After
// ErrNotOffered nothing has changed.
func (c *Cache) Inactive(ctx context.Context) error {
	l := c.current()
	if l == nil {
		return errNoSession("inactive")
	}
	if !csi.Offered(l.s) {
		return fmt.Errorf("roster: inactive: %w", ErrNotOffered)
	}
	c.filter(l, resting)
	if err := csi.Indicate(ctx, l.s, false); err != nil {
		return fmt.Errorf("roster: inactive: %w", err)
	}
	return nil
}

// Active undoes [Cache.Inactive]. It returns when the server has sent what it
// held back (XEP-0352 section 5.1); this ends the staleness that Inactive
// began. Without an earlier Inactive it does nothing. Do not call Active and
// Inactive concurrently.
//
// The errors are [probe.ErrClosed], the error of the session, and that of ctx.
// After an error the Cache still assumes that the server holds presence back.
func (c *Cache) Active(ctx context.Context) error {
	l := c.current()
	if l == nil || !c.filteredBy(l, resting) {
		return nil
	}
	err := csi.Indicate(ctx, l.s, true)
	if err == nil {
		// Any answer will do: it comes behind what was held.
		err = l.ask(ctx, c.account.Domain(), ping(c.account.Domain()),
			func(*xml.StartElement, xml.TokenReader) { c.unfilter(l, resting) })
	}
	if err != nil {
		return fmt.Errorf("roster: active: %w", err)
	}
	return nil
}

func ping(host jid.JID) func(id string) xml.TokenReader {
	return func(id string) xml.TokenReader {
		return stanza.IQ{ID: id, To: host, Type: stanza.GetIQ}.Wrap(
			xmlstream.Wrap(nil, xml.StartElement{Name: xml.Name{Space: "urn:xmpp:ping", Local: "ping"}}))
	}
}

// filter records that presence is being filtered, and reports whether it was
// filtered in one of these ways before.
func (c *Cache) filter(l *link, f filters) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	already := l.filtered&f != 0
	if l == c.link {
		c.shift(func() {
			l.filtered |= f
			l.since = cmp.Or(l.since, judge.MomentOf(time.Now()))
		})
	}
	return already
}

// unfilter records that presence is no longer filtered in these ways.
func (c *Cache) unfilter(l *link, f filters) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l == c.link && l.filtered&f != 0 {
		c.shift(func() {
			if l.filtered &^= f; l.filtered == 0 {
				l.since = 0
			}
		})
	}
}

func (c *Cache) filteredBy(l *link, f filters) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return l == c.link && l.filtered&f != 0
}

// renewed begins an epoch before the server sends all presence again. It
// reports whether there is a filter to remove.
func (c *Cache) renewed(l *link) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l != c.link || l.filtered&hushed == 0 {
		return false
	}
	c.shift(c.turn)
	return true
}

// sifts asks the server which parts of XEP-0273 it supports.
func (l *link) sifts(ctx context.Context) (sift.Features, error) {
	host := l.s.LocalAddr().Domain()
	var features sift.Features
	var refused error
	err := l.ask(ctx, host, func(id string) xml.TokenReader { return sift.Query(host, id) },
		func(start *xml.StartElement, r xml.TokenReader) {
			features, refused = sift.ReadFeatures(start, r)
		})
	if err != nil {
		return sift.Features{}, err
	}
	return features, missing(refused)
}

func (l *link) ask(ctx context.Context, to jid.JID, build func(id string) xml.TokenReader, read func(*xml.StartElement, xml.TokenReader)) error {
	err := l.requests.Do(ctx, l.s, to, build, read)
	if errors.Is(err, request.ErrClosed) {
		return probe.ErrClosed
	}
	return err
}

// missing adds [ErrNotOffered] to the error of a server that does not know the
// request.
func missing(err error) error {
	var refused stanza.Error
	if errors.As(err, &refused) &&
		(refused.Condition == stanza.ServiceUnavailable || refused.Condition == stanza.FeatureNotImplemented) {
		return fmt.Errorf("%w: %w", ErrNotOffered, err)
	}
	return err
}
