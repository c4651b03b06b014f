package server

import "mellium.im/xmpp/stanza"

// The servers that were observed. Prosody 0.12 and 13, ejabberd, jabberd2 and jackal
// were run. The others are taken from their source code and, where that was not
// clear, from the RFCs.
var (
	// ProsodyStock is Prosody 0.12 with its modules for rosters, presence and
	// last activity, which it keeps in memory only.
	ProsodyStock = Behaviour{
		Name:        "Prosody",
		Online:      Replay{Send: true, Stamp: true, From: FromHost},
		Offline:     Replay{Send: true},
		AtLogin:     true,
		Host:        Replay{Send: true, ToBare: true},
		Ourselves:   Refusal{Type: stanza.Modify, Condition: stanza.BadRequest, Text: "Invalid presence type"},
		Unreachable: Refusal{Type: stanza.Cancel, Condition: stanza.NotAllowed, Text: "Communication with remote domains is not enabled"},
		OwnNameless: true,
		ClientState: HoldAll,
		Live:        prosodyTexts,
		Blocking: Blocking{
			Known:  true,
			Ours:   Refusal{Type: stanza.Cancel, Condition: stanza.NotAcceptable, Text: "You have blocked this JID", Blocked: true},
			Told:   true,
			Theirs: unavailable,
			Push:   true,
		},
		Last: LastActivity{
			Known:    true,
			Stranger: Refusal{Type: stanza.Auth, Condition: stanza.Forbidden},
			Stale:    true,
			Forgets:  true,
			Never:    NeverZero,
			Texts:    prosodyTexts,
		},
	}

	// ProsodyShipped is Prosody 0.12 or 13 with its default modules: it has the
	// last activity of hosts, and refuses that of accounts even to subscribers.
	ProsodyShipped = with(ProsodyStock, func(b *Behaviour) {
		b.Name = "Prosody as shipped"
		b.Last = LastActivity{Uptime: true}
	})

	// ProsodyStamps is Prosody with mod_lastlog, configured to stamp the presence
	// of offline contacts.
	ProsodyStamps = with(ProsodyStock, func(b *Behaviour) {
		b.Name = "Prosody with stamps"
		b.Offline = Replay{Send: true, Stamp: true, From: FromHost}
	})

	// Ejabberd is ejabberd 23.01 with mod_last. It handles probe and query in
	// different processes. When it is stopped, it may or may not save the last
	// activity of those who are online; here it does not.
	Ejabberd = Behaviour{
		Name:        "ejabberd",
		Online:      Replay{Send: true, Stamp: true, StampFirst: true, From: FromResource, Digits: 6},
		OneResource: true,
		FenceFirst:  true,
		PlainGrant:  true,
		Abrupt:      true,
		ClientState: HoldLatest,
		Blocking: Blocking{
			Known: true,
			Ours: Refusal{Type: stanza.Modify, Condition: stanza.NotAcceptable,
				Text: "Your active privacy list has denied the routing of this stanza."},
			Theirs:  Refusal{Type: stanza.Auth, Condition: stanza.Forbidden},
			PushAll: true,
		},
		Unreachable: Refusal{Type: stanza.Auth, Condition: stanza.Forbidden},
		Last: LastActivity{
			Known:    true,
			Stranger: Refusal{Type: stanza.Auth, Condition: stanza.SubscriptionRequired, Text: "Not subscribed"},
			Never:    NeverRegistered,
			Texts: Texts{
				Closed:   "Stream reset by peer",
				Lost:     "Connection failed: connection closed",
				TimedOut: "Stream closed by local host: Timed out waiting for stream resumption (connection-timeout)",
				Stopped:  "Stream closed by local host: system-shutdown",
				Failed:   "Stream closed by local host: not well-formed (invalid token) (not-well-formed)",
			},
		},
	}

	// Jabberd2 is jabberd2 2.7. It ignores clients' probes, and at login repeats
	// the last available presence as unavailable.
	Jabberd2 = Behaviour{
		Name:        "jabberd2",
		Online:      Replay{Send: true, Stamp: true, StampFirst: true, From: FromResource},
		Offline:     Replay{Send: true, Content: LastAvailable},
		AtLogin:     true,
		Deaf:        true,
		Abrupt:      true,
		Unreachable: Refusal{Type: stanza.Cancel, Condition: stanza.ItemNotFound},
		Blocking:    Blocking{Known: true, Told: true},
		Last: LastActivity{
			Known:     true,
			Stranger:  Refusal{Type: stanza.Auth, Condition: stanza.Forbidden},
			NoAccount: unavailable,
			Gone:      true,
			Never:     NeverUnavailable,
		},
	}

	// Jackal is jackal 0.64. Its last activity is that of the unavailable
	// presence that clients send, even while they are still connected.
	Jackal = Behaviour{
		Name:        "jackal",
		Online:      Replay{Send: true},
		Offline:     Replay{Send: true},
		AtLogin:     true,
		Ghosts:      true,
		Unreachable: notFound,
		Blocking:    Blocking{Known: true, Told: true, Ours: notAcceptable, Theirs: unavailable, Push: true},
		Last: LastActivity{
			Known:    true,
			Stranger: Refusal{Type: stanza.Auth, Condition: stanza.Forbidden},
			Sent:     true,
		},
	}

	// Metronome is metronome, a fork of Prosody. Only its last activity was
	// observed; the rest is Prosody's.
	Metronome = with(ProsodyStock, func(b *Behaviour) {
		b.Name = "metronome"
		b.Live = Texts{}
		b.Last.Decimals = true
		b.Last.Texts = Texts{Closed: "Logged out", Lost: "Logged out", TimedOut: "Logged out", Failed: "Logged out", Stopped: "Logged out"}
	})

	// Openfire keeps an unavailable presence that has content, and never stamps
	// it.
	Openfire = Behaviour{
		Name:        "Openfire",
		Online:      Replay{Send: true},
		Offline:     Replay{Send: true, Content: Goodbye},
		Stranger:    Refusal{Type: stanza.Auth, Condition: stanza.Forbidden, NoID: true},
		NoAccount:   Refusal{Unsubscribed: true},
		Unreachable: notFound,
		Last: LastActivity{
			Known:    true,
			Stranger: Refusal{Type: stanza.Auth, Condition: stanza.Forbidden},
			Never:    NeverZero,
		},
	}

	// Tigase is Tigase with presence-offline, whose stamps have no from.
	Tigase = Behaviour{
		Name:        "Tigase",
		Online:      Replay{Send: true},
		Offline:     Replay{Send: true, Content: LastPresence, Stamp: true, Digits: 3},
		Unreachable: notFound,
	}

	// Jabberd is the family of jabberd 1.4, which adds both kinds of stamps.
	Jabberd = Behaviour{
		Name:        "jabberd",
		Online:      Replay{Send: true},
		Offline:     Replay{Send: true, Content: LastPresence, Stamp: true, Legacy: true, From: FromResource},
		Stranger:    Refusal{Unsubscribed: true},
		NoAccount:   Refusal{Unsubscribed: true},
		Unreachable: notFound,
		Last: LastActivity{
			Known:    true,
			Stranger: Refusal{Type: stanza.Auth, Condition: stanza.Forbidden},
		},
	}

	// XEP0318 is what the examples of XEP-0318 show for users and hosts.
	XEP0318 = Behaviour{
		Name:        "XEP-0318",
		Online:      Replay{Send: true, Stamp: true, From: FromResource},
		Offline:     Replay{Send: true, Content: Goodbye, Stamp: true, From: FromResource},
		Host:        Replay{Send: true, Stamp: true, From: FromHost},
		Unreachable: notFound,
		Last: LastActivity{
			Known:    true,
			Stranger: Refusal{Type: stanza.Auth, Condition: stanza.Forbidden},
		},
	}

	// Silent does not answer probes and does not support last activity.
	Silent = Behaviour{Name: "silent"}
)

// prosodyTexts are in the unavailable presence that it sends, and in last activity.
var prosodyTexts = Texts{
	Lost:     "Disconnected: closed",
	TimedOut: "Disconnected: Hibernating too long",
	Failed:   "Disconnected: not-well-formed",
	Stopped:  "Disconnected: Received SIGTERM",
	Deleted:  "Disconnected: Account deleted",
}

// notAcceptable is for what is sent to somebody who is blocked (XEP-0191 section
// 3.5).
var notAcceptable = Refusal{Type: stanza.Cancel, Condition: stanza.NotAcceptable, Blocked: true}

// notFound is for a domain that cannot be reached (RFC 6120 section 8.3.3.16).
var notFound = Refusal{Type: stanza.Cancel, Condition: stanza.RemoteServerNotFound}

func with(b Behaviour, change func(*Behaviour)) Behaviour {
	change(&b)
	return b
}
