// Package roster keeps what is known about each contact's presence, and reports
// how reliable it is. When the user opens a chat, it asks the contact's server
// for what is missing (XEP-0318).
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
// # What is known about a contact
//
// A [Contact] is in one of these states:
//
//   - Unknown: no presence and no probe reply has been received. Lack is
//     [NeverHeard].
//   - Online, with the presence of each resource. Lack is [Nothing].
//   - Offline, with details: when it left, why, and its last status. Lack is
//     [Nothing].
//   - Offline, but no server sent some of these details. Lack is [NoDetails].
//   - Online or offline, but stale: the session ended, or the server holds
//     presence back. Lack is [Outdated].
//
// Only [Nothing] means that all of the Contact is certain.
//
// Within a session, what the server sends later replaces what it sent earlier,
// whatever the stamps say. A stamp only says when a contact left. No decision
// compares another machine's clock with ours. Between sessions and processes,
// the later departure replaces the earlier one.
//
// # What must not be done
//
// XEP-0318 section 2 forbids a client to probe every contact that seems offline
// after login. No function of this package asks about more than one contact,
// and all probes share a budget ([probe.Budget]). [Cache.Lacking] lists the
// contacts about which something is missing; use it for display only.
//
// # Names
//
// Package mellium.im/xmpp/roster has the same name. A client that uses both
// imports one of them under another name.
package roster
