// Package roster remembers what is known of each contact, knows how good that
// knowledge is, and opens chats: it asks the network about a contact only
// where something is lacking and a human wants to see it (XEP-0318).
//
//	contacts := roster.New(session)
//	go session.Serve(contacts.Handler(mux)) // mux is the client's own handler
//	err := contacts.Sync(ctx)               // fetches the roster
//	…
//	contact, err := contacts.Open(ctx, romeo) // the user opens the chat
//
// A client fetches the roster before it sends initial presence (RFC 6121
// section 2.2). From then on the Cache learns from every presence and roster
// push that passes its handler.
//
// # What is known of a contact
//
// A contact may never have been heard of. It may be online, with the presence
// of each resource. It may be offline with details, when and with what status,
// or without: a server may only say that it is offline. Later knowledge
// replaces earlier knowledge, by the time that it speaks of. A live
// unavailable presence from a resource has its details: it happened now.
//
// [Cache.Lacking] lists the contacts that are offline and whose details are
// missing. It is for looking at, not for probing: there is no function that
// asks about many contacts, and asking in a loop ends at the budget.
package roster
