package world

import (
	"slices"
	"strings"
	"time"
)

// departure is the true end of a resource's appearance.
type departure struct {
	came     time.Time // when the resource had appeared
	at       time.Time // when it became unavailable, as its server saw it
	gone     time.Time // when its connection ended, if later
	resource string
	words    string // what the contact said
	how      how
}

// how says in which way a resource left.
type how uint8

const (
	left    how = iota // by its own word
	lost               // its connection broke, and its server noticed
	stopped            // its server was shut down, and said so
	died               // its server died, and nobody is told
	hidden             // it blocks us, and shows itself unavailable
)

// state is what is true from a moment on.
type state struct {
	from   time.Time
	online bool
	here   string     // the resources and what they say
	last   *departure // of all the last
}

// truth is what is true at each moment.
type truth struct {
	states     []state
	departures []*departure
}

func (tr *truth) set(now time.Time, resources map[string]*resource) {
	s := state{from: now, online: len(resources) > 0, here: signature(resources)}
	if len(tr.departures) > 0 {
		s.last = tr.departures[len(tr.departures)-1]
	}
	tr.states = append(tr.states, s)
}

// signature is who is there and what they say.
func signature(resources map[string]*resource) string {
	var all []string
	for name, r := range resources {
		all = append(all, name+"="+r.status)
	}
	slices.Sort(all)
	return strings.Join(all, "; ")
}

// between returns the states that held at some moment of a time.
func (tr *truth) between(from, to time.Time) []state {
	first := 0
	for i, s := range tr.states {
		if !s.from.After(from) {
			first = i
		}
	}
	last := first
	for last+1 < len(tr.states) && !tr.states[last+1].from.After(to) {
		last++
	}
	return tr.states[first : last+1]
}

// onlineAt returns when the contact was online last, until now.
func (tr *truth) onlineAt(now time.Time) time.Time {
	for i := len(tr.states) - 1; i >= 0; i-- {
		if tr.states[i].online {
			if i+1 < len(tr.states) {
				return tr.states[i+1].from
			}
			return now
		}
	}
	return time.Time{}
}
