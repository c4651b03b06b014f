package server

import "mellium.im/xmpp/stanza"

// The servers that were seen. Prosody and ejabberd were run; of the others the
// sources were read, and what they did not show is as the RFCs have it.
var (
	// ProsodyStock is Prosody 0.12 with its modules for rosters, presence
	// and last activity.
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
		Last: LastActivity{
			Known:    true,
			Stranger: Refusal{Type: stanza.Auth, Condition: stanza.Forbidden},
			Stale:    true,
			Never:    NeverZero,
		},
	}

	// ProsodyStamps is Prosody with mod_lastlog, which is told to stamp the
	// presence of those who are offline.
	ProsodyStamps = with(ProsodyStock, func(b *Behaviour) {
		b.Name = "Prosody with stamps"
		b.Offline = Replay{Send: true, Stamp: true, From: FromHost}
	})

	// Ejabberd is ejabberd 23.01 with mod_last. It handles probe and query
	// in different processes.
	Ejabberd = Behaviour{
		Name:        "ejabberd",
		Online:      Replay{Send: true, Stamp: true, StampFirst: true, From: FromResource, Digits: 6},
		OneResource: true,
		FenceFirst:  true,
		ClientState: HoldLatest,
		Unreachable: Refusal{Type: stanza.Auth, Condition: stanza.Forbidden},
		Last: LastActivity{
			Known:    true,
			Stranger: Refusal{Type: stanza.Auth, Condition: stanza.SubscriptionRequired, Text: "Not subscribed"},
			Never:    NeverRegistered,
		},
	}

	// Openfire keeps an unavailable presence that says something, and never
	// stamps one.
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

	// Tigase is Tigase with presence-offline, which stamps without saying
	// who does.
	Tigase = Behaviour{
		Name:        "Tigase",
		Online:      Replay{Send: true},
		Offline:     Replay{Send: true, Content: LastWords, Stamp: true, Digits: 3},
		Unreachable: notFound,
	}

	// Jabberd is the jabberd family, which stamps twice.
	Jabberd = Behaviour{
		Name:        "jabberd",
		Online:      Replay{Send: true},
		Offline:     Replay{Send: true, Content: LastWords, Stamp: true, Legacy: true, From: FromResource},
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

	// Silent never answers a probe, and knows no last activity.
	Silent = Behaviour{Name: "silent"}
)

// notFound is for a domain that cannot be reached (RFC 6120 section 8.3.3.16).
var notFound = Refusal{Type: stanza.Cancel, Condition: stanza.RemoteServerNotFound}

func with(b Behaviour, change func(*Behaviour)) Behaviour {
	change(&b)
	return b
}
