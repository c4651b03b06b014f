package responder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/wire/durable"
)

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

// memory is a Store that keeps buddies in memory only.
type memory struct {
	mu      sync.Mutex
	buddies []Buddy
}

func (m *memory) Load(context.Context) ([]Buddy, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.buddies), nil
}

func (m *memory) Save(_ context.Context, buddies []Buddy) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.buddies = slices.Clone(buddies)
	return nil
}

// File returns a Store in one JSON file that only its owner may read. The file
// is replaced as a whole, and is on the disk when Save returns. If it cannot be
// read, Load fails and leaves it alone.
func File(path string) Store {
	return &file{path: path}
}

type file struct {
	path string
	mu   sync.Mutex
}

// content is the content of the file. Version is 1.
type content struct {
	Version int          `json:"version"`
	Buddies []storedItem `json:"buddies"`
}

type storedItem struct {
	JID     string `json:"jid"`
	To      bool   `json:"to,omitempty"`
	From    bool   `json:"from,omitempty"`
	Asked   bool   `json:"asked,omitempty"`
	Pending bool   `json:"pending,omitempty"`
}

func (f *file) Load(context.Context) ([]Buddy, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	data, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	buddies, err := readBuddies(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	return buddies, nil
}

func readBuddies(data []byte) ([]Buddy, error) {
	var c content
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, err
	}
	if c.Version != 1 {
		return nil, fmt.Errorf("the version is %d, not 1", c.Version)
	}
	var buddies []Buddy
	for _, s := range c.Buddies {
		j, err := jid.Parse(s.JID)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", s.JID, err)
		}
		buddies = append(buddies, Buddy{j.Bare(), s.To, s.From, s.Asked, s.Pending})
	}
	return buddies, nil
}

func (f *file) Save(_ context.Context, buddies []Buddy) error {
	c := content{Version: 1, Buddies: []storedItem{}}
	for _, b := range buddies {
		c.Buddies = append(c.Buddies, storedItem{b.JID.String(), b.To, b.From, b.Asked, b.Pending})
	}
	data, err := json.MarshalIndent(c, "", "\t")
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return durable.Write(f.path, append(data, '\n'))
}
