package responder

import "context"

// Store keeps buddies between runs of a program. Its methods must be safe for
// concurrent use. Only one Responder uses a Store at a time.
type Store interface {
	// Load returns the buddies that were saved last; none, and no error, if
	// nothing was saved.
	Load(ctx context.Context) ([]Buddy, error)
	// Save replaces all buddies. If it returns an error, it has changed nothing.
	Save(ctx context.Context, buddies []Buddy) error
}

// Changer is a Store that saves one buddy at a time, so that a change does not
// take longer with many buddies. The Responder then calls Change, never Save.
type Changer interface {
	Store
	// Change saves the state of the buddy b.JID. If all other fields of b are
	// false, it removes the buddy. If it returns an error, it has changed nothing.
	Change(ctx context.Context, b Buddy) error
}

// memory saves nothing: the buddies last as long as the Responder.
type memory struct{}

func (memory) Load(context.Context) ([]Buddy, error) { return nil, nil }
func (memory) Save(context.Context, []Buddy) error   { return nil }
func (memory) Change(context.Context, Buddy) error   { return nil }
