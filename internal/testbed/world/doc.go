// Package world is a simulator of the world around a client, in the manner of
// deterministic simulation: a contact with several resources, the contact's server,
// our own server, the network between them, and clocks that differ. It plays
// random stories, drives package roster through its public API over a
// connection, and after every step holds what the Cache says against what is true.
//
// A story is made from a seed, and the same seed gives the same story: [Random]
// makes it, [Play] plays it in a bubble of package synctest, [Shrink] finds the
// shortest part of it that still fails. A claim that is false although no client
// could have known better is no fault: it is excused for one of the reasons
// of type [Reason], and counted apart. Whether a client could have known is worked
// out from all that it, or a former one with the same store, was ever told.
//
// LASTPRESENCE_STORIES=N go test plays N stories on each kind of server, from the
// seed LASTPRESENCE_SEED on, and with -v prints a table; LASTPRESENCE_STORY="prosody 17" go test -run TestOne -v tells one of
// them; LASTPRESENCE_IGNORE lists rules to pass over, with semicolons between them.
//
// Everything that happens is an event with a time, and one goroutine runs the
// events one after the other. Between two of them it waits until nothing moves.
package world
