// Package judge decides what is known of one contact. Only package roster uses
// it. It has no session, no lock, no store and no clock. What was heard goes in
// together with the time at which it was heard; what is known comes out for the
// time at which somebody looks.
//
// # Laws
//
// The order of the stream is the truth (RFC 6120 section 10.1). Of two stanzas
// of one session the later one holds, whatever their stamps say. A stamp says
// when something happened, and is used for LastSeen and Since only.
//
// No decision trusts another machine's clock. A time is ours if we saw the
// event, or if we were told how many seconds ago it was. A stamp alone is in
// its server's time. It is shown if nothing better is known, and compared with
// other stamps of that server. Compared with our own times it can confirm an
// event, if both are the same moment to within the seconds that servers round
// to. If they differ, it is in doubt which is right, unless the stamp is later
// by more than clocks differ.
//
// A departure happens once. Everything that is told of a contact while it is
// offline in one session is about its last departure. Reports of one departure
// complete each other, and what was seen live takes precedence. An earlier
// departure never replaces a later one. Available presence between two reports
// makes them two departures: it drops what was known of the earlier one. So no
// text is ever shown with the time of another departure.
//
// A server that did not record the last departure reports the one before it. If
// that one was seen, it is remembered while the contact is online, so that such a
// report is recognised. This holds for a resource that left before the last one,
// too.
//
// What is no longer reported is not known. Each session is an epoch. What an
// earlier epoch told is stale until the present one confirms it. A resource of
// an earlier epoch is gone when the present one reports its contact without it.
// While a server holds presence back, everything is stale.
//
// An answer that tells nothing confirms nothing. If its parts contradict each
// other, the time that both exclude is not known.
//
// A status that a contact had while it was available is no goodbye, even if its
// server reports it later as if it were one. The statuses that were seen last are
// remembered for that.
//
// Whoever was unblocked may have resources of which nobody tells. Until an answer
// or a presence of the whole contact comes, it is in doubt what else there is.
//
// Our own clock may be wrong, too. A time that lies in the future is not known.
//
// Presence of the occupants of a room (XEP-0045) belongs to no contact.
package judge
