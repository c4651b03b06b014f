package roster

import (
	"context"
	"iter"
	"slices"

	"example.org/lastpresence/internal/wire/address"
)

// news holds the watchers. The Cache's lock guards it.
type news struct {
	watchers []*watcher
}

// wanted reports whether anybody watches.
func (n *news) wanted() bool { return len(n.watchers) > 0 }

// add records that a contact may look different from before.
func (n *news) add(key string, before *Contact) {
	for _, w := range n.watchers {
		w.add(key, before)
	}
}

func (n *news) remove(w *watcher) {
	n.watchers = slices.DeleteFunc(n.watchers, func(other *watcher) bool { return other == w })
}

// watcher holds the contacts that may have changed, each as its iterator last
// returned it.
type watcher struct {
	pending map[string]*Contact
	order   []string
	wake    chan struct{} // holds one token at most
}

func (w *watcher) add(key string, before *Contact) {
	if _, waits := w.pending[key]; waits {
		return
	}
	w.pending[key] = before
	w.order = append(w.order, key)
	w.rouse()
}

func (w *watcher) next() (key string, before *Contact, ok bool) {
	if len(w.order) == 0 {
		return "", nil, false
	}
	key, w.order = w.order[0], w.order[1:]
	before = w.pending[key]
	delete(w.pending, key)
	if len(w.order) > 0 {
		w.rouse() // another iteration may be asleep
	}
	return key, before, true
}

func (w *watcher) rouse() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Watch returns the contacts that change, from now on until ctx ends or the
// Cache is closed. Each pair is the contact as it is now and as it was when
// this iterator last returned it; a contact whose [Contact] shows nothing new
// is not returned. Contacts come in the order in which they changed. A slow
// consumer does not block others: changes are coalesced for each contact. No
// lock is held while the loop's body runs.
//
//	for now, before := range contacts.Watch(ctx) {
//		if now.Online && !before.Online { … }
//	}
//
// A contact that leaves the roster comes one last time, with the subscription
// remove. Becoming stale is a change, too. Contacts can become stale, or
// certain again, when a session ends or begins, when the presence of the login
// has arrived, and when filtering begins or ends.
//
// Changes between the call and the iteration, and between two iterations, are
// not lost. Concurrent iterations over one iterator share the changes between
// them; to see all of them twice, call Watch twice.
func (c *Cache) Watch(ctx context.Context) iter.Seq2[Contact, Contact] {
	w := &watcher{pending: make(map[string]*Contact), wake: make(chan struct{}, 1)}
	c.mu.Lock()
	c.news.watchers = append(c.news.watchers, w)
	c.mu.Unlock()
	context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.news.remove(w)
	})
	return func(yield func(now, before Contact) bool) {
		for ctx.Err() == nil {
			if now, before, ok := c.change(w); ok {
				if !yield(now, before) {
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

// change returns the next contact that has changed.
func (c *Cache) change(w *watcher) (now, before Contact, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		key, was, ok := w.next()
		if !ok {
			return now, before, false
		}
		now = Contact{JID: address.OfKey(key), Subscription: subRemove.String(), Lack: NeverHeard}
		if e := c.items.entries[key]; e != nil && e.listed != 0 {
			now = c.view(e, c.horizon())
		}
		before = Contact{JID: now.JID, Lack: NeverHeard}
		if was != nil {
			before = *was
		}
		if was == nil || !now.same(before) {
			return now, before, true
		}
	}
}
