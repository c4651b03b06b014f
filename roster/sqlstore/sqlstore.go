package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/wire/address"
	"example.org/lastpresence/roster"
)

// version is that of the schema.
const version = 2

// Store is a [roster.Store] in a database. Make one with New. It is safe for
// concurrent use, also by several processes.
type Store struct {
	db *sql.DB
	d  dialect
}

// New returns a Store in the database, whose tables it makes where there are
// none. It does not close the database. The error says which statement the
// database refused, or that the tables are of a later version of this package.
func New(ctx context.Context, db *sql.DB) (*Store, error) {
	s := &Store{db: db, d: postgres}
	var v string
	if err := db.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&v); err == nil {
		s.d = sqlite
	} else if err := db.PingContext(ctx); err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	if err := s.transact(ctx, s.migrate); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Store) migrate(ctx context.Context, tx *sql.Tx) error {
	statements := s.d.tables()
	if s.d.lock != "" {
		statements = append([]string{s.d.lock}, statements...)
	}
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("make tables: %w", err)
		}
	}
	var found sql.NullInt64
	if err := tx.QueryRowContext(ctx, "SELECT MAX(version) FROM "+schema).Scan(&found); err != nil {
		return fmt.Errorf("look up the version of the tables: %w", err)
	}
	switch {
	case found.Int64 > version:
		return fmt.Errorf("the tables are of version %d, this program knows %d", found.Int64, version)
	case !found.Valid:
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("INSERT INTO %s (version) VALUES (%d)", schema, version)); err != nil {
			return fmt.Errorf("set the version of the tables: %w", err)
		}
	}
	return nil
}

// transact runs f, all of which counts, or nothing.
func (s *Store) transact(ctx context.Context, f func(context.Context, *sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	if err := f(ctx, tx); err != nil {
		_ = tx.Rollback()
		return fmt.Errorf("sqlstore: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	return nil
}

// Save implements [roster.Store]. A group whose name holds a control character
// that XML has not is refused.
func (s *Store) Save(ctx context.Context, account jid.JID, changes roster.Saved) error {
	key := account.Bare().String()
	// Everybody writes in the same order, so that nobody waits for each other.
	records := slices.SortedFunc(slices.Values(changes.Records), func(a, b roster.Record) int {
		return cmp.Compare(a.JID.String(), b.JID.String())
	})
	return s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if changes.Version != "" || !changes.Synced.IsZero() {
			if _, err := tx.ExecContext(ctx, s.d.saveVersion(), key, micros(changes.Synced), changes.Version); err != nil {
				return err
			}
		}
		if len(records) == 0 {
			return nil
		}
		statement, err := tx.PrepareContext(ctx, s.d.saveContact())
		if err != nil {
			return err
		}
		defer statement.Close()
		for _, r := range records {
			values, err := row(r)
			if err != nil {
				return err
			}
			if _, err := statement.ExecContext(ctx, append([]any{key, r.JID.String()}, values...)...); err != nil {
				return fmt.Errorf("save %s: %w", r.JID, err)
			}
		}
		return nil
	})
}

// Load implements [roster.Store].
func (s *Store) Load(ctx context.Context, account jid.JID) (roster.Saved, error) {
	saved, err := s.load(ctx, account.Bare().String())
	if err != nil {
		return roster.Saved{}, fmt.Errorf("sqlstore: %w", err)
	}
	return saved, nil
}

func (s *Store) load(ctx context.Context, key string) (saved roster.Saved, err error) {
	var synced int64
	err = s.db.QueryRowContext(ctx, fmt.Sprintf("SELECT synced, version FROM %s WHERE account = %s", accounts, s.d.bind(1)), key).
		Scan(&synced, &saved.Version)
	switch {
	case err == nil:
		saved.Synced = fromMicros(synced)
	case !errors.Is(err, sql.ErrNoRows):
		return saved, err
	}
	rows, err := s.db.QueryContext(ctx, s.d.loadContacts(), key)
	if err != nil {
		return saved, err
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return saved, err
		}
		saved.Records = append(saved.Records, r)
	}
	return saved, rows.Err()
}

// Remove implements [roster.Store].
func (s *Store) Remove(ctx context.Context, account jid.JID) error {
	return s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, table := range []string{accounts, contacts} {
			if _, err := tx.ExecContext(ctx, fmt.Sprintf("DELETE FROM %s WHERE account = %s", table, s.d.bind(1)), account.Bare().String()); err != nil {
				return err
			}
		}
		return nil
	})
}

// groupEnd ends each group's name. It sorts before all that XML may hold, so
// that lists compare as their texts do.
const groupEnd = "\x01"

// row returns the values of a record, in the order of the columns.
func row(r roster.Record) ([]any, error) {
	var groups strings.Builder
	for _, g := range r.Groups {
		if i := strings.IndexFunc(g, func(c rune) bool { return c < ' ' && c != '\t' && c != '\n' && c != '\r' }); i >= 0 {
			return nil, fmt.Errorf("save %s: the group %q holds a control character (XML 1.0 section 2.2)", r.JID, g)
		}
		groups.WriteString(g + groupEnd)
	}
	values := []any{micros(r.Listed), r.Subscription, r.Name, groups.String(), number(r.Ask), number(r.Approved), micros(r.Since)}
	for _, d := range []roster.Departure{r.Seen, r.Told} {
		values = append(values, micros(d.Heard), micros(d.At), micros(d.Stamp), number(d.Settled), number(d.Ours), number(d.Bounded), int(d.Cause),
			d.Status, d.Text, d.Resource)
	}
	return append(values, micros(r.Online), micros(r.Learnt)), nil
}

func scan(rows *sql.Rows) (r roster.Record, err error) {
	var contact, groups string
	var ask, approved, since, listed, online, learnt int64
	targets := []any{&contact, &listed, &r.Subscription, &r.Name, &groups, &ask, &approved, &since}
	departures := []*roster.Departure{&r.Seen, &r.Told}
	var numbers [2][6]int64
	for i, d := range departures {
		n := &numbers[i]
		targets = append(targets, &n[0], &n[1], &n[2], &n[3], &n[4], &n[5], &d.Cause, &d.Status, &d.Text, &d.Resource)
	}
	if err := rows.Scan(append(targets, &online, &learnt)...); err != nil {
		return r, err
	}
	if r.JID, err = address.Parse(contact); err != nil {
		return r, fmt.Errorf("load %q: %w", contact, err)
	}
	for i, d := range departures {
		n := numbers[i]
		d.Heard, d.At, d.Stamp = fromMicros(n[0]), fromMicros(n[1]), fromMicros(n[2])
		d.Settled, d.Ours, d.Bounded = n[3] != 0, n[4] != 0, n[5] != 0
	}
	if groups != "" {
		r.Groups = strings.Split(strings.TrimSuffix(groups, groupEnd), groupEnd)
	}
	r.Listed, r.Ask, r.Approved, r.Since = fromMicros(listed), ask != 0, approved != 0, fromMicros(since)
	r.Online, r.Learnt = fromMicros(online), fromMicros(learnt)
	return r, nil
}

func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}
