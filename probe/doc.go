// Package probe asks for the presence of one contact, when a human wants to
// know it, and tells apart every way in which a server may answer or stay
// silent (XEP-0318: Best Practices for Client Initiated Presence Probes).
//
// A program that shows contacts wants package roster, which remembers what is
// known, asks only for what is lacking, and uses this package to ask:
//
//	contacts := roster.New(session)
//	go contacts.Serve(mux)
//
// A program without a roster, such as a command that asks once, uses a
// [Client]:
//
//	client := probe.NewClient(session)
//	go client.Serve(mux)
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
// Until then only what is certain ends the wait. An unavailable presence may be
// one that the server sent because of the login, and waits for the fence:
//
//	waiting ──┬─ available ───────────────────────────────► available
//	          ├─ unsubscribed, or the probe is refused ───► unauthorized
//	          ├─ the probe is returned ───────────────────► error
//	          ├─ bare unavailable ──► bare ── fence ──────► unavailable
//	          ├─ fence: N seconds ago, or a text ─────────► unavailable
//	          ├─ fence: connected now ──► overtaken ─┬─ available ────────► available
//	          │                                      ├─ bare unavailable ─► unavailable
//	          │                                      └─ the grace ────────► unanswered
//	          ├─ fence: no such service ──► as overtaken, with a shorter grace
//	          ├─ fence: refused ──────────────────────────► unauthorized
//	          ├─ fence: returned, or we block the contact ► error
//	          ├─ fence: anything else ────────────────────► unanswered
//	          └─ the deadline ────────────────────────────► what has come
//
// Where presence and query are handled by different processes the fence may
// overtake the presence. Then it says that the contact is connected, and the
// Client waits for the presence during a bounded grace (see [Grace]). Some
// servers say so and never tell how the contact is connected: that is not
// unavailable, and not available.
//
// One available presence is enough; who wants all resources waits for them with
// [Settle]. Once somebody is available, a bare unavailable presence ends that, for
// it speaks of the whole contact, and so do unsubscribed and a refusal. What
// comes after Probe has returned reaches [Observe] and [Answered].
//
// Presence of other types, presence of a room's occupants, errors of other stanzas
// and what comes from other addresses change nothing, except that our own server
// may return what it does not pass on in its own name. A host that tells its
// uptime is available; one that is available without a time is asked for its
// uptime until the fence. Your own account is available whatever the fence says,
// because it is connected, and its server may refuse the probe.
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
