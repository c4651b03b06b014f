// Package responder answers presence probes for components, gateways and
// servers: the other end of package probe.
//
// A component (XEP-0114) becomes a good citizen of XEP-0318 by one line around
// its handler:
//
//	answers := responder.New(session)
//	defer answers.Close()
//	err := session.Serve(answers.Handler(mux))
//
// From then on a probe to the component's address is answered by available
// presence whose delay says since when it is up (XEP-0318 section 3.2), a
// query for last activity by the seconds since then (XEP-0012 section 5), and
// service discovery names both, unless the component's own handler answers it.
//
// # Buddies
//
// Servers and users may subscribe to the presence of a server or component
// (XEP-0267). Who may is decided by [Requests]; by default nobody. The approved
// are kept in a [Store]. [Responder.Start] tells them that the component is
// available, [Responder.Stop] that it is not. Requests of the component's own
// are sent only when [Responder.Befriend] is called, or by those who [Admins]
// names, with an ad-hoc command (XEP-0050).
//
// # Contacts behind a gateway
//
// With [Gateway] probes to user@gateway are answered as well, to those who are
// subscribed to that user, by functions of the gateway's. They may be slow: they
// run beside the session, not more than [Workers] at once, and their context
// ends with the session.
//
// # What it does not do
//
// Replies are paced for each address and for each domain that asks, see [Pace],
// so that probes in somebody else's name do not become a flood towards them. It
// says nothing to those whom the policy refuses, and never asks by itself.
package responder
