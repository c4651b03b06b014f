// Package roster remembers what is known of each contact, and how good that
// knowledge is. When the user opens a chat, it asks the contact's server for
// what is missing (XEP-0318).
//
//	contacts := roster.New(session) // a negotiated *xmpp.Session
//	defer contacts.Close()
//	ended := make(chan error, 1)
//	go func() { ended <- contacts.Serve(mux) }() // mux: your own handlers
//	err := contacts.Sync(ctx)                    // fetches the roster
//	…                                            // send initial presence
//	contact, err := contacts.Open(ctx, romeo)    // the user opens a chat
//
// Call Sync before you send initial presence (RFC 6121 section 2.2). From then
// on the [Cache] learns from every presence and roster push of the session.
// When the session ends, everything known becomes stale; log in again and give
// the new session to [Cache.Connect].
//
// # What is known of a contact
//
//   - Nothing: no presence and no answer has said anything about it. Lack is
//     [NeverHeard].
//   - It is online, with the presence of each resource.
//   - It is offline, with details: when it left, why, and what it said.
//   - It is offline, without some of these details, because no server told
//     them. Lack is [NoDetails].
//   - Any of these, but it may have changed since: the session ended, or the
//     server holds presence back. Lack is [Outdated].
//
// Only while Lack is [Nothing] is all of a [Contact] certain.
//
// Within a session, what the server sends later replaces what it sent earlier,
// whatever the stamps say. A stamp only tells when a contact left. No decision
// compares another machine's clock with ours. Between sessions and processes,
// the later departure replaces the earlier one.
//
// # What must not be done
//
// XEP-0318 section 2 forbids a client to probe every contact that seems offline
// after login. No function of this package asks about more than one contact,
// and all probes share a budget ([probe.Budget]). [Cache.Lacking] lists the
// contacts of which something is missing; it is for showing them.
//
// # Names
//
// Package mellium.im/xmpp/roster has the same name. A client that uses both
// imports one of them under another name.
package roster
