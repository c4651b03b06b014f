package roster

import (
	"context"
	"sync"
	"time"
)

// How long changes wait to be kept, so that many are written at once, and
// what else bounds the writing. All Caches write on the beat of the clock, so
// that a store can write what many accounts save in one transaction.
const (
	batch        = time.Second
	beat         = batch / 2
	longestBatch = time.Minute // after failures
	saveTimeout  = 30 * time.Second
	saveEach     = 5 * time.Millisecond // more for each contact
	closeTimeout = 10 * time.Second
)

// keeper holds what has not been saved yet. The Cache's lock guards it, apart
// from saving, which is held while the store writes. The zero value holds
// nothing.
type keeper struct {
	loaded  bool
	untidy  bool               // the store has what it is not to keep
	changed map[string]*entry  // by address
	roster  bool               // the version changed
	wait    time.Duration      // after failures
	timer   *time.Timer        // runs, or writes
	stop    context.CancelFunc // ends the writing that is under way

	saving sync.Mutex
}

// keep marks an entry as not saved yet.
func (k *keeper) keep(e *entry) {
	if k.changed == nil {
		k.changed = make(map[string]*entry)
	}
	k.changed[e.key] = e
}

// pending reports whether anything is not saved yet.
func (k *keeper) pending() bool { return len(k.changed) > 0 || k.roster || k.untidy }

// take returns what is not saved yet, and from then on takes it for saved.
func (k *keeper) take() (entries map[string]*entry, roster bool) {
	entries, roster = k.changed, k.roster
	k.changed, k.roster = nil, false
	return entries, roster
}

// giveBack takes back what could not be saved. What has been marked meanwhile
// is newer.
func (k *keeper) giveBack(entries map[string]*entry, roster bool) {
	for key, e := range entries {
		if k.changed[key] == nil {
			k.keep(e)
		}
	}
	k.roster = k.roster || roster
}

// delay returns how long what changes now waits to be saved: until the beat of
// the clock that follows the batch.
func (k *keeper) delay(now time.Time) time.Duration {
	now = now.Round(0)
	return now.Add(max(k.wait, batch)).Truncate(beat).Sub(now)
}

// ended records that the store has written, or that it failed. After failures in
// a row it is tried less and less often.
func (k *keeper) ended(err error) {
	k.timer, k.stop = nil, nil
	if err != nil {
		k.wait = min(2*max(k.wait, batch), longestBatch)
	} else {
		k.wait = 0
	}
}

// interrupt ends the waiting, and the writing that is under way.
func (k *keeper) interrupt() {
	if k.timer != nil {
		k.timer.Stop()
	}
	if k.stop != nil {
		k.stop()
	}
}
