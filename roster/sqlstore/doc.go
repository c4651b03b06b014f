// Package sqlstore keeps what is known about contacts in an SQL database: for
// clients that already have one, and for fleets of gateways on PostgreSQL.
//
// It supports SQLite and PostgreSQL through database/sql, and includes no
// driver. Open the database with the driver of your choice:
//
//	db, err := sql.Open("pgx", url)
//	…
//	store, err := sqlstore.New(ctx, db)
//	…
//	contacts := roster.New(session, roster.Persist(store, nil))
//
// It needs PostgreSQL 10 or SQLite 3.38, or later.
//
// # Tables
//
// The names of its tables begin with lastpresence_. [New] creates them, and
// upgrades those of earlier versions. If your program may not create tables,
// run the files in this package's folder schema instead, one after the other:
// schema/postgres-1.sql and so on. Stop programs that use an earlier version of
// this package first. A role that only uses the tables needs SELECT on
// lastpresence_schema, and SELECT, INSERT, UPDATE and DELETE on the other two.
//
// Times are whole microseconds since 1970, in UTC; -62135596800000000 means not
// known.
//
// # Round trips
//
// A Save takes five or six round trips to the database for each thousand
// contacts or part of it. Saves that arrive while another one is running share
// one transaction, even if they are of different accounts.
//
// # Sharing
//
// Several processes may share a database. Every transaction locks the rows of
// its accounts in the same order, so that writers wait for each other and do
// not deadlock. If the database asks to retry a transaction, it is retried for
// a second or two. With SQLite, set the driver's busy_timeout as well.
//
// # Forgetting
//
// [Store.Remove] and [Store.Edit] leave no copy of what they erase in any row.
// Databases do not overwrite the space at once: PostgreSQL reuses it after a
// vacuum; SQLite overwrites it if the pragma secure_delete is on.
package sqlstore
