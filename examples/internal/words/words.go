// Package words says in English what is known of a contact, as the example
// programs show it.
package words

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/examples/internal/command"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
	"example.org/lastpresence/roster/ago"
)

// Title returns what a contact is called.
func Title(c roster.Contact) string {
	return command.OneLine(cmp.Or(c.Name, c.JID.String()))
}

// shows are the kinds of availability (RFC 6121 section 4.7.2.1).
var shows = map[string]string{
	"": "online", "chat": "online, ready to chat", "away": "online, away", "xa": "online, away for a long time", "dnd": "online, do not disturb",
}

// Describe returns a line about a contact: its presence, its own words, and why
// nothing better is known.
func Describe(c roster.Contact, times *ago.Language, now time.Time) string {
	parts := []string{presence(c, times, now)}
	if s := command.OneLine(c.Status); strings.TrimSpace(s) != "" {
		parts = append(parts, s)
	}
	if why := Why(c.Err); why != "" && c.Lack != roster.Nothing {
		parts = append(parts, why)
	}
	return strings.Join(parts, " · ")
}

func presence(c roster.Contact, times *ago.Language, now time.Time) string {
	var said string
	switch {
	case c.Blocked:
		return "blocked"
	case c.Room:
		return "a room"
	case c.Source == roster.None && c.Subscription != "to" && c.Subscription != "both":
		return "does not share presence with you"
	case c.Lack == roster.NeverHeard && c.OnlineAt.IsZero() && c.LastSeen.IsZero():
		return "presence not known"
	case c.Online && c.Lack == roster.Outdated:
		said = "was online"
	case c.Online && len(c.Resources) > 0:
		return cmp.Or(shows[c.Resources[0].Show], "online")
	case c.Online:
		return "online"
	default:
		said = times.Offline(c.LastSeen, c.OnlineAt, c.Cause.String(), now)
	}
	if c.Lack == roster.Outdated {
		said += " (not confirmed)"
	}
	return said
}

// reasons are the conditions of stanza errors (RFC 6120 section 8.3.3) with
// which probes and queries are refused.
var reasons = map[stanza.Condition]string{
	stanza.RemoteServerNotFound:  "the contact's server was not found",
	stanza.RemoteServerTimeout:   "the contact's server cannot be reached",
	stanza.ServiceUnavailable:    "the server gave no information",
	stanza.FeatureNotImplemented: "the server gave no information",
	stanza.ItemNotFound:          "the server does not know this address",
	stanza.Forbidden:             "the server refuses to answer",
	stanza.NotAuthorized:         "the server refuses to answer",
	stanza.SubscriptionRequired:  "the server refuses to answer",
	stanza.NotAllowed:            "the server does not allow the request",
	stanza.InternalServerError:   "the server has an internal error",
	stanza.ResourceConstraint:    "the server is too busy",
	stanza.Gone:                  "the contact has another address now",
	stanza.Redirect:              "the contact has another address now",
}

// Why returns in words why the state of a contact or server was not learnt, or
// "" for nil.
func Why(err error) string {
	var refused stanza.Error
	switch {
	case err == nil:
		return ""
	case errors.Is(err, roster.ErrNotSynced):
		return "the roster was not fetched yet"
	case errors.Is(err, probe.ErrBlocked):
		return "you block this contact"
	case errors.Is(err, probe.ErrBudget):
		return "many chats were opened just now, so this one is not asked about yet"
	case errors.Is(err, probe.ErrNotSubscribed) && errors.As(err, &refused):
		return "does not share presence with you (" + string(refused.Condition) + ")"
	case errors.Is(err, probe.ErrNotSubscribed):
		return "does not share presence with you"
	case errors.As(err, &refused):
		reason := reasons[refused.Condition]
		if reason == "" {
			return "the server returned an error: " + command.OneLine(refused.Error())
		}
		return reason + " (" + string(refused.Condition) + ")"
	case errors.Is(err, probe.ErrNoAnswer):
		return "the server gave no information"
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, probe.ErrClosed):
		return "not connected"
	}
	return command.Message(err)
}

// Undelivered returns in words why a message came back.
func Undelivered(err stanza.Error) string {
	reason := map[stanza.Condition]string{
		stanza.ServiceUnavailable:   "nobody is online to receive it",
		stanza.RecipientUnavailable: "nobody is online to receive it",
		stanza.ItemNotFound:         "there is no such account",
		stanza.RemoteServerNotFound: "the contact's server was not found",
		stanza.RemoteServerTimeout:  "the contact's server cannot be reached",
		stanza.Forbidden:            "the server refuses it",
		stanza.NotAcceptable:        "the server refuses it",
		stanza.NotAllowed:           "the server refuses it",
		stanza.PolicyViolation:      "the server refuses it",
		stanza.SubscriptionRequired: "the contact accepts messages from contacts only",
		stanza.ResourceConstraint:   "the contact's mailbox is full",
	}[err.Condition]
	if reason == "" {
		return "the server returned an error: " + command.OneLine(err.Error())
	}
	return reason + " (" + string(err.Condition) + ")"
}
