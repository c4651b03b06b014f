package main

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"
)

// How long a page waits for what comes at once where servers are near. What comes
// later is told to the page.
const (
	rosterWait = 2 * time.Second
	openWait   = 250 * time.Millisecond
)

// handler returns the gateway's pages.
func (g *gateway) handler() http.Handler {
	files, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // it is part of the program
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", g.index)
	mux.HandleFunc("POST /login", g.logIn)
	mux.HandleFunc("POST /logout", g.logOut)
	mux.HandleFunc("POST /send", g.send)
	mux.HandleFunc("GET /events", g.events)
	for _, file := range []string{"style.css", "script.js", "icon.svg"} {
		mux.HandleFunc("GET /"+file, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-cache")
			http.ServeFileFS(w, r, files, file)
		})
	}
	metrics := g.metrics.handler()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		if !neighbour(r) {
			http.NotFound(w, r)
			return
		}
		metrics.ServeHTTP(w, r)
	})
	return guarded(mux)
}

// looks returns how a browser wants to see things.
func (g *gateway) looks(r *http.Request, zone *time.Location) looks {
	return looks{g.languages.suit(r.Header.Get("Accept-Language")), time.Now().In(zone)}
}

// user returns the browser's user, nil where none is logged in.
func (g *gateway) user(r *http.Request) *user {
	u := g.find(g.cookie(r))
	if u == nil {
		return nil
	}
	select {
	case <-u.ended:
		return nil
	default:
		u.here(0)
		return u
	}
}

func (g *gateway) render(w http.ResponseWriter, status int, name string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := g.pages.ExecuteTemplate(w, name, data); err != nil {
		g.log.Debug("a page was not written", "page", name, "error", err)
	}
}

// loginPage is what the page for logging in shows.
type loginPage struct {
	looks
	Address string
	Error   string
	Demo    string // the demo's password, where there is a demo
}

// chatPage is what the page of one who is logged in shows.
type chatPage struct {
	looks
	Account  string
	Contacts []contactView
	Open     *contactView // nil: no chat is open
	Lines    []lineView
	Clock    int // what the lines are as of
	Link     linkView
	Limit    int
}

// index shows the contacts, and the chat that is opened, or the page for logging
// in.
func (g *gateway) index(w http.ResponseWriter, r *http.Request) {
	u := g.user(r)
	if u == nil {
		p := loginPage{looks: g.looks(r, time.UTC)}
		if g.set.demo() {
			p.Address, p.Demo = demoUser, demoPassword
		}
		g.render(w, http.StatusOK, "login.html", p)
		return
	}
	with, err := partner(r)
	if err == nil {
		wait, cancel := context.WithTimeout(r.Context(), openWait)
		defer cancel()
		select {
		case <-u.open(g.ctx, with):
		case <-wait.Done():
		}
	}
	p := chatPage{looks: g.looks(r, u.zone), Account: u.account.String(), Limit: maxBody / 4}
	if err == nil {
		var lines []line
		lines, p.Clock = u.lines(with, 0)
		p.Lines = p.looks.lines(lines)
	}
	p.Contacts = p.contacts(u)
	p.Link = p.link(u)
	if err == nil {
		p.Open = new(contactView)
		at := slices.IndexFunc(p.Contacts, func(c contactView) bool { return c.Address == with.String() })
		if at >= 0 {
			*p.Open = p.Contacts[at]
		} else {
			stranger, _ := u.contacts.Contact(with)
			*p.Open = p.contact(stranger)
		}
	}
	g.render(w, http.StatusOK, "chat.html", p)
}

// maxAddress bounds an address (RFC 7622 section 3).
const maxAddress = 3071

var errNoChat = errors.New("no chat is open")

// partner returns with whom a chat is open.
func partner(r *http.Request) (jid.JID, error) {
	with := r.FormValue("with")
	if with == "" || len(with) > maxAddress {
		return jid.JID{}, errNoChat
	}
	j, err := jid.Parse(with)
	return j.Bare(), err
}

// send sends a message. A script asks for no page in answer.
func (g *gateway) send(w http.ResponseWriter, r *http.Request) {
	u := g.user(r)
	if u == nil {
		http.Error(w, "not logged in", http.StatusUnauthorized)
		return
	}
	to, err := partner(r)
	body := clean(strings.ReplaceAll(r.PostFormValue("text"), "\r\n", "\n"))
	if err != nil || len(body) > maxBody {
		http.Error(w, "no such chat, or too long", http.StatusBadRequest)
		return
	}
	if body != "" {
		u.say(to, body)
	}
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Redirect(w, r, "/?"+url.Values{"with": {to.String()}}.Encode(), http.StatusSeeOther)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// goodbye logs the user out.
func (u *user) goodbye() {
	u.mu.Lock()
	l := u.link
	u.mu.Unlock()
	if l.session != nil {
		ctx, cancel := context.WithTimeout(l.ctx, time.Second)
		_ = l.session.Send(ctx, stanza.Presence{Type: stanza.UnavailablePresence}.Wrap(nil))
		cancel()
	}
	u.end()
}
