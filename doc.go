// Package lastpresence is the front page of a library for XMPP clients, bots and
// gateways on mellium.im/xmpp. It has no code of its own.
//
// The contact whose chat the user just opened is offline. When were they last
// here, and what did they say as they left? The library answers that from memory
// where it can, and otherwise asks the contact's server once, in one round trip
// (XEP-0318: Best Practices for Client Initiated Presence Probes). It also says
// what is not known, and why.
//
//	contacts := roster.New(session) // a negotiated *xmpp.Session
//	go contacts.Serve(mux)          // mux: your own handlers; they see every stanza, unchanged
//	err := contacts.Sync(ctx)       // fetch the roster
//	…                               // send initial presence
//	contact, err := contacts.Open(ctx, romeo) // the user opens a chat
//
// # Which package to use
//
//   - A client with contacts uses [example.org/lastpresence/roster]. It remembers
//     what is known of each contact, follows the rules of XEP-0318, and keeps what
//     it knows when the client reconnects.
//   - To keep this across restarts, add [example.org/lastpresence/roster/filestore],
//     or [example.org/lastpresence/roster/sqlstore] for a database.
//   - A client that shows text may use [example.org/lastpresence/roster/ago], which
//     turns times into words such as "last seen 10 minutes ago".
//   - A program without a roster, such as a command that asks once, uses
//     [example.org/lastpresence/probe].
//   - A component, gateway or server answers probes with
//     [example.org/lastpresence/probe/responder].
//   - A program that reads or writes times and delayed-delivery stamps uses
//     [example.org/lastpresence/delay].
//
// Packages named roster and delay exist in mellium, too. Import one of the two
// under another name where you need both.
//
// The folder examples has programs to run: openchat opens chats on a server inside
// the program, client is a whole client in 60 lines, and chat is a client for the
// terminal.
package lastpresence
