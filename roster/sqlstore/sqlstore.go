package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/roster"
)

// Store is a [roster.Store] in a database. Make one with [New]. Any number of
// goroutines and processes may use it at once.
type Store struct {
	db    *sql.DB
	d     dialect
	queue queue
}

// New returns a Store in the database. It creates the tables if there are none
// and upgrades those of an earlier version; otherwise it needs no privilege to
// create or change tables. The Store does not close the database.
//
// New returns an error that wraps [errors.ErrUnsupported] for a database that
// is neither PostgreSQL nor SQLite. Other errors name the statements that
// failed, or say that the tables belong to a later version of this package.
func New(ctx context.Context, db *sql.DB) (*Store, error) {
	s := &Store{db: db}
	s.queue.write = s.saveGroup
	var err error
	if s.d, err = detect(ctx, db); err == nil {
		err = s.prepare(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	return s, nil
}

// Save implements [roster.Store]. Concurrent calls share a transaction. More
// than a thousand records are written in several transactions; after an error,
// the first of them may have been committed. Saving everything again does no
// harm.
//
// Save rejects a group whose name contains a control character that XML does
// not allow.
func (s *Store) Save(ctx context.Context, account jid.JID, changes roster.Saved) error {
	for _, r := range changes.Records {
		if err := check(r); err != nil {
			return fmt.Errorf("sqlstore: %w", err)
		}
	}
	for _, part := range parts(changes) {
		if err := s.queue.do(ctx, account.Bare().String(), part); err != nil {
			return fmt.Errorf("sqlstore: %w", err)
		}
	}
	return nil
}

// parts divides changes. The last part has the roster's version, which is valid
// only with all items.
func parts(changes roster.Saved) (parts []roster.Saved) {
	for records := range slices.Chunk(changes.Records, most) {
		part := changes
		part.Version, part.Synced, part.Records = "", time.Time{}, records
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return []roster.Saved{changes}
	}
	last := &parts[len(parts)-1]
	last.Version, last.Synced = changes.Version, changes.Synced
	return parts
}

// Load implements [roster.Store].
func (s *Store) Load(ctx context.Context, account jid.JID) (roster.Saved, error) {
	saved, err := s.load(ctx, account.Bare().String())
	if err != nil {
		return roster.Saved{}, fmt.Errorf("sqlstore: %w", err)
	}
	return saved, nil
}

// load reads the version first. If a contact changes meanwhile, the version
// does not match, and a Cache ignores it.
func (s *Store) load(ctx context.Context, account string) (saved roster.Saved, err error) {
	err = s.db.QueryRowContext(ctx, s.d.loadVersion(), account).Scan((*moment)(&saved.Synced), &saved.Version)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return roster.Saved{}, err
	}
	rows, err := s.db.QueryContext(ctx, s.d.loadContacts(), account)
	if err != nil {
		return roster.Saved{}, err
	}
	err = scan(rows, func(_ string, r roster.Record) { saved.Records = append(saved.Records, r) })
	return saved, err
}

// scan calls f for each row of the table of contacts.
func scan(rows *sql.Rows, f func(account string, r roster.Record)) error {
	defer rows.Close()
	for rows.Next() {
		var account string
		var r roster.Record
		if err := rows.Scan(append([]any{&account}, places(&r)...)...); err != nil {
			return fmt.Errorf("load a contact: %w", err)
		}
		f(account, r)
	}
	return rows.Err()
}

// Edit implements [roster.Editor].
func (s *Store) Edit(ctx context.Context, account jid.JID, edit func(roster.Record) (roster.Record, bool)) error {
	err := s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return s.edit(ctx, tx, account.Bare().String(), edit)
	})
	if err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	return nil
}

// Remove implements [roster.Store].
func (s *Store) Remove(ctx context.Context, account jid.JID) error {
	name := account.Bare().String()
	err := s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := s.lock(ctx, tx, name); err != nil {
			return err
		}
		for _, table := range []string{contacts, accounts} {
			if _, err := tx.ExecContext(ctx, s.d.remove(table), name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	return nil
}
