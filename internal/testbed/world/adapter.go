package world

import (
	"context"
	"time"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/roster"
)

// What the library can do.
const (
	canStartOffline  = false // roster.Offline
	canBeUnavailable = false // Cache.SetAvailable
)

// library is the Cache, as the stories use it.
type library struct {
	account jid.JID
	store   roster.Store
	cache   *roster.Cache // nil: there was no session yet
}

func newLibrary(account jid.JID, store roster.Store) *library {
	return &library{account: account, store: store}
}

func (l *library) connect(s *xmpp.Session) error {
	if l.cache != nil {
		return l.cache.Renew(s)
	}
	var opts []roster.Option
	if l.store != nil {
		opts = append(opts, roster.Persist(l.store, nil))
	}
	l.cache = roster.New(s, opts...)
	return nil
}

// serve serves the session until it is over.
func (l *library) serve(s *xmpp.Session, byItself bool) error {
	_ = byItself
	return s.Serve(l.cache.Handler(nil))
}

func (l *library) contact(j jid.JID) (roster.Contact, bool) {
	if l.cache == nil {
		return roster.Contact{Lack: roster.NeverHeard}, false
	}
	return l.cache.Contact(j)
}

func (l *library) close(ctx context.Context) {
	if l.cache != nil {
		_ = l.cache.Close()
	}
}

func (l *library) setAvailable(bool) {}

func onlineAt(roster.Contact) time.Time { return time.Time{} }

func cause(roster.Contact) string { return "unknown" }

// disconnected says that the session is over.
func (l *library) disconnected() {}
