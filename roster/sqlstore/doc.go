// Package sqlstore keeps what is known of contacts in a database, for clients
// that have one already and for fleets of gateways on PostgreSQL.
//
// It speaks to SQLite and to PostgreSQL through database/sql and brings no
// driver; open the database with the driver of your choice:
//
//	db, err := sql.Open("pgx", url)
//	…
//	store, err := sqlstore.New(ctx, db)
//	…
//	cache := roster.New(session, roster.Persist(store, nil))
//
// Its tables begin with lastpresence_. New creates them, and upgrades those of
// earlier versions. Those who would rather do it themselves, or whose program
// may not create tables, run the files of the folder schema of this package, one
// after the other: schema/postgres-1.sql and so on. Stop programs that use an
// earlier version of this package first. A role that only uses the tables needs
// SELECT on lastpresence_schema, and SELECT, INSERT, UPDATE and DELETE on the
// other two.
//
// Times are whole microseconds since 1970, in UTC; -62135596800000000 stands for
// a time that is not known.
//
// # Round trips
//
// A Save takes five or six round trips to the database for up to a thousand
// contacts, and as many for each further thousand. Saves that come while another
// is under way, of whichever accounts, go into one transaction together.
//
// # Sharing
//
// Processes may share a database. A transaction locks the rows of its accounts
// in one order, so that writers wait for each other and never end in a deadlock.
// Transactions that the database asks to try again are tried again for a second
// or two. With SQLite, let the driver wait as well (its busy_timeout).
//
// # Forgetting
//
// What [Store.Remove] and [Store.Edit] forget is in no row any more. Databases do
// not overwrite it at once: PostgreSQL reuses the space after a vacuum, SQLite
// overwrites it where the pragma secure_delete is on.
//
// The package needs PostgreSQL 10 or SQLite 3.38, or later.
package sqlstore
