// Package world is a deterministic simulation of the world around a client: a
// contact with several resources, the contact's server, our own server, the network
// between them, and clocks that differ. It plays random stories, drives package
// roster through its public API over a connection, and after every step compares
// what the Cache claims with what is true.
//
// [Random] makes a story from a seed; the same seed always gives the same story.
// [Play] plays it in a bubble of package synctest. [Shrink] finds the shortest part
// of it that still fails. A false claim is not a fault if no client could have known
// better. It is then excused, for one of the reasons of type [Reason], and counted
// separately. Whether a client could have known is derived from everything that it,
// or an earlier one with the same store, has received.
//
// Environment variables control the tests:
//
//   - LASTPRESENCE_STORIES=N plays N stories on each kind of server, from the seed
//     LASTPRESENCE_SEED on; with -v it prints a table.
//   - LASTPRESENCE_STORY="prosody 17", with -run TestOne -v, prints one story.
//   - LASTPRESENCE_IGNORE lists rules to ignore, separated by semicolons.
//
// Everything that happens is an event with a time. One goroutine runs the events in
// order. After each it waits until all other goroutines are blocked.
package world
