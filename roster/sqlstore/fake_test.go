package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
)

// fake is a database that answers with one text or with nothing.
type fake struct {
	connect error
	// answer returns the only value of a statement's result, nil for no row.
	answer func(statement string) (driver.Value, error)

	mu         sync.Mutex
	statements []string           // with BEGIN, COMMIT and ROLLBACK
	isolation  sql.IsolationLevel // of the last transaction
}

func (f *fake) open(t *testing.T) *sql.DB {
	t.Helper()
	db := sql.OpenDB(f)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func (f *fake) told(statement string) (driver.Value, error) {
	f.mu.Lock()
	f.statements = append(f.statements, statement)
	f.mu.Unlock()
	return f.answer(statement)
}

// count returns how many statements had so far a given beginning.
func (f *fake) count(prefix string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.statements {
		if strings.HasPrefix(s, prefix) {
			n++
		}
	}
	return n
}

func (f *fake) Connect(context.Context) (driver.Conn, error) { return &conn{f}, f.connect }
func (f *fake) Driver() driver.Driver                        { return nil }

type conn struct{ f *fake }

func (c *conn) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (c *conn) Close() error                        { return nil }
func (c *conn) Begin() (driver.Tx, error)           { return c.BeginTx(context.Background(), driver.TxOptions{}) }

func (c *conn) BeginTx(_ context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.f.mu.Lock()
	c.f.isolation = sql.IsolationLevel(opts.Isolation)
	c.f.mu.Unlock()
	_, err := c.f.told("BEGIN")
	return tx(*c), err
}

func (c *conn) QueryContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Rows, error) {
	value, err := c.f.told(query)
	return &result{value}, err
}

func (c *conn) ExecContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Result, error) {
	_, err := c.f.told(query)
	return driver.RowsAffected(0), err
}

type tx conn

func (t tx) Commit() error   { _, err := t.f.told("COMMIT"); return err }
func (t tx) Rollback() error { _, err := t.f.told("ROLLBACK"); return err }

type result struct{ value driver.Value }

func (r *result) Columns() []string { return []string{"value"} }
func (r *result) Close() error      { return nil }

func (r *result) Next(row []driver.Value) error {
	if r.value == nil {
		return io.EOF
	}
	row[0], r.value = r.value, nil
	return nil
}

// tables answers as PostgreSQL does that has tables of a version.
func tables(found int64) func(string) (driver.Value, error) {
	return func(statement string) (driver.Value, error) {
		switch statement {
		case "SELECT version()":
			return "PostgreSQL 15.18 on x86_64-pc-linux-gnu", nil
		case postgres.exists:
			return found > 0, nil
		case "SELECT MAX(version) FROM " + versions:
			return found, nil
		}
		return nil, nil
	}
}
