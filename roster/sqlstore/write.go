package sqlstore

import (
	"context"
	"database/sql"
	"reflect"
	"time"

	"example.org/lastpresence/roster"
)

// never is how a time that is not known is written.
var never = time.Time{}.UnixMicro()

// lock locks accounts, and returns their roster versions. Until the end of the
// transaction nobody else writes anything about them. What is read afterwards
// is what others have left.
func (s *Store) lock(ctx context.Context, tx *sql.Tx, accounts ...string) (map[string]roster.Saved, error) {
	var names rows
	for _, name := range accounts {
		if err := names.add([]column{accountColumn}, name); err != nil {
			return nil, err
		}
	}
	found, err := tx.QueryContext(ctx, s.d.lockAccounts(), names.text())
	if err != nil {
		return nil, err
	}
	defer found.Close()
	kept := make(map[string]roster.Saved, len(accounts))
	for found.Next() {
		var account string
		var saved roster.Saved
		if err := found.Scan(&account, (*moment)(&saved.Synced), &saved.Version); err != nil {
			return nil, err
		}
		kept[account] = saved
	}
	return kept, found.Err()
}

// saveGroup writes the changes of several accounts in one transaction, in at
// most six round trips.
func (s *Store) saveGroup(ctx context.Context, group []*save) error {
	return s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var names []string
		var wanted rows
		for _, g := range group {
			names = append(names, g.account)
			for _, r := range g.changes.Records {
				if err := wanted.add(all[:2], g.account, (*key)(&r.JID)); err != nil {
					return err
				}
			}
		}
		kept, err := s.lock(ctx, tx, names...)
		if err != nil {
			return err
		}
		if !wanted.none() {
			found, err := tx.QueryContext(ctx, s.d.selectContacts(), wanted.text())
			if err != nil {
				return err
			}
			err = scan(found, func(account string, r roster.Record) {
				saved := kept[account]
				saved.Records = append(saved.Records, r)
				kept[account] = saved
			})
			if err != nil {
				return err
			}
		}
		var w writing
		for _, g := range group {
			if err := w.compare(g.account, kept[g.account], kept[g.account].Merge(g.changes)); err != nil {
				return err
			}
		}
		return w.run(ctx, tx, s.d)
	})
}

// edit does what Edit does.
func (s *Store) edit(ctx context.Context, tx *sql.Tx, account string, edit func(roster.Record) (roster.Record, bool)) error {
	if _, err := s.lock(ctx, tx, account); err != nil {
		return err
	}
	found, err := tx.QueryContext(ctx, s.d.loadContacts(), account)
	if err != nil {
		return err
	}
	var before, after roster.Saved
	err = scan(found, func(_ string, r roster.Record) {
		before.Records = append(before.Records, r)
		if r, keep := edit(r); keep {
			after.Records = append(after.Records, r)
		}
	})
	if err != nil {
		return err
	}
	var w writing
	if err := w.compare(account, before, after); err != nil {
		return err
	}
	return w.run(ctx, tx, s.d)
}

// writing is what a transaction writes.
type writing struct {
	accounts, contacts, gone rows
}

// compare adds what must be written to turn before into after.
func (w *writing) compare(account string, before, after roster.Saved) error {
	if after.Version != before.Version || !after.Synced.Equal(before.Synced) {
		if err := w.accounts.add(versionColumns, account, (*moment)(&after.Synced), after.Version); err != nil {
			return err
		}
	}
	old := make(map[string]roster.Record, len(before.Records))
	for _, r := range before.Records {
		old[r.JID.String()] = r
	}
	for _, r := range after.Records {
		name := r.JID.String()
		was, found := old[name]
		delete(old, name)
		if found && reflect.DeepEqual(was, r) {
			continue
		}
		if err := w.contacts.add(all, append([]any{account}, places(&r)...)...); err != nil {
			return err
		}
	}
	for _, r := range old {
		if err := w.gone.add(all[:2], account, (*key)(&r.JID)); err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) run(ctx context.Context, tx *sql.Tx, d dialect) error {
	for _, step := range []struct {
		rows      *rows
		statement func() string
	}{
		{&w.accounts, d.saveAccounts},
		{&w.contacts, d.saveContacts},
		{&w.gone, d.deleteContacts},
	} {
		if step.rows.none() {
			continue
		}
		if _, err := tx.ExecContext(ctx, step.statement(), step.rows.text()); err != nil {
			return err
		}
	}
	return nil
}
