package main

import (
	"slices"
	"strings"

	"example.org/lastpresence/examples/internal/words"
	"example.org/lastpresence/roster"
)

// list has the contacts, and which of them are shown.
type list struct {
	all    []roster.Contact // in the order of roster.Compare
	shown  []roster.Contact // those that match
	match  string           // what was typed to find a contact
	cursor int              // of those that are shown
	top    int              // the first on the screen
	chosen string           // the address of the contact that the user moved to; empty: none
}

// take replaces the contacts, and keeps the cursor on the chosen one.
func (l *list) take(contacts []roster.Contact) {
	slices.SortFunc(contacts, roster.Compare)
	l.all = contacts
	l.search(l.match)
}

// search shows only contacts whose name or address contains match.
func (l *list) search(match string) {
	changed := match != l.match
	l.match, l.shown = match, l.all
	if fold := strings.ToLower(match); fold != "" {
		l.shown = nil
		for _, c := range l.all {
			if strings.Contains(strings.ToLower(words.Title(c)), fold) || strings.Contains(c.JID.String(), fold) {
				l.shown = append(l.shown, c)
			}
		}
	}
	at := slices.IndexFunc(l.shown, func(c roster.Contact) bool { return c.JID.String() == l.chosen })
	switch {
	case l.chosen == "", changed && match != "":
		l.cursor = 0
	case at >= 0:
		l.cursor = at
	}
	l.cursor = max(min(l.cursor, len(l.shown)-1), 0)
}

// move moves the cursor to a place, or as close as possible.
func (l *list) move(to int) {
	l.cursor = max(min(to, len(l.shown)-1), 0)
	if c, ok := l.selected(); ok {
		l.chosen = c.JID.String()
	}
}

// choose moves the cursor to a contact.
func (l *list) choose(address string) {
	if at := slices.IndexFunc(l.shown, func(c roster.Contact) bool { return c.JID.String() == address }); at >= 0 {
		l.move(at)
	}
}

// follow scrolls until the cursor is visible.
func (l *list) follow(visible int) {
	l.top = max(min(l.top, l.cursor, len(l.shown)-visible), l.cursor-visible+1, 0)
}

// selected returns the contact at the cursor.
func (l *list) selected() (c roster.Contact, ok bool) {
	if l.cursor >= len(l.shown) {
		return c, false
	}
	return l.shown[l.cursor], true
}

// find returns the contact with an address.
func (l *list) find(address string) (c roster.Contact, ok bool) {
	at := slices.IndexFunc(l.all, func(c roster.Contact) bool { return c.JID.String() == address })
	if at < 0 {
		return c, false
	}
	return l.all[at], true
}
