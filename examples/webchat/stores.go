package main

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver for PostgreSQL
	"mellium.im/xmpp/jid"
	_ "modernc.org/sqlite" // the driver for SQLite

	"example.org/lastpresence/roster"
	"example.org/lastpresence/roster/filestore"
	"example.org/lastpresence/roster/sqlstore"
)

// openStore returns the store that a text names, nil for none, and what closes
// it.
func openStore(ctx context.Context, where string, m *metrics) (roster.Store, func() error, error) {
	nothing := func() error { return nil }
	var driver string
	source := where
	switch ext := filepath.Ext(where); {
	case where == "":
		return nil, nothing, nil
	case strings.HasPrefix(where, "postgres://"), strings.HasPrefix(where, "postgresql://"):
		driver = "pgx"
	case ext == ".db" || ext == ".sqlite" || ext == ".sqlite3":
		driver, source = "sqlite", "file:"+where+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=secure_delete(1)"
	default:
		s, err := filestore.New(where)
		if err != nil {
			return nil, nil, err
		}
		return measured{s, m}, nothing, nil
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		return nil, nil, errors.New("-store: the address of the database cannot be read") // it may hold a password
	}
	db.SetMaxOpenConns(8)
	db.SetConnMaxIdleTime(5 * time.Minute)
	s, err := sqlstore.New(ctx, db)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return measured{s, m}, db.Close, nil
}

// measured is a store whose latency and failures are counted.
type measured struct {
	roster.Store
	*metrics
}

// Load implements roster.Store.
func (m measured) Load(ctx context.Context, account jid.JID) (saved roster.Saved, err error) {
	err = m.stored("load", func() error {
		saved, err = m.Store.Load(ctx, account)
		return err
	})
	return saved, err
}

// Save implements roster.Store.
func (m measured) Save(ctx context.Context, account jid.JID, changes roster.Saved) error {
	return m.stored("save", func() error { return m.Store.Save(ctx, account, changes) })
}
