package roster

import (
	"context"
	"iter"
	"slices"

	"example.org/lastpresence/internal/wire/address"
)

// watcher has the contacts of which there is news.
type watcher struct {
	pending map[string]bool
	order   []string
	wake    chan struct{} // holds one token at most
}

func (w *watcher) add(key string) {
	if w.pending[key] {
		return
	}
	w.pending[key] = true
	w.order = append(w.order, key)
	w.rouse()
}

func (w *watcher) next() (key string, ok bool) {
	if len(w.order) == 0 {
		return "", false
	}
	key, w.order = w.order[0], w.order[1:]
	delete(w.pending, key)
	if len(w.order) > 0 {
		w.rouse() // another iteration may be asleep
	}
	return key, true
}

func (w *watcher) rouse() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Watch returns the contacts of which there is news from now on, each as it is
// when its turn comes, until the context ends or the Cache is closed. They come
// in the order in which their news began. Who takes them slowly holds nobody
// up: of a contact with much news, only the newest state comes. Nothing is
// locked while the loop's body runs.
//
// A contact that left the roster comes once more with the subscription remove.
// That what is known becomes outdated is news when a session begins or filtering
// ends, not when time passes.
//
// What happens between the call and the iteration, or between two iterations,
// is not lost. Concurrent iterations share the news between them; for all of it
// twice, call Watch twice.
func (c *Cache) Watch(ctx context.Context) iter.Seq[Contact] {
	w := &watcher{pending: make(map[string]bool), wake: make(chan struct{}, 1)}
	c.mu.Lock()
	c.watchers = append(c.watchers, w)
	c.mu.Unlock()
	context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.watchers = slices.DeleteFunc(c.watchers, func(other *watcher) bool { return other == w })
	})
	return func(yield func(Contact) bool) {
		for ctx.Err() == nil {
			if contact, ok := c.news(w); ok {
				if !yield(contact) {
					return
				}
				continue
			}
			select {
			case <-w.wake:
			case <-ctx.Done():
			case <-c.closed:
				return
			}
		}
	}
}

// news takes the next contact of which there is news.
func (c *Cache) news(w *watcher) (contact Contact, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key, ok := w.next()
	if !ok {
		return contact, false
	}
	if e := c.contacts[key]; e != nil {
		return c.view(e, c.horizon()), true
	}
	contact.JID = address.OfKey(key)
	contact.Subscription = subRemove.String()
	contact.Lack = NeverHeard
	return contact, true
}

// notify tells the watchers alone.
func (c *Cache) notify(e *entry) {
	if e.listed == 0 {
		return
	}
	for _, w := range c.watchers {
		w.add(e.key)
	}
}
