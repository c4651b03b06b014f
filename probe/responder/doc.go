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
// to others only if you call [Responder.Befriend], if the decision about their
// request is [Mutual], or if one of the [Admins] runs an ad-hoc command (XEP-0050).
//
// # Contacts behind a gateway
//
// With [Gateway], the Responder also answers probes to user@gateway, for entities
// that are subscribed to that user. It asks functions of the gateway, which may
// be slow: they run in goroutines of their own, at most [Workers] at a time, and
// their context ends with the session. Probes are queued. A login with thousands
// of contacts is answered completely; a chat that is opened meanwhile goes first.
//
// # Limits
//
// Replies are limited for each address and each domain that asks (see [Pace]),
// so that forged probes cannot flood their supposed sender.
package responder
