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

// What differs from it on other servers.
var (
	// ProsodyShipped is Prosody as it is shipped, which tells nobody when a
	// contact left, and refuses to tell it as it refuses strangers.
	ProsodyShipped = Prosody.but(Expect{
		"offline with status":    "unavailable, by probe",
		"offline without status": "unavailable, by probe",
		"not subscribed":         "unanswered",
		"no such account":        "unanswered",
	})

	// Jabberd2 is deaf to probes: of who is online it says that somebody is
	// connected, and of all others what last activity has, without words.
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

	// ProsodyStamps tells the time of logging out, at login already, and
	// leaves the status to last activity.
	ProsodyStamps = Prosody.but(Expect{
		"offline with status":    "unavailable, time, status, by probe",
		"offline without status": "unavailable, time, by live",
	})

	// XEP0318 is what the document shows, for users and hosts.
	XEP0318 = ProsodyStamps.but(Expect{
		"offline without status": "unavailable, time, by probe",
		"the host":               "available, time, by probe",
	})

	// ProsodyXEP0318 tells all of it at login already.
	ProsodyXEP0318 = XEP0318.but(Expect{
		"offline with status":    "unavailable, time, status, by live",
		"offline without status": "unavailable, time, by live",
	})

	// Ejabberd says nothing to a probe where the contact is offline. One
	// who has never been online was last seen as the account was made,
	// "Registered but didn't login", or else it knows nothing at all. A
	// domain that cannot be reached is forbidden to it.
	Ejabberd = Prosody.but(Expect{
		"never online":          "unavailable, by last-activity",
		"an unreachable domain": "unauthorized",
	})

	// Tigase has no last activity of those who are not to know, and says
	// nothing to them.
	Tigase = ProsodyStamps.but(Expect{
		"offline without status": "unavailable, time, by probe",
		"not subscribed":         "unanswered",
		"no such account":        "unanswered",
		"the host":               "unanswered",
	})

	// Jabberd tells nothing at login.
	Jabberd = ProsodyStamps.but(Expect{
		"offline without status": "unavailable, time, by probe",
	})

	// Silent leaves only what one sees with one's own eyes.
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
