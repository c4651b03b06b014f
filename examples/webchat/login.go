package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/examples/internal/account"
)

// maxPassword bounds what is taken for a password.
const maxPassword = 1024

// refusal is why somebody is not logged in.
type refusal struct {
	status  int
	outcome string // for the metrics
	phrase  string
}

// logIn logs a user in.
func (g *gateway) logIn(w http.ResponseWriter, r *http.Request) {
	look := g.looks(r, zone(r))
	who, s, refused := g.authenticate(r)
	if refused == nil {
		u, cookie := g.admit(who, r.PostFormValue("password"), look.now.Location(), s)
		if u != nil {
			g.metrics.logins.WithLabelValues("accepted").Inc()
			if before := g.cookie(r); before != "" {
				go g.dismiss(before)
			}
			u.ready(r.Context(), rosterWait)
			g.setCookie(w, cookie)
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return
		}
		_ = s.Conn().Close()
		refused = &refusal{http.StatusServiceUnavailable, "full", "too many users are logged in"}
	}
	g.metrics.logins.WithLabelValues(refused.outcome).Inc()
	if refused.status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "60")
	}
	g.render(w, refused.status, "login.html", loginPage{
		looks: look, Address: cut(r.PostFormValue("address"), maxTitle), Error: look.say(refused.phrase),
	})
}

// zone returns the browser's time zone.
func zone(r *http.Request) *time.Location {
	name := r.PostFormValue("zone")
	if name == "" || name == "Local" || len(name) > 100 {
		return time.UTC
	}
	found, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return found
}

// authenticate has the XMPP server check a password.
func (g *gateway) authenticate(r *http.Request) (jid.JID, session, *refusal) {
	address, password := strings.TrimSpace(r.PostFormValue("address")), r.PostFormValue("password")
	who, err := account.Address(address)
	who = who.Bare()
	switch {
	case err != nil || len(address) > maxAddress:
		return who, nil, &refusal{http.StatusBadRequest, "malformed", "an address has the form user@server"}
	case len(password) > maxPassword:
		return who, nil, &refusal{http.StatusUnauthorized, "refused", "wrong password, or no such account"}
	case len(g.set.domains) > 0 && !slices.Contains(g.set.domains, who.Domainpart()):
		return who, nil, &refusal{http.StatusForbidden, "foreign", "users of this server cannot log in here"}
	case !g.limits.allow(g.client(r), who.String(), time.Now()):
		return who, nil, &refusal{http.StatusTooManyRequests, "limited", "too many attempts: wait a minute"}
	}
	select {
	case g.trying <- struct{}{}:
		defer func() { <-g.trying }()
	default:
		return who, nil, &refusal{http.StatusServiceUnavailable, "busy", "too many users are logging in: try again"}
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	s, err := g.connect(ctx, who, password)
	switch {
	case errors.Is(err, account.ErrPassword):
		g.limits.wrong(who.String(), time.Now())
		return who, nil, &refusal{http.StatusUnauthorized, "refused", "wrong password, or no such account"}
	case err != nil:
		g.log.Warn("a log-in failed", "server", who.Domainpart(), "error", err)
		return who, nil, &refusal{http.StatusBadGateway, "failed", "the server cannot be reached"}
	}
	return who, s, nil
}

// logOut ends the browser's session.
func (g *gateway) logOut(w http.ResponseWriter, r *http.Request) {
	g.dismiss(g.cookie(r))
	g.setCookie(w, "")
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
