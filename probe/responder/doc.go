// Package responder answers presence probes for components, gateways and
// servers (XEP-0318, XEP-0267). It is the counterpart of package probe.
//
// A component (XEP-0114) answers probes if you wrap its handler:
//
//	answers := responder.New(session)
//	defer answers.Close()
//	err := session.Serve(answers.Handler(mux))
//
// The Responder then answers a probe to the component's address with available
// presence, whose delay is the component's start time (XEP-0318 section 3.2).
// It answers a query for last activity with the seconds since then (XEP-0012
// section 5). Service discovery names both features, unless the component's own
// handler answers it.
//
// # Buddies
//
// Servers and users may subscribe to the presence of a server or component
// (XEP-0267). [Requests] decides who may; by default nobody. Those who are
// accepted are kept in a [Store]. [Responder.Start] sends them available
// presence, and [Responder.Stop] unavailable presence. The component subscribes
// to others only when you call [Responder.Befriend], or when one of the
// [Admins] runs an ad-hoc command (XEP-0050).
//
// # Contacts behind a gateway
//
// With [Gateway], probes to user@gateway are answered, too, by functions of the
// gateway, for entities that are subscribed to that user. These functions may
// be slow: they run in goroutines of their own, at most [Workers] at a time,
// and their context ends with the session. Questions wait their turn; a login
// with thousands of contacts is answered for all of them, and a chat that is
// opened meanwhile before the rest.
//
// # What it does not do
//
// Replies are limited for each address and each domain that asks (see [Pace]),
// so that forged probes do not become a flood towards their supposed sender.
// The Responder does not answer those whom the policy refuses, and never
// subscribes on its own.
package responder
