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

// Store keeps buddies while no program runs. Its methods must be safe for
// concurrent use. One Responder uses it at a time.
type Store interface {
	// Load returns what was saved last; nothing is no error.
	Load(ctx context.Context) ([]Buddy, error)
	// Save replaces all that is kept, or with an error nothing.
	Save(ctx context.Context, buddies []Buddy) error
}

// memory keeps nothing longer than itself.
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

// File returns a Store that is one JSON file, which only its owner may read. It
// is replaced as a whole, and is on the disk when Save returns. A file that
// cannot be read is an error of Load, and is left alone.
func File(path string) Store {
	return &file{path: path}
}

type file struct {
	path string
	mu   sync.Mutex
}

// content is the file's. Version is 1.
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
