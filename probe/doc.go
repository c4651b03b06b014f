// Package probe asks for the presence of one contact, when a human wants to
// know it, and tells apart every way in which a server may answer or stay
// silent (XEP-0318: Best Practices for Client Initiated Presence Probes).
//
// A program that shows contacts wants package roster, which remembers what is
// known, asks only for what is lacking, and uses this package to ask:
//
//	contacts := roster.New(session)
//	go session.Serve(contacts.Handler(mux))
//
// A program without a roster, such as a command that asks once, uses a
// [Client]:
//
//	client := probe.NewClient(session)
//	go session.Serve(client.Handler(mux))
//	answer, err := client.Probe(ctx, romeo)
//
// # The fence
//
// The answer to a probe carries no id that could be relied on, several
// presences may answer one probe, nothing marks the last, and many servers
// say nothing at all. So a Client writes a query for last activity (XEP-0012)
// to the same address right behind the probe. Servers take the stanzas of one
// stream in order (RFC 6120 section 10.1) and always answer a query: when its
// answer arrives, the probe's has arrived too, or will not.
//
//	waiting ──┬─ unavailable, with time and status ───────► unavailable
//	          ├─ unsubscribed, or refused ────────────────► unauthorized
//	          ├─ the probe or the fence is returned ──────► error
//	          ├─ fence: N seconds ago ────────────────────► unavailable
//	          ├─ fence: not authorised ───────────────────► unauthorized
//	          ├─ a resource is available ──► seen ─ fence, or grace ──► available
//	          ├─ a resource leaves ────────► parted ─ fence ──► as in waiting
//	          ├─ bare unavailable ─────────► bare ─ fence, or grace ──► unavailable
//	          ├─ fence: connected now ─────► overtaken ─┬─ grace ──► unavailable
//	          ├─ fence: tells nothing ─────► mute ──────┼─ grace ──► unanswered
//	          │                                         ├─ unavailable ──► unavailable
//	          │                                         └─ available ──► settling
//	          └─ the deadline ───────────────────────────► what has come
//
//	seen ─ fence: connected now ──► settling ─ a moment ──► available
//
// Presence of other types, errors of other stanzas and what comes from other
// addresses change nothing. A host that tells its uptime is available, and so
// is the own account, whose server may refuse the probe.
//
// Where presence and query are handled by different processes the fence may
// overtake the presence. Then it says that the contact is connected, and the
// Client waits for the presence during a bounded grace (see [Grace]).
//
// # What must not be done
//
// XEP-0318 section 2 forbids a client to probe all the contacts that seem
// offline after login. No function of this package takes more than one
// contact; all probes of a Client share a budget (see [Budget]); a contact is
// not asked again within a cool-down (see [CoolDown]); and simultaneous
// probes to one contact are one probe.
//
// A probe tells the contact's server, and so perhaps the contact, that the
// asking user is online and interested.
package probe
