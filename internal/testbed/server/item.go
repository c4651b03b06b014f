package server

import (
	"strings"

	"mellium.im/xmpp/jid"
)

// item is what an account's roster holds of a contact. Its methods are the
// subscription states of RFC 6121 appendix A, without sending anything.
type item struct {
	jid    jid.JID
	name   string
	groups []string

	to       bool // the account sees the contact's presence
	from     bool // the contact sees the account's
	ask      bool // the account has asked, "pending out"
	asked    bool // the contact has asked, "pending in": not in the roster
	approved bool // the contact need not ask

	request string // the children of the contact's request, as XML

	listed bool // in the roster; unset again when it is removed
	ver    int  // the roster's version as this changed
}

// sent changes the item as the account sends a subscription stanza, and reports
// whether the stanza goes on to the contact.
func (it *item) sent(typ string) bool {
	switch typ {
	case "subscribe":
		it.listed = true
		it.ask = !it.to
		return true
	case "subscribed":
		it.listed = true
		if !it.asked && !it.from {
			it.approved = true
			return false
		}
		goesOn := !it.from
		it.from, it.asked = true, false
		return goesOn
	case "unsubscribe":
		it.to, it.ask = false, false
		return true
	}
	goesOn := it.from || it.asked
	it.from, it.asked, it.approved = false, false, false
	return goesOn
}

// received changes the item as a subscription stanza comes from the contact,
// and reports whether the account is to see the stanza, and whether it is
// granted without asking.
func (it *item) received(typ string) (show, grant bool) {
	switch typ {
	case "subscribe":
		if it.from || it.approved {
			it.from, it.listed = true, true
			return false, true
		}
		show, it.asked = !it.asked, true
	case "subscribed":
		show = it.ask
		it.to, it.ask = it.to || it.ask, false
	case "unsubscribe":
		show = it.from || it.asked
		it.from, it.asked = false, false
	case "unsubscribed":
		show = it.to || it.ask
		it.to, it.ask = false, false
	}
	return show, false
}

func (it *item) subscription() string {
	switch {
	case it.to && it.from:
		return "both"
	case it.to:
		return "to"
	case it.from:
		return "from"
	}
	return "none"
}

func (it *item) xml() string {
	if !it.listed {
		return element("item", "", "jid", it.jid.String(), "subscription", "remove")
	}
	var ask, approved string
	if it.ask {
		ask = "subscribe"
	}
	if it.approved {
		approved = "true"
	}
	var groups strings.Builder
	for _, g := range it.groups {
		groups.WriteString(element("group", escape(g)))
	}
	return element("item", groups.String(), "jid", it.jid.String(), "name", it.name,
		"subscription", it.subscription(), "ask", ask, "approved", approved)
}
