package responder

import "context"

// Store keeps buddies between runs of a program. Its methods must be safe for
// concurrent use. Only one Responder uses a Store at a time.
type Store interface {
	// Load returns what was saved last. If nothing was saved, it returns no
	// error.
	Load(ctx context.Context) ([]Buddy, error)
	// Save replaces everything that is kept; after an error nothing has
	// changed.
	Save(ctx context.Context, buddies []Buddy) error
}

// Changer is a Store that keeps one change at a time, which takes no longer with
// many buddies than with few. Where a Store is one, Save is not called.
type Changer interface {
	Store
	// Change keeps what a buddy is now, or with none of its fields set, that it
	// is a buddy no more; after an error nothing has changed.
	Change(ctx context.Context, b Buddy) error
}

// memory keeps nothing: the Responder remembers.
type memory struct{}

func (memory) Load(context.Context) ([]Buddy, error) { return nil, nil }
func (memory) Save(context.Context, []Buddy) error   { return nil }
func (memory) Change(context.Context, Buddy) error   { return nil }
