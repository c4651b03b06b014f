package suite

import "maps"

// Prosody has the results on Prosody as it is shipped, plus its module for last
// activity.
var Prosody = Expect{
	"never online":           "unavailable, by probe",
	"offline with status":    "unavailable, time, status, by last-activity",
	"offline without status": "unavailable, time, by last-activity",
	"online, one resource":   "available, by probe",
	"online, two resources":  "available, by probe",
	"just gone":              "unavailable, time, status, by live",
	"not subscribed":         "unauthorized",
	"no such account":        "unauthorized",
	"the host":               "available, time, by last-activity",
	"an unreachable domain":  "error",
	"ourselves":              "available, by last-activity",
}

// The results on other servers, as differences from Prosody.
var (
	// ProsodyShipped is Prosody with its default modules. It does not say when a
	// contact went offline, and refuses queries of subscribers and strangers
	// alike.
	ProsodyShipped = Prosody.but(Expect{
		"offline with status":    "unavailable, by probe",
		"offline without status": "unavailable, by probe",
		"not subscribed":         "unanswered",
		"no such account":        "unanswered",
	})

	// Jabberd2 ignores probes. For a contact who is online, last activity says
	// only that it is connected. For others it has the time but no text.
	Jabberd2 = Expect{
		"never online":           "unanswered",
		"offline with status":    "unavailable, time, by last-activity",
		"offline without status": "unavailable, time, by last-activity",
		"online, one resource":   "unanswered",
		"online, two resources":  "unanswered",
		"just gone":              "unavailable, time, status, by live",
		"not subscribed":         "unauthorized",
		"no such account":        "unanswered",
		"the host":               "available, time, by last-activity",
		"an unreachable domain":  "unanswered",
		"ourselves":              "available, by last-activity",
	}

	// ProsodyStamps sends the time of the logout in presence, already at login,
	// and the status in last activity.
	ProsodyStamps = Prosody.but(Expect{
		"offline with status":    "unavailable, time, status, by probe",
		"offline without status": "unavailable, time, by live",
	})

	// XEP0318 is what the examples of XEP-0318 show for users and hosts.
	XEP0318 = ProsodyStamps.but(Expect{
		"offline without status": "unavailable, time, by probe",
		"the host":               "available, time, by probe",
	})

	// ProsodyXEP0318 sends all of it already at login.
	ProsodyXEP0318 = XEP0318.but(Expect{
		"offline with status":    "unavailable, time, status, by live",
		"offline without status": "unavailable, time, by live",
	})

	// Ejabberd does not answer a probe of an offline contact. For a contact who
	// was never online, last activity has the time of registration and the text
	// "Registered but didn't login", or nothing. It answers forbidden for a domain
	// that cannot be reached.
	Ejabberd = Prosody.but(Expect{
		"never online":          "unavailable, by last-activity",
		"an unreachable domain": "unauthorized",
	})

	// Tigase does not support last activity, and does not answer strangers.
	Tigase = ProsodyStamps.but(Expect{
		"offline without status": "unavailable, time, by probe",
		"not subscribed":         "unanswered",
		"no such account":        "unanswered",
		"the host":               "unanswered",
	})

	// Jabberd sends nothing about offline contacts at login.
	Jabberd = ProsodyStamps.but(Expect{
		"offline without status": "unavailable, time, by probe",
	})

	// Silent answers nothing: only presence that arrives live counts.
	Silent = Expect{
		"never online":           "unanswered",
		"offline with status":    "unanswered",
		"offline without status": "unanswered",
		"online, one resource":   "unanswered",
		"online, two resources":  "unanswered",
		"just gone":              "unavailable, time, status, by live",
		"not subscribed":         "unanswered",
		"no such account":        "unanswered",
		"the host":               "unanswered",
		"an unreachable domain":  "unanswered",
		"ourselves":              "available, by last-activity",
	}
)

// but returns the expectations with some changes.
func (e Expect) but(changes Expect) Expect {
	e = maps.Clone(e)
	maps.Copy(e, changes)
	return e
}
