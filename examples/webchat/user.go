package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
)

// maxOpenings bounds how many chats of a user are being opened at a time.
const maxOpenings = 16

// user is the log-in of one browser: an XMPP session that is made again whenever
// it ends, and what is known through it.
type user struct {
	account  jid.JID
	zone     *time.Location
	login    func(context.Context) (session, error) // knows the password
	contacts *roster.Cache
	metrics  *metrics
	log      *slog.Logger
	end      context.CancelFunc
	ended    chan struct{} // closed once all of it is over

	mu      sync.Mutex
	news    chan struct{} // closed, and replaced, with every change
	link    link
	chats   map[string]*chat // by bare address
	clock   int              // counts the changes of lines
	opening map[string]bool
	streams int
	seen    time.Time // when a browser was there last
}

// newUser returns a user without a session, see [user.run].
func newUser(account jid.JID, login func(context.Context) (session, error), store roster.Store, m *metrics, log *slog.Logger) *user {
	u := &user{
		account: account, zone: time.UTC, login: login, metrics: m, log: log,
		ended: make(chan struct{}), news: make(chan struct{}), seen: time.Now(),
		chats: make(map[string]*chat), opening: make(map[string]bool),
	}
	var opts []roster.Option
	if store != nil {
		opts = append(opts, roster.Persist(store, func(err error) {
			if !errors.Is(err, context.Canceled) { // logging out saves what is being saved itself
				log.Warn("the store failed", "error", err)
			}
		}))
	}
	u.contacts = roster.Offline(account, opts...)
	return u
}

// run uses a session, and after it others, until the context ends.
func (u *user) run(ctx context.Context, s session) {
	ctx, u.end = context.WithCancel(ctx)
	go func() {
		defer close(u.ended)
		defer u.end()
		watched := make(chan struct{})
		changes := u.contacts.Watch(ctx)
		go func() {
			defer close(watched)
			for range changes {
				u.tell()
			}
		}()
		u.reconnect(ctx, s)
		u.end()
		<-watched
		if err := u.contacts.Close(); err != nil {
			u.log.Warn("what was learnt last is not kept", "error", err)
		}
	}()
}

// tell wakes whoever waits for a change.
func (u *user) tell() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.telling()
}

func (u *user) telling() {
	close(u.news)
	u.news = make(chan struct{})
}

// changed returns a channel that is closed with the next change.
func (u *user) changed() <-chan struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.news
}

// everyone returns what is known of all contacts, and of strangers who wrote, as a
// list shows them.
func (u *user) everyone() []roster.Contact {
	list := make([]roster.Contact, 0, u.contacts.Len())
	for c := range u.contacts.All() {
		list = append(list, c)
	}
	for _, address := range u.talking() {
		if c, listed := u.contacts.Contact(address); !listed {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, roster.Compare)
	return list
}

// open opens a chat. The answer is told to the pages that are open, and the channel
// is closed when it is there.
func (u *user) open(ctx context.Context, contact jid.JID) <-chan struct{} {
	key, answered := contact.String(), make(chan struct{})
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.opening[key] || len(u.opening) >= maxOpenings {
		close(answered)
		return answered
	}
	u.opening[key] = true
	go func() {
		defer close(answered)
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		known, listed := u.contacts.Contact(contact)
		from := "network"
		if !listed || known.Lack == roster.Nothing {
			from = "memory"
		}
		began := time.Now()
		if _, err := u.contacts.Open(ctx, contact); err != nil {
			from = "nowhere"
		}
		u.metrics.opening.WithLabelValues(from).Observe(time.Since(began).Seconds())
		u.mu.Lock()
		defer u.mu.Unlock()
		delete(u.opening, key)
		u.telling() // that it is not known is news as well
	}()
	return answered
}

// stats counts what was asked.
func (u *user) stats() (s probe.Stats) {
	if asks := u.contacts.Client(); asks != nil {
		s = asks.Stats()
	}
	return s
}

// counts returns whether the session is up, and how many pages are open.
func (u *user) counts() (up bool, streams int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.link.session != nil, u.streams
}

// here notes that a browser is there; pages is by how many the open pages change.
// It reports whether there are not too many of them.
func (u *user) here(pages int) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.seen = time.Now()
	if pages > 0 && u.streams >= maxStreams {
		return false
	}
	u.streams += pages
	return true
}

// left reports whether no browser was there for a time.
func (u *user) left(idle time.Duration, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.streams == 0 && now.Sub(u.seen) > idle
}
