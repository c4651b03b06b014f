// Package judge decides what is known about one contact. Only package roster
// uses it. It has no session, no lock, no store and no clock. Its input is what
// was received, with the time of receipt; its output is what is known at a
// given time.
//
// # Laws
//
// The order of the stream is the truth (RFC 6120 section 10.1). Of two stanzas
// in one session the later one counts, whatever their stamps say. A stamp says
// when something happened, and is used for LastSeen and Since only.
//
// No decision trusts another machine's clock. A time is by our clock if we saw
// the event, or were told how many seconds ago it was. A stamp alone is by its
// server's clock. It is shown if nothing better is known, and compared with
// other stamps of that server. It confirms a time of ours if both are equal to
// within the seconds that servers round to. If they differ, it is not known
// which is right, unless the stamp is later by more than clocks differ.
//
// A departure happens once. All reports about a contact while it is offline in
// one session are about its last departure. They complete each other, and what
// was seen live takes precedence. An earlier departure never replaces a later
// one. Available presence between two reports makes them two departures: it
// drops what was known about the earlier one. So no text is ever shown with the
// time of another departure.
//
// A server that did not record the last departure reports the one before it. If
// that one was seen, it is remembered while the contact is online, so that such
// a report is recognized. The same holds for a resource that left before the
// last one.
//
// What is no longer reported is not known. Each session is an epoch. What was
// learnt in an earlier epoch is stale until the present one confirms it. A
// resource of an earlier epoch is gone when the present one reports its contact
// without it. While a server holds presence back, everything is stale.
//
// An answer that says nothing confirms nothing. If its parts contradict each
// other, a time that either of them excludes is not used.
//
// A status that a contact had while it was available is not its goodbye, even
// if its server later reports it as one. The latest statuses are remembered to
// recognize this.
//
// A contact that was unblocked may have resources that nobody reports. One that
// our own server long ago held back as available may have left unreported, if the
// contact's server answers that it is offline. The state of both is in doubt until
// an answer, or a presence of the whole contact, arrives.
//
// Our own clock may be wrong, too. A time in the future is not known.
//
// Presence of the occupants of a room (XEP-0045) is not presence of a contact.
package judge
