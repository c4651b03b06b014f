package server

import "mellium.im/xmpp/stanza"

// Behaviour is how a server answers probes and queries for last activity. Each
// field is something in which deployed servers differ; the named values are
// servers as they were seen. Its zero value says nothing to anyone.
type Behaviour struct {
	Name string

	// Online is what stands for a contact who is online: the last presence
	// of each resource, with or without a stamp.
	Online Replay
	// FenceFirst has a query that comes right behind a probe to a contact
	// who is online answered before the probe.
	FenceFirst bool
	// OneResource has a probe to a full address answered by that resource
	// only, with silence if it is not online; else all of them answer.
	OneResource bool

	// Offline is what stands for a contact who is offline.
	Offline Replay
	// AtLogin has the same arrive at login for every contact offline.
	AtLogin bool

	// Refused answers a probe to a contact whose presence is not the
	// asker's to know, or who does not exist; Unsubscribed does so with a
	// presence of that type. Empty: silence.
	Refused      stanza.Condition
	Unsubscribed bool

	// Host answers a probe to a host, HostStamp with its start time.
	Host, HostStamp bool

	// Unreachable answers a probe or query to a domain that cannot be
	// reached. Empty: silence to a probe.
	Unreachable stanza.Condition

	// Ourselves answers a probe to the own account. Empty: silence.
	Ourselves stanza.Condition

	// LastActivity answers queries (XEP-0012); without it they are
	// refused with service-unavailable. LastRefused refuses those who may
	// not know, and LastStale tells the last logout of a contact who is
	// online instead of 0. LastUnknown refuses to tell of one who was never
	// online; empty: 0, as of one who is connected.
	LastActivity bool
	LastRefused  stanza.Condition
	LastStale    bool
	LastUnknown  stanza.Condition
}

// Replay is a presence as a server sends it later.
type Replay struct {
	Send   bool // send one at all
	Status bool // offline: with what the contact said
	Stamp  bool // with XEP-0203
	Legacy bool // with XEP-0091 as well
	From   From // the stamp's from
	Digits int  // digits after the second in the stamp
}

// From is who is named in a stamp.
type From uint8

// Who may be named in a stamp.
const (
	FromNobody From = iota
	FromHost
	FromResource
)

// The servers that were seen, and what XEP-0318 shows.
var (
	// ProsodyStock is Prosody 0.12 with last activity.
	ProsodyStock = Behaviour{
		Name:         "Prosody",
		Online:       Replay{Send: true, Stamp: true, From: FromHost},
		Offline:      Replay{Send: true},
		AtLogin:      true,
		Host:         true,
		Unreachable:  stanza.NotAllowed,
		Ourselves:    stanza.BadRequest,
		LastActivity: true,
		LastRefused:  stanza.Forbidden,
		LastStale:    true,
	}

	// ProsodyStamps is Prosody with mod_lastlog stamping.
	ProsodyStamps = with(ProsodyStock, func(b *Behaviour) {
		b.Name = "Prosody with stamps"
		b.Offline = Replay{Send: true, Stamp: true, From: FromHost}
	})

	// Ejabberd is ejabberd 23.01 with mod_last.
	Ejabberd = Behaviour{
		Name:         "ejabberd",
		Online:       Replay{Send: true, Stamp: true, From: FromResource, Digits: 6},
		FenceFirst:   true,
		OneResource:  true,
		Unreachable:  stanza.Forbidden,
		LastActivity: true,
		LastRefused:  stanza.SubscriptionRequired,
		LastUnknown:  stanza.ItemNotFound,
	}

	// Openfire replays the last unavailable presence, and stamps nothing.
	Openfire = Behaviour{
		Name:         "Openfire",
		Online:       Replay{Send: true},
		Offline:      Replay{Send: true, Status: true},
		Refused:      stanza.Forbidden,
		Unreachable:  stanza.RemoteServerNotFound,
		LastActivity: true,
		LastRefused:  stanza.Forbidden,
	}

	// Tigase stamps without saying who does.
	Tigase = Behaviour{
		Name:        "Tigase",
		Online:      Replay{Send: true},
		Offline:     Replay{Send: true, Status: true, Stamp: true, Digits: 3},
		Unreachable: stanza.RemoteServerNotFound,
	}

	// Jabberd is the jabberd family, which stamps twice.
	Jabberd = Behaviour{
		Name:         "jabberd",
		Online:       Replay{Send: true},
		Offline:      Replay{Send: true, Status: true, Stamp: true, Legacy: true, From: FromResource},
		Unsubscribed: true,
		Unreachable:  stanza.RemoteServerNotFound,
		LastActivity: true,
		LastRefused:  stanza.Forbidden,
	}

	// XEP0318 is what the examples of XEP-0318 show.
	XEP0318 = Behaviour{
		Name:         "XEP-0318",
		Online:       Replay{Send: true, Stamp: true, From: FromResource},
		Offline:      Replay{Send: true, Status: true, Stamp: true, From: FromResource},
		Host:         true,
		HostStamp:    true,
		Unreachable:  stanza.RemoteServerNotFound,
		LastActivity: true,
		LastRefused:  stanza.Forbidden,
	}

	// Silent never answers a probe, and knows no last activity.
	Silent = Behaviour{Name: "silent"}
)

func with(b Behaviour, change func(*Behaviour)) Behaviour {
	change(&b)
	return b
}
