package filestore

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/roster"
)

const (
	format  = "lastpresence roster"
	version = 2
)

// errNewer is for a file that a later version of this package wrote.
var errNewer = errors.New("the file's format is newer than this program")

type head struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Account string `json:"account"`
	Roster  string `json:"roster,omitempty"`
	Synced  micros `json:"synced,omitempty"`
}

type contact struct {
	JID          string    `json:"jid"`
	Listed       micros    `json:"listed,omitempty"`
	Name         string    `json:"name,omitempty"`
	Groups       []string  `json:"groups,omitempty"`
	Subscription string    `json:"subscription,omitempty"`
	Ask          bool      `json:"ask,omitempty"`
	Approved     bool      `json:"approved,omitempty"`
	Since        micros    `json:"since,omitempty"`
	Seen         departure `json:"seen,omitzero"`
	Told         departure `json:"told,omitzero"`
	Online       micros    `json:"online,omitempty"`
	Words        []string  `json:"words,omitempty"`
	Learnt       micros    `json:"learnt,omitempty"`
}

type departure struct {
	At       micros       `json:"at,omitempty"`
	Heard    micros       `json:"heard,omitempty"`
	Stamp    micros       `json:"stamp,omitempty"`
	Resource string       `json:"resource,omitempty"`
	Status   string       `json:"status,omitempty"`
	Cause    roster.Cause `json:"cause,omitempty"`
	Text     string       `json:"text,omitempty"`
	Settled  bool         `json:"settled,omitempty"`
	Ours     bool         `json:"ours,omitempty"`
	Bounded  bool         `json:"bounded,omitempty"`
}

// micros is a time in microseconds since 1970, and 0 for the zero time. Numbers
// are read and written several times as fast as dates.
type micros int64

func microsOf(t time.Time) micros {
	if t.IsZero() {
		return 0
	}
	return micros(t.UnixMicro())
}

func (m micros) time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(m)).UTC()
}

type foot struct {
	Sum string `json:"sha256"`
}

// page is the content of a file while it is written.
type page struct {
	bytes.Buffer
	json *json.Encoder
}

func newPage(account jid.JID, saved roster.Saved) *page {
	p := new(page)
	p.json = json.NewEncoder(p)
	p.json.SetEscapeHTML(false)
	// Nothing that is written here fails to encode.
	_ = p.json.Encode(head{format, version, account.Bare().String(), saved.Version, microsOf(saved.Synced)})
	return p
}

func (p *page) add(r roster.Record) {
	_ = p.json.Encode(contact{
		JID:          r.JID.String(),
		Listed:       microsOf(r.Listed),
		Name:         r.Name,
		Groups:       r.Groups,
		Subscription: r.Subscription,
		Ask:          r.Ask,
		Approved:     r.Approved,
		Since:        microsOf(r.Since),
		Seen:         departureOf(r.Seen),
		Told:         departureOf(r.Told),
		Online:       microsOf(r.Online),
		Words:        r.Words,
		Learnt:       microsOf(r.Learnt),
	})
}

func (p *page) end() []byte {
	sum := sha256.Sum256(p.Bytes())
	_ = p.json.Encode(foot{hex.EncodeToString(sum[:])})
	return p.Bytes()
}

func departureOf(d roster.Departure) departure {
	return departure{microsOf(d.At), microsOf(d.Heard), microsOf(d.Stamp), d.Resource, d.Status, d.Cause, d.Text, d.Settled, d.Ours, d.Bounded}
}

// lineLength is roughly how long the line of a contact is.
const lineLength = 256

// encode returns the content of a file.
func encode(account jid.JID, saved roster.Saved) []byte {
	p := newPage(account, saved)
	p.Grow(len(saved.Records) * lineLength)
	for _, r := range saved.Records {
		p.add(r)
	}
	return p.end()
}

// decode reads the content of a file.
func decode(account jid.JID, data []byte) (roster.Saved, error) {
	saved, lines, err := open(account, data)
	if err != nil {
		return roster.Saved{}, err
	}
	if n := bytes.Count(lines.rest, []byte("\n")); n > 0 {
		saved.Records = make([]roster.Record, 0, n)
	}
	for lines.next() {
		saved.Records = append(saved.Records, lines.record())
	}
	if lines.err != nil {
		return roster.Saved{}, lines.err
	}
	return saved, nil
}

// open reads the head of a file, and returns the lines of the records as well.
func open(account jid.JID, data []byte) (saved roster.Saved, body *lines, err error) {
	first, rest, _ := bytes.Cut(data, []byte("\n"))
	var h head
	if err := json.Unmarshal(first, &h); err != nil {
		return roster.Saved{}, nil, fmt.Errorf("line 1: %w", err)
	}
	switch own := account.Bare().String(); {
	case h.Format != format:
		return roster.Saved{}, nil, fmt.Errorf("line 1: the format is %q, want %q", h.Format, format)
	case h.Version > version:
		return roster.Saved{}, nil, fmt.Errorf("%w: version %d, not %d", errNewer, h.Version, version)
	case h.Version < 1:
		return roster.Saved{}, nil, fmt.Errorf("line 1: there is no version %d", h.Version)
	case h.Account != own:
		return roster.Saved{}, nil, fmt.Errorf("line 1: the account is %q, want %q", h.Account, own)
	}
	rest, err = check(data, rest)
	return roster.Saved{Version: h.Roster, Synced: h.Synced.time()}, &lines{rest: rest, version: h.Version}, err
}

// check returns the lines between head and foot, after checking their checksum.
func check(data, rest []byte) ([]byte, error) {
	if !bytes.HasSuffix(rest, []byte("\n")) {
		return nil, errors.New("the last line is cut off")
	}
	begin := bytes.LastIndexByte(rest[:len(rest)-1], '\n') + 1
	var f foot
	if err := json.Unmarshal(rest[begin:], &f); err != nil {
		return nil, fmt.Errorf("last line: %w", err)
	}
	sum := sha256.Sum256(data[:len(data)-len(rest)+begin])
	if f.Sum != hex.EncodeToString(sum[:]) {
		return nil, errors.New("the checksum in the last line is wrong")
	}
	return rest[:begin], nil
}
