package world

import (
	"context"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/roster"
)

// disk is a store that outlives processes.
type disk struct {
	mu    sync.Mutex
	saved roster.Saved
	at    time.Time // of the last saving
}

// gate is the way to a disk for one process, which may be killed.
type gate struct {
	*disk
	dead atomic.Bool
}

// Load implements roster.Store.
func (g *gate) Load(context.Context, jid.JID) (roster.Saved, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return roster.Saved{}.Merge(g.saved), nil
}

// Save implements roster.Store.
func (g *gate) Save(_ context.Context, _ jid.JID, changes roster.Saved) error {
	if g.dead.Load() {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.saved, g.at = g.saved.Merge(changes), time.Now()
	return nil
}

// Edit implements roster.Editor.
func (g *gate) Edit(_ context.Context, _ jid.JID, edit func(roster.Record) (roster.Record, bool)) error {
	if g.dead.Load() {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	var kept []roster.Record
	for _, r := range g.saved.Records {
		if r, keep := edit(r); keep {
			kept = append(kept, r)
		}
	}
	g.saved.Records = kept
	return nil
}

// Remove implements roster.Store.
func (g *gate) Remove(context.Context, jid.JID) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.saved = roster.Saved{}
	return nil
}

// step has all that was written as if by a clock that was ahead. What others
// stamped stays.
func (d *disk) step(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	shift(reflect.ValueOf(&d.saved).Elem(), by)
	for i := range d.saved.Records {
		for _, left := range []*roster.Departure{&d.saved.Records[i].Seen, &d.saved.Records[i].Told} {
			left.Stamp = stepped(left.Stamp, -by)
			if !left.Ours {
				left.At = stepped(left.At, -by)
			}
		}
	}
}

func stepped(t time.Time, by time.Duration) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(by)
}

var timeType = reflect.TypeFor[time.Time]()

// shift moves every time in a value.
func shift(v reflect.Value, by time.Duration) {
	switch {
	case v.Type() == timeType:
		v.Set(reflect.ValueOf(stepped(v.Interface().(time.Time), by)))
	case v.Type() == reflect.TypeFor[jid.JID]():
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			shift(v.Field(i), by)
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			shift(v.Index(i), by)
		}
	}
}
