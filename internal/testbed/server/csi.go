package server

import (
	"context"
	"encoding/xml"
	"slices"
	"strings"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
)

const nsCSI = "urn:xmpp:csi:0"

// ClientState is how a server treats an inactive client (XEP-0352). Both ways of
// holding presence were observed on real servers. Both send what they hold as soon
// as the client is active.
type ClientState uint8

const (
	// NoClientState does not offer it.
	NoClientState ClientState = iota
	// HoldAll holds every presence and adds a stamp, signed by the account, as
	// the last child. It sends all of them when it has an IQ, a message with a
	// body or a subscription stanza for the client, or when the client sends
	// anything, and then holds nothing for five seconds. Prosody's
	// mod_csi_simple does this.
	HoldAll
	// HoldLatest holds the latest presence of each resource and adds a stamp,
	// signed by the host, before all children except other stamps. It sends it
	// before any other stanza of the same contact. ejabberd's mod_client_state
	// does this.
	HoldLatest
)

// afterFlush is how long HoldAll holds nothing.
const afterFlush = 5 * time.Second

// csi is the stream feature.
func (s *Server) csi(user *jid.JID) xmpp.StreamFeature {
	f := informs(nsCSI, "csi")
	list := f.List
	f.List = func(ctx context.Context, w xmlstream.TokenWriter, start xml.StartElement) (bool, error) {
		if s.behaviour(user.Domainpart()).ClientState == NoClientState {
			return false, nil
		}
		return list(ctx, w, start)
	}
	return f
}

// clientState takes the element with that name. There is no answer to it.
func (s *Server) clientState(c *conn, name string) {
	f := &c.filter
	f.mu.Lock()
	defer f.mu.Unlock()
	switch name {
	case "active":
		f.flush(c, func(heldPresence) bool { return true })
		f.state = NoClientState
	case "inactive":
		f.state, f.flushing = s.behaviour(c.jid.Domainpart()).ClientState, time.Time{}
		switch f.state {
		case HoldAll:
			f.by, f.stamp = c.jid.Bare(), Replay{Stamp: true, From: FromResource}
		case HoldLatest:
			f.by, f.stamp = c.jid, Replay{Stamp: true, StampFirst: true, From: FromHost, Digits: 6, Reason: "Client Inactive"}
		}
	}
}

// heard takes that the client has sent something.
func (f *filter) heard(c *conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state == HoldAll && len(f.held) > 0 {
		f.flushAll(c)
	}
}

// release sends what is held and goes before a stanza.
func (f *filter) release(c *conn, stanza string) {
	switch f.state {
	case HoldAll:
		if strings.HasPrefix(stanza, "<iq") || strings.Contains(stanza, "<body") ||
			strings.HasPrefix(stanza, "<presence") && !notification(stanza) && attribute(stanza, "type") != "error" {
			f.flushAll(c)
		}
	case HoldLatest:
		sender, _, _ := strings.Cut(attribute(stanza, "from"), "/")
		f.flush(c, func(h heldPresence) bool {
			bare, _, _ := strings.Cut(h.from, "/")
			return bare == sender && !h.overtaken
		})
		for i := range f.held {
			if bare, _, _ := strings.Cut(f.held[i].from, "/"); bare == sender {
				f.held[i].overtaken = false
			}
		}
	}
}

func (f *filter) flushAll(c *conn) {
	f.flush(c, func(heldPresence) bool { return true })
	f.flushing = time.Now().Add(afterFlush)
}

// flush sends what is held and chosen.
func (f *filter) flush(c *conn, chosen func(heldPresence) bool) {
	for _, h := range f.held {
		if chosen(h) {
			c.queueNow(h.stanza)
		}
	}
	f.held = slices.DeleteFunc(f.held, chosen)
}

// stamped adds when a presence is held, and who says so.
func (f *filter) stamped(c *conn, presence string) string {
	stamp := f.stamp.stamps(c.srv.now(c.jid.Domainpart()), f.by)
	start, rest, _ := strings.Cut(presence, ">")
	if empty, ok := strings.CutSuffix(start, "/"); ok {
		return empty + ">" + stamp + "</presence>"
	}
	at := len(rest) - len("</presence>")
	if f.stamp.StampFirst {
		at = 0
		for strings.HasPrefix(rest[at:], "<delay ") || strings.HasPrefix(rest[at:], "Client Inactive</delay>") {
			at += strings.Index(rest[at:], ">") + 1
		}
	}
	return start + ">" + rest[:at] + stamp + rest[at:]
}
