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
// Its tables begin with lastpresence_, and New makes them. Times are whole
// microseconds since 1970, in UTC; -62135596800000000 stands for a time that is
// not known.
//
// Each contact is written by one statement, in which the database compares what
// it has with what it is given and keeps the later. So processes that share a
// database need no lock among them. With SQLite, let the driver wait while
// another process writes (its busy_timeout).
package sqlstore
