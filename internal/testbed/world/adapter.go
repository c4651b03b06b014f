package world

import (
	"context"
	"sync"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/roster"
)

// library is the Cache, as a client uses it.
type library struct {
	*roster.Cache

	mu   sync.Mutex
	seen roster.Contact // as a watcher was told last
}

// newLibrary has a Cache before there is a session.
func newLibrary(ctx context.Context, account jid.JID, store roster.Store) *library {
	var opts []roster.Option
	if store != nil {
		opts = append(opts, roster.Persist(store, nil))
	}
	l := &library{Cache: roster.Offline(account, opts...)}
	news := l.Watch(ctx)
	go func() {
		for now := range news {
			l.mu.Lock()
			l.seen = now
			l.mu.Unlock()
		}
	}()
	_ = l.Load(ctx)
	return l
}

// watched is the contact as a watcher knows it.
func (l *library) watched() roster.Contact {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen
}

// serve serves the session until it is over. By itself, the Cache knows; else it is
// told.
func (l *library) serve(s *xmpp.Session, byItself bool) {
	if byItself {
		_ = l.Serve(nil)
		return
	}
	_ = s.Serve(l.Handler(nil))
	l.Disconnected()
}

// end closes the Cache.
func (l *library) end() {
	switch c := any(l.Cache).(type) {
	case interface{ Close(context.Context) error }:
		_ = c.Close(context.Background())
	case interface{ Close() error }:
		_ = c.Close()
	}
}
