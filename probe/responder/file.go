package responder

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/wire/durable"
)

// File returns a Store that keeps buddies in one JSON file, which only its owner
// may read. Each change appends a line; from time to time the file is rewritten
// without obsolete lines. When Save or Change returns, the change is on the disk.
// If the file cannot be read, Load fails and does not touch it. An incomplete last
// line, which a crash may leave, is ignored.
func File(path string) Store {
	return &file{path: path}
}

// maxObsolete is how many obsolete lines a file may have, in addition to one for each
// buddy.
const maxObsolete = 1000

type file struct {
	path string

	mu    sync.Mutex
	read  bool
	lines int              // number of complete lines; 0: rewrite the file
	size  int64            // bytes in them
	kept  map[string]Buddy // by bare JID
}

// header is the first line of a file. Version 1 was a single object with all the
// buddies in it.
type header struct {
	Version int      `json:"version"`
	Buddies []stored `json:"buddies,omitempty"`
}

// version is the version of the files that this package writes.
const version = 2

type stored struct {
	JID     string `json:"jid"`
	To      bool   `json:"to,omitempty"`
	From    bool   `json:"from,omitempty"`
	Asked   bool   `json:"asked,omitempty"`
	Pending bool   `json:"pending,omitempty"`
}

func toStored(b Buddy) stored {
	return stored{b.JID.String(), b.To, b.From, b.Asked, b.Pending}
}

func (s stored) buddy() (Buddy, error) {
	j, err := jid.Parse(s.JID)
	if err != nil {
		return Buddy{}, fmt.Errorf("%q: %w", s.JID, err)
	}
	return Buddy{j.Bare(), s.To, s.From, s.Asked, s.Pending}, nil
}

// Load implements Store.
func (f *file) Load(context.Context) ([]Buddy, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.load(); err != nil {
		return nil, err
	}
	buddies := make([]Buddy, 0, len(f.kept))
	for _, key := range slices.Sorted(maps.Keys(f.kept)) {
		buddies = append(buddies, f.kept[key])
	}
	return buddies, nil
}

func (f *file) load() error {
	f.read = false
	data, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		f.read, f.kept, f.lines, f.size = true, make(map[string]Buddy), 0, 0
		return nil
	}
	if err != nil {
		return err
	}
	kept, size, lines, err := readBuddies(data)
	if err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	f.read, f.kept, f.lines, f.size = true, kept, lines, size
	return nil
}

// readBuddies parses a file. It returns the size and number of the complete lines;
// no lines means that the file must be rewritten.
func readBuddies(data []byte) (kept map[string]Buddy, size int64, lines int, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	var h header
	if err := d.Decode(&h); err != nil {
		return nil, 0, 0, err
	}
	kept = make(map[string]Buddy)
	add := func(s stored) error {
		b, err := s.buddy()
		if err != nil {
			return err
		}
		put(kept, b)
		return nil
	}
	switch h.Version {
	case 1:
		for _, s := range h.Buddies {
			if err := add(s); err != nil {
				return nil, 0, 0, err
			}
		}
		return kept, 0, 0, nil
	case version:
	default:
		return nil, 0, 0, fmt.Errorf("the version is %d, not %d", h.Version, version)
	}
	end := bytes.IndexByte(data, '\n') + 1
	if end == 0 {
		return kept, 0, 0, nil
	}
	for rest := data[end:]; ; lines++ {
		line, more, whole := bytes.Cut(rest, []byte("\n"))
		if !whole {
			return kept, int64(end), lines + 1, nil // and a line that a crash cut off
		}
		var s stored
		if err := json.Unmarshal(line, &s); err != nil {
			return nil, 0, 0, fmt.Errorf("line %d: %w", lines+2, err)
		}
		if err := add(s); err != nil {
			return nil, 0, 0, fmt.Errorf("line %d: %w", lines+2, err)
		}
		end += len(line) + 1
		rest = more
	}
}

// Save implements Store.
func (f *file) Save(_ context.Context, buddies []Buddy) error {
	kept := make(map[string]Buddy)
	for _, b := range buddies {
		put(kept, b)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.write(kept)
}

// write replaces the file.
func (f *file) write(kept map[string]Buddy) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	err := e.Encode(header{Version: version})
	for _, key := range slices.Sorted(maps.Keys(kept)) {
		err = errors.Join(err, e.Encode(toStored(kept[key])))
	}
	if err != nil {
		return err
	}
	if err := durable.Write(f.path, b.Bytes()); err != nil {
		f.read = false // it may be the old one or the new one
		return err
	}
	f.read, f.kept, f.lines, f.size = true, kept, len(kept)+1, int64(b.Len())
	return nil
}

// Change implements Changer.
func (f *file) Change(_ context.Context, b Buddy) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.read {
		if err := f.load(); err != nil {
			return err
		}
	}
	if f.lines == 0 || f.lines >= 2*len(f.kept)+maxObsolete {
		kept := maps.Clone(f.kept)
		put(kept, b)
		return f.write(kept)
	}
	line, err := json.Marshal(toStored(b))
	if err != nil {
		return err
	}
	if err := durable.Append(f.path, f.size, append(line, '\n')); err != nil {
		f.read = false // the line may be there
		return err
	}
	f.lines++
	f.size += int64(len(line)) + 1
	put(f.kept, b)
	return nil
}

// put sets the state of a buddy, or removes one that has no subscription any more.
func put(kept map[string]Buddy, b Buddy) {
	if b.none() {
		delete(kept, b.JID.String())
	} else {
		kept[b.JID.String()] = b
	}
}
