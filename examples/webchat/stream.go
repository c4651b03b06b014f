package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"mellium.im/xmpp/jid"
)

// How often a page is told something: at most, and at least, because times are told
// as seen from now.
const (
	shortestPause = 100 * time.Millisecond
	longestPause  = 30 * time.Second
)

// linkView is the state of the XMPP session as the page shows it.
type linkView struct {
	Up   bool   `json:"up"`
	Text string `json:"text"`
}

func (l looks) link(u *user) linkView {
	if up, _ := u.counts(); up {
		return linkView{true, l.say("connected")}
	}
	return linkView{false, l.say("not connected: trying again")}
}

// update is what a page is told.
type update struct {
	Contacts []placed   `json:"contacts,omitempty"`
	Gone     []string   `json:"gone,omitempty"`
	Lines    []lineView `json:"lines,omitempty"`
	Link     *linkView  `json:"link,omitempty"`
}

// placed is a contact, and the one that it stands behind in the list.
type placed struct {
	contactView
	After string `json:"after"`
}

// stream is what one page shows.
type stream struct {
	user  *user
	with  jid.JID // whose chat is open; zero: none
	clock int     // what the lines are as of
	shown map[string]contactView
	order []string // the addresses of those that are shown
	link  linkView
}

// next returns what the page does not show yet, and whether there is anything.
func (s *stream) next(l looks) (up update, any bool) {
	if s.with.String() != "" {
		var lines []line
		lines, s.clock = s.user.lines(s.with, s.clock)
		up.Lines = l.lines(lines)
	}
	up.Contacts, up.Gone = s.contacts(l.contacts(s.user))
	if link := l.link(s.user); link != s.link {
		s.link = link
		up.Link = &link
	}
	return up, len(up.Contacts)+len(up.Gone)+len(up.Lines) > 0 || up.Link != nil
}

// contacts returns what makes the page's list the wanted one: first those who are gone
// go, and then the others are placed one after the other.
func (s *stream) contacts(wanted []contactView) (changed []placed, gone []string) {
	there := make(map[string]contactView, len(wanted))
	for _, c := range wanted {
		there[c.Address] = c
	}
	s.order = slices.DeleteFunc(s.order, func(address string) bool {
		_, stays := there[address]
		if !stays {
			gone = append(gone, address)
		}
		return !stays
	})
	after := ""
	for i, c := range wanted {
		inPlace := i < len(s.order) && s.order[i] == c.Address
		if !inPlace {
			if at := slices.Index(s.order, c.Address); at >= 0 {
				s.order = slices.Delete(s.order, at, at+1)
			}
			s.order = slices.Insert(s.order, i, c.Address)
		}
		if !inPlace || s.shown[c.Address] != c {
			changed = append(changed, placed{c, after})
		}
		after = c.Address
	}
	s.shown = there
	return changed, gone
}

// events tells a page what changes, as server-sent events, until it is closed or
// the user is logged out.
func (g *gateway) events(w http.ResponseWriter, r *http.Request) {
	u := g.user(r)
	if u == nil || !u.here(1) {
		w.WriteHeader(http.StatusNoContent) // the browser does not try again
		return
	}
	defer u.here(-1)
	s := stream{user: u}
	if with, err := partner(r); err == nil {
		s.with = with
		s.clock, _ = strconv.Atoi(r.FormValue("clock"))
		if last, err := strconv.Atoi(r.Header.Get("Last-Event-ID")); err == nil {
			s.clock = last
		}
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // of nginx
	control := http.NewResponseController(w)
	write := func(text string) error {
		_ = control.SetWriteDeadline(time.Now().Add(longestPause))
		if _, err := fmt.Fprint(w, text); err != nil {
			return err
		}
		return control.Flush()
	}
	for {
		changed := u.changed()
		text := ": still here\n\n"
		if up, any := s.next(g.looks(r, u.zone)); any {
			b, err := json.Marshal(up)
			if err != nil {
				return
			}
			text = fmt.Sprintf("id: %d\ndata: %s\n\n", s.clock, b)
		}
		if write(text) != nil || !rest(r, u, shortestPause, nil) || !rest(r, u, longestPause, changed) {
			break
		}
	}
	if r.Context().Err() == nil {
		_ = write("event: end\ndata: \n\n")
	}
}

// rest waits for a time, or for a change. It reports whether there is still
// somebody to tell.
func rest(r *http.Request, u *user, most time.Duration, changed <-chan struct{}) bool {
	t := time.NewTimer(most)
	defer t.Stop()
	select {
	case <-r.Context().Done():
		return false
	case <-u.ended:
		return false
	case <-changed:
	case <-t.C:
	}
	return true
}
