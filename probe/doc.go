// Package probe asks for the presence of one contact when a person wants to know
// it, and distinguishes all the ways in which servers answer or stay silent
// (XEP-0318: Best Practices for Client Initiated Presence Probes).
//
// A program that shows contacts should use package roster instead. It remembers
// what is known, and uses this package to ask for what is missing:
//
//	contacts := roster.New(session)
//	go contacts.Serve(mux)
//
// A program without a roster, such as a command that asks once, uses a Client:
//
//	client := probe.NewClient(session)
//	go client.Serve(mux)
//	answer, err := client.Probe(ctx, romeo)
//
// # The fence
//
// The answer to a probe carries no id that can be relied on. Several presences
// may answer one probe, nothing marks the last, and many servers send none at
// all. So a Client sends a query for last activity (XEP-0012) to the same address
// right after the probe. This query is the fence: servers handle the stanzas of
// one stream in order (RFC 6120 section 10.1) and must answer every query. When
// the query's answer arrives, the probe's answer, if any, has arrived before it.
//
// Until then, only a conclusive answer ends the wait. An unavailable presence is
// not conclusive, because the server may have sent it as part of the login:
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
//	          └─ the deadline ────────────────────────────► what is known by then
//
// Some servers handle presence and queries in different processes, so that the
// fence may overtake the presence. The fence then says that the contact is
// connected, and the Client waits for the presence for a limited time, the grace
// (see [Grace]). If none comes, it is not known whether the contact is available.
//
// One available presence is enough, unless our own server had held it back: then
// others may follow it. Use [Settle] to wait for further resources. A later
// unavailable presence from the bare JID is about the whole contact and ends all
// of them, as unsubscribed and a refusal do. What arrives after Probe has returned
// reaches [Observe] and [Answered].
//
// Some stanzas are never an answer: presence of other types, presence of room
// occupants, errors of other stanzas, and stanzas from other addresses. One
// exception: our own server may return the probe or the query in its own name.
//
// A server or component that answers with its uptime is available. If its
// presence has no stamp, the Client also waits for the fence, which may have the
// uptime. Your own account is available whenever its server answers the query,
// even if it refuses the probe.
//
// # What must not be done
//
// XEP-0318 section 2 forbids a client to probe every contact that seems offline
// after login. No function of this package takes more than one contact. All
// probes of a Client share a budget (see [Budget]), a contact is not asked again
// within a cool-down (see [CoolDown]), and concurrent calls for one contact send
// one probe.
//
// A probe reveals to the contact's server, and possibly to the contact, that the
// user is online and interested.
package probe
