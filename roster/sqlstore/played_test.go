package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"testing"
)

// row is a row of a table, by its columns.
type row map[string]driver.Value

// played is a database that carries out the statements of this package, which it
// knows by their texts. Transactions come one after the other.
type played struct {
	d dialect
	// fails returns the error of a statement, and may be nil. Of BEGIN, COMMIT
	// and ROLLBACK it is told the names.
	fails func(statement string) error

	writing sync.Mutex // held by a transaction
	mu      sync.Mutex
	tables  map[string]map[string]row // by the name and the key
	told    []string
}

func play(t testing.TB, d dialect) (*played, *sql.DB) {
	t.Helper()
	p := &played{d: d, tables: map[string]map[string]row{accounts: {}, contacts: {}}}
	db := sql.OpenDB(p)
	t.Cleanup(func() { _ = db.Close() })
	return p, db
}

func (p *played) Connect(context.Context) (driver.Conn, error) { return &player{played: p}, nil }
func (p *played) Driver() driver.Driver                        { return nil }

// player is a connection.
type player struct {
	*played
	before map[string]map[string]row // as the transaction began
}

func (c *player) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (c *player) Close() error                        { return nil }
func (c *player) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }

func (c *player) BeginTx(_ context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if want := c.d.isolation; sql.IsolationLevel(opts.Isolation) != want {
		return nil, fmt.Errorf("isolation %v, want %v", opts.Isolation, want)
	}
	if err := c.tell("BEGIN"); err != nil {
		return nil, err
	}
	c.writing.Lock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.before = make(map[string]map[string]row)
	for name, table := range c.tables {
		c.before[name] = maps.Clone(table) // rows are replaced as a whole
	}
	return c, nil
}

func (c *player) Commit() error {
	if err := c.tell("COMMIT"); err != nil {
		_ = c.Rollback()
		return err
	}
	c.writing.Unlock()
	return nil
}

func (c *player) Rollback() error {
	c.mu.Lock()
	c.tables = c.before
	c.mu.Unlock()
	c.writing.Unlock()
	return nil
}

func (p *played) tell(statement string) error {
	p.mu.Lock()
	p.told = append(p.told, statement)
	p.mu.Unlock()
	if p.fails != nil {
		return p.fails(statement)
	}
	return nil
}

func (c *player) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	_, err := c.QueryContext(ctx, query, args)
	return driver.RowsAffected(0), err
}

func (c *player) QueryContext(_ context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.tell(query); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	parameter := ""
	if len(args) > 0 {
		parameter = args[0].Value.(string)
	}
	switch query {
	case "SELECT version()":
		if c.d.name != "postgres" {
			return nil, errors.New("no such function")
		}
		return one("PostgreSQL 15.18"), nil
	case "SELECT sqlite_version()":
		return one("3.46.1"), nil
	case c.d.exists:
		return one(true), nil
	case "SELECT MAX(version) FROM " + versions:
		return one(int64(version)), nil
	case c.d.lockAccounts():
		return c.lockRows(parameter)
	case c.d.saveAccounts():
		return nil, c.upsert(accounts, versionColumns, parameter)
	case c.d.saveContacts():
		return nil, c.upsert(contacts, all, parameter)
	case c.d.selectContacts(), c.d.deleteContacts():
		return c.pick(query == c.d.deleteContacts(), parameter)
	case c.d.loadContacts():
		return c.all(contacts, all, parameter), nil
	case c.d.loadVersion():
		return c.all(accounts, versionColumns[1:], parameter), nil
	case c.d.remove(contacts):
		maps.DeleteFunc(c.tables[contacts], func(_ string, r row) bool { return r["account"] == parameter })
		return nil, nil
	case c.d.remove(accounts):
		delete(c.tables[accounts], parameter)
		return nil, nil
	}
	return nil, fmt.Errorf("it does not know %s", query)
}

// given reads a parameter that holds rows, which have these columns and no others.
func given(parameter string, columns []column) (rows []row, err error) {
	d := json.NewDecoder(bytes.NewReader([]byte(parameter)))
	d.UseNumber()
	if err := d.Decode(&rows); err != nil {
		return nil, fmt.Errorf("%s: %w", parameter, err)
	}
	for _, r := range rows {
		for _, c := range columns {
			value, ok := r[c.name]
			if n, number := value.(json.Number); number {
				if r[c.name], err = n.Int64(); err != nil {
					return nil, err
				}
			}
			if _, isText := value.(string); !ok || isText != (c.kind == text) {
				return nil, fmt.Errorf("%s is %T", c.name, value)
			}
		}
		if len(r) != len(columns) {
			return nil, fmt.Errorf("%d columns, want %d", len(r), len(columns))
		}
	}
	return rows, nil
}

func (r row) key() string {
	if j, ok := r["jid"].(string); ok {
		return r["account"].(string) + " " + j
	}
	return r["account"].(string)
}

func (r row) values(columns []column) []driver.Value {
	values := make([]driver.Value, len(columns))
	for i, c := range columns {
		values[i] = r[c.name]
	}
	return values
}

func (c *player) lockRows(parameter string) (driver.Rows, error) {
	wanted, err := given(parameter, []column{accountColumn})
	if err != nil {
		return nil, err
	}
	found := &answers{columns: len(versionColumns)}
	for _, r := range wanted {
		if c.tables[accounts][r.key()] == nil {
			c.tables[accounts][r.key()] = row{"account": r["account"], "synced": never, "version": ""}
		}
		found.rows = append(found.rows, c.tables[accounts][r.key()].values(versionColumns))
	}
	return found, nil
}

func (c *player) upsert(table string, columns []column, parameter string) error {
	rows, err := given(parameter, columns)
	for _, r := range rows {
		c.tables[table][r.key()] = r
	}
	return err
}

// pick selects or deletes the contacts whose keys are given.
func (c *player) pick(remove bool, parameter string) (driver.Rows, error) {
	wanted, err := given(parameter, all[:2])
	found := &answers{columns: len(all)}
	for _, r := range wanted {
		if there := c.tables[contacts][r.key()]; there != nil {
			found.rows = append(found.rows, there.values(all))
		}
		if remove {
			delete(c.tables[contacts], r.key())
		}
	}
	return found, err
}

// all selects an account's rows of a table.
func (c *player) all(table string, columns []column, account string) driver.Rows {
	found := &answers{columns: len(columns)}
	for _, key := range slices.Sorted(maps.Keys(c.tables[table])) {
		if r := c.tables[table][key]; r["account"] == account {
			found.rows = append(found.rows, r.values(columns))
		}
	}
	return found
}

func one(value driver.Value) driver.Rows {
	return &answers{columns: 1, rows: [][]driver.Value{{value}}}
}

// answers are the rows of a result.
type answers struct {
	columns int
	rows    [][]driver.Value
}

func (a *answers) Columns() []string { return make([]string, a.columns) }
func (a *answers) Close() error      { return nil }

func (a *answers) Next(to []driver.Value) error {
	if len(a.rows) == 0 {
		return io.EOF
	}
	copy(to, a.rows[0])
	a.rows = a.rows[1:]
	return nil
}
