package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
)

// connector logs an account in.
type connector func(ctx context.Context, who jid.JID, password string) (session, error)

// key is the hash of what a browser's cookie has, so that what is in memory is no
// use to who reads it.
type key [sha256.Size]byte

// gateway is the users who are logged in.
type gateway struct {
	set       settings
	connect   connector
	store     roster.Store // nil: nothing is kept
	metrics   *metrics
	log       *slog.Logger
	pages     *template.Template
	languages languages
	limits    limits
	trying    chan struct{} // holds a token for each log-in under way

	ctx  context.Context // of the users' sessions
	stop context.CancelFunc

	mu      sync.Mutex
	users   map[key]*user
	retired probe.Stats // of those who are gone
}

// maxTrying bounds the log-ins under way.
const maxTrying = 64

func newGateway(set settings, connect connector, store roster.Store, m *metrics, log *slog.Logger) *gateway {
	g := &gateway{
		set: set, connect: connect, store: store, metrics: m, log: log,
		pages:  template.Must(template.ParseFS(page, "page/*.html")),
		limits: limits{perMinute: set.logins},
		trying: make(chan struct{}, maxTrying),
		users:  make(map[key]*user),
	}
	var err error
	if g.languages, err = readLanguages(); err != nil {
		panic(err) // they are part of the program
	}
	g.ctx, g.stop = context.WithCancel(context.Background())
	m.registry.MustRegister(g)
	return g
}

// all returns the users, and what was asked by those who are gone.
func (g *gateway) all() ([]*user, probe.Stats) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Collect(maps.Values(g.users)), g.retired
}

// find returns the user whose browser has a cookie.
func (g *gateway) find(cookie string) *user {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.users[sha256.Sum256([]byte(cookie))]
}

// admit makes a user of a session. It returns what to put into the cookie, which
// is empty where there are too many users.
func (g *gateway) admit(who jid.JID, password string, zone *time.Location, s session) (*user, string) {
	login := func(ctx context.Context) (session, error) { return g.connect(ctx, who, password) }
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	cookie := base64.RawURLEncoding.EncodeToString(secret)
	u := newUser(who.Bare(), login, g.store, g.metrics, g.log)
	u.zone = zone
	g.mu.Lock()
	if len(g.users) >= g.set.sessions || g.ctx.Err() != nil {
		g.mu.Unlock()
		return nil, ""
	}
	g.users[sha256.Sum256([]byte(cookie))] = u
	u.run(g.ctx, s)
	g.mu.Unlock()
	return u, cookie
}

// dismiss ends the session of the browser that has a cookie.
func (g *gateway) dismiss(cookie string) {
	k := key(sha256.Sum256([]byte(cookie)))
	g.mu.Lock()
	u := g.users[k]
	g.mu.Unlock()
	if u != nil {
		u.goodbye()
		<-u.ended
		g.forget(k, u)
	}
}

func (g *gateway) forget(k key, u *user) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.users[k] == u {
		delete(g.users, k)
		g.retired = add(g.retired, u.stats())
	}
}

// sweep ends the sessions that nobody uses, until the context ends.
func (g *gateway) sweep(ctx context.Context) {
	tick := time.NewTicker(min(g.set.idle/4, 30*time.Second))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			g.limits.forget(now)
			g.mu.Lock()
			users := maps.Clone(g.users)
			g.mu.Unlock()
			for k, u := range users {
				select {
				case <-u.ended: // the password is no longer right
					g.forget(k, u)
					continue
				default:
				}
				if u.left(g.set.idle, now) {
					go func() {
						u.goodbye()
						<-u.ended
						g.forget(k, u)
					}()
				}
			}
		}
	}
}

// close logs all users out, and keeps what is known.
func (g *gateway) close() {
	g.stop()
	users, _ := g.all()
	for _, u := range users {
		<-u.ended
	}
}
