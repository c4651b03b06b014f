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
	version = 1
)

// errNewer is of a file that a later version of this package wrote.
var errNewer = errors.New("filestore: the file's format is newer than this program")

type head struct {
	Format  string    `json:"format"`
	Version int       `json:"version"`
	Account string    `json:"account"`
	Roster  string    `json:"roster,omitempty"`
	Synced  time.Time `json:"synced,omitzero"`
}

type contact struct {
	JID          string    `json:"jid"`
	Listed       time.Time `json:"listed,omitzero"`
	Name         string    `json:"name,omitempty"`
	Groups       []string  `json:"groups,omitempty"`
	Subscription string    `json:"subscription,omitempty"`
	Ask          bool      `json:"ask,omitempty"`
	Approved     bool      `json:"approved,omitempty"`
	Since        time.Time `json:"since,omitzero"`
	Seen         sighting  `json:"seen,omitzero"`
	Active       sighting  `json:"active,omitzero"`
	Said         sighting  `json:"said,omitzero"`
	Online       time.Time `json:"online,omitzero"`
	Asked        time.Time `json:"asked,omitzero"`
	Learnt       time.Time `json:"learnt,omitzero"`
}

type sighting struct {
	At       time.Time `json:"at,omitzero"`
	Heard    time.Time `json:"heard,omitzero"`
	Resource string    `json:"resource,omitempty"`
	Status   string    `json:"status,omitempty"`
	Settled  bool      `json:"settled,omitempty"`
}

type foot struct {
	Sum string `json:"sha256"`
}

// encode returns the content of a file. Nothing in it fails to encode.
func encode(account jid.JID, saved roster.Saved) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(head{format, version, account.Bare().String(), saved.Version, saved.Synced})
	for _, r := range saved.Records {
		_ = e.Encode(contact{
			JID:          r.JID.String(),
			Listed:       r.Listed,
			Name:         r.Name,
			Groups:       r.Groups,
			Subscription: r.Subscription,
			Ask:          r.Ask,
			Approved:     r.Approved,
			Since:        r.Since,
			Seen:         sighting(r.Seen),
			Active:       sighting(r.Active),
			Said:         sighting(r.Said),
			Online:       r.Online,
			Asked:        r.Asked,
			Learnt:       r.Learnt,
		})
	}
	sum := sha256.Sum256(b.Bytes())
	_ = e.Encode(foot{hex.EncodeToString(sum[:])})
	return b.Bytes()
}

// decode reads the content of a file.
func decode(account jid.JID, data []byte) (roster.Saved, error) {
	first, rest, _ := bytes.Cut(data, []byte("\n"))
	var h head
	if err := json.Unmarshal(first, &h); err != nil {
		return roster.Saved{}, fmt.Errorf("line 1: %w", err)
	}
	switch own := account.Bare().String(); {
	case h.Format != format:
		return roster.Saved{}, fmt.Errorf("line 1: the format is %q, not %q", h.Format, format)
	case h.Version > version:
		return roster.Saved{}, fmt.Errorf("%w: version %d, not %d", errNewer, h.Version, version)
	case h.Version < 1:
		return roster.Saved{}, fmt.Errorf("line 1: there is no version %d", h.Version)
	case h.Account != own:
		return roster.Saved{}, fmt.Errorf("line 1: the account is %q, not %q", h.Account, own)
	}
	body, err := check(data, rest)
	if err != nil {
		return roster.Saved{}, err
	}
	saved := roster.Saved{Version: h.Roster, Synced: h.Synced}
	if n := bytes.Count(body, []byte("\n")); n > 0 {
		saved.Records = make([]roster.Record, 0, n)
	}
	for n := 2; len(body) > 0; n++ {
		var l []byte
		l, body, _ = bytes.Cut(body, []byte("\n"))
		r, err := record(l)
		if err != nil {
			return roster.Saved{}, fmt.Errorf("line %d: %w", n, err)
		}
		saved.Records = append(saved.Records, r)
	}
	return saved, nil
}

// check returns the lines between head and foot, of whose sum it makes sure.
func check(data, rest []byte) ([]byte, error) {
	if !bytes.HasSuffix(rest, []byte("\n")) {
		return nil, errors.New("the last line has no end")
	}
	begin := bytes.LastIndexByte(rest[:len(rest)-1], '\n') + 1
	var f foot
	if err := json.Unmarshal(rest[begin:], &f); err != nil {
		return nil, fmt.Errorf("last line: %w", err)
	}
	sum := sha256.Sum256(data[:len(data)-len(rest)+begin])
	if f.Sum != hex.EncodeToString(sum[:]) {
		return nil, errors.New("the last line is not the sum of those before it")
	}
	return rest[:begin], nil
}

func record(line []byte) (roster.Record, error) {
	var c contact
	if err := json.Unmarshal(line, &c); err != nil {
		return roster.Record{}, err
	}
	j, err := jid.Parse(c.JID)
	if err != nil {
		return roster.Record{}, fmt.Errorf("%q: %w", c.JID, err)
	}
	return roster.Record{
		JID:          j.Bare(),
		Listed:       c.Listed.UTC(),
		Name:         c.Name,
		Groups:       c.Groups,
		Subscription: c.Subscription,
		Ask:          c.Ask,
		Approved:     c.Approved,
		Since:        c.Since.UTC(),
		Seen:         c.Seen.sighting(),
		Active:       c.Active.sighting(),
		Said:         c.Said.sighting(),
		Online:       c.Online.UTC(),
		Asked:        c.Asked.UTC(),
		Learnt:       c.Learnt.UTC(),
	}, nil
}

func (s sighting) sighting() roster.Sighting {
	s.At, s.Heard = s.At.UTC(), s.Heard.UTC()
	return roster.Sighting(s)
}
