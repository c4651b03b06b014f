// Package judge decides what is known of one contact. Package roster asks it,
// and nobody else does. It has no session, no lock, no store and no wall clock:
// what was heard goes in with the time at which it was heard, and what is known
// comes out for the time at which somebody looks.
//
// # Laws
//
// The order of the stream is the truth (RFC 6120 section 10.1). Of two stanzas
// of one session the later one holds, whatever is stamped on them. A stamp says
// when something happened, and serves LastSeen and Since alone.
//
// No decision trusts another clock. A time is ours if we saw the event, or if
// seconds until now were told. A stamp alone is its server's time. It is shown
// where nothing better is known, and it is compared with other stamps of that
// server. Compared with our own times it can confirm, when the two are the same
// moment to within the seconds that servers round to; when they differ, it
// leaves in doubt which is right, unless it is later by more than clocks differ.
//
// One departure is one departure. Everything that is told of a contact while it
// is offline in one session is about its last departure. Accounts of one
// departure complete each other, and what was seen live outranks the rest. An
// earlier departure never replaces a later one. Being online in between makes two
// departures of two: available presence drops what was known of the departure
// before. So no words stand under another departure's time.
//
// What nobody tells any more is not known. Each session is an epoch. What was
// learnt in an earlier epoch is stale until the present one confirms it, and a
// resource of an earlier epoch is gone when the present one tells of its contact
// without it. While a server holds presence back, everything is stale.
//
// An answer that tells nothing confirms nothing.
//
// Our own clock may be wrong, too. A time that lies in the future is not known.
//
// Presence of rooms' occupants (XEP-0045) is nobody's.
package judge
