package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"strings"
)

// version is the version of the tables. The folder schema has, for each
// database and version, the statements that upgrade from the version before.
const version = 2

//go:embed schema
var schema embed.FS

// detect returns the dialect of a database. The error is [errors.ErrUnsupported]
// for a database that is neither PostgreSQL nor SQLite.
func detect(ctx context.Context, db *sql.DB) (dialect, error) {
	if err := db.PingContext(ctx); err != nil {
		return dialect{}, err
	}
	var v string
	err := db.QueryRowContext(ctx, "SELECT version()").Scan(&v)
	switch {
	case err == nil && strings.HasPrefix(v, "PostgreSQL "):
		return postgres, nil
	case err == nil:
		return dialect{}, fmt.Errorf("the database is %q, not PostgreSQL or SQLite: %w", v, errors.ErrUnsupported)
	}
	if err := db.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&v); err == nil {
		return sqlite, nil
	}
	if err := ctx.Err(); err != nil {
		return dialect{}, err
	}
	return dialect{}, fmt.Errorf("the database is not PostgreSQL or SQLite: %w: %w", errors.ErrUnsupported, err)
}

// prepare brings the tables to this version. If they already have it, prepare
// changes nothing.
func (s *Store) prepare(ctx context.Context) error {
	found, err := s.found(ctx, s.db)
	if err != nil {
		return err
	}
	if found < version {
		err = s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
			found, err = s.upgrade(ctx, tx)
			return err
		})
		if err != nil {
			return err
		}
	}
	if found > version {
		return fmt.Errorf("the tables have version %d; this program supports versions up to %d", found, version)
	}
	return nil
}

// upgrade brings the tables to this version, and returns the version that they
// then have.
func (s *Store) upgrade(ctx context.Context, tx *sql.Tx) (int, error) {
	if s.d.lock != "" {
		if _, err := tx.ExecContext(ctx, s.d.lock); err != nil {
			return 0, err
		}
	}
	found, err := s.found(ctx, tx)
	if err != nil {
		return 0, err
	}
	for ; found < version; found++ {
		name := fmt.Sprintf("schema/%s-%d.sql", s.d.name, found+1)
		statements, err := schema.ReadFile(name)
		if err != nil {
			return 0, err
		}
		for statement := range strings.SplitSeq(string(statements), ";\n") {
			if strings.TrimSpace(statement) == "" {
				continue
			}
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return 0, fmt.Errorf("create the tables of version %d (their owner can run %s): %w", found+1, name, err)
			}
		}
	}
	return found, nil
}

// querier is a database or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// found returns the version of the tables, 0 if there are none.
func (s *Store) found(ctx context.Context, q querier) (int, error) {
	var exists bool
	if err := q.QueryRowContext(ctx, s.d.exists).Scan(&exists); err != nil {
		return 0, fmt.Errorf("look for the tables: %w", err)
	}
	if !exists {
		return 0, nil
	}
	var found sql.NullInt64
	if err := q.QueryRowContext(ctx, "SELECT MAX(version) FROM "+versions).Scan(&found); err != nil {
		return 0, fmt.Errorf("look up the version of the tables: %w", err)
	}
	return int(found.Int64), nil
}
