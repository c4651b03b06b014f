package sqlstore

import (
	"database/sql"
	"fmt"
	"strings"
)

// The tables.
const (
	contacts = "lastpresence_contacts"
	accounts = "lastpresence_accounts"
	versions = "lastpresence_schema"
)

// dialect is how a database differs from the others. Rows are passed to a
// statement as one parameter, a JSON array, so that the statement does not
// depend on their number.
type dialect struct {
	name      string // in the names of the files with the tables' statements
	bind      string // the first parameter
	exists    string // selects whether there are tables
	lock      string // keeps others from making the same tables, "" for nothing
	isolation sql.IsolationLevel
	// given selects columns from the rows of the parameter.
	given func(columns []column) string
}

var (
	sqlite = dialect{
		name:   "sqlite",
		bind:   "?",
		exists: "SELECT count(*) > 0 FROM sqlite_master WHERE name = '" + versions + "'",
		given: func(columns []column) string {
			list := each(columns, func(c column) string { return fmt.Sprintf("json_extract(value, '$.%[1]s') AS %[1]s", c.name) })
			return "SELECT " + list + " FROM json_each(?)"
		},
	}
	postgres = dialect{
		name:      "postgres",
		bind:      "$1",
		exists:    "SELECT to_regclass('" + versions + "') IS NOT NULL",
		lock:      "SELECT pg_advisory_xact_lock(318)",
		isolation: sql.LevelReadCommitted,
		given: func(columns []column) string {
			kinds := each(columns, func(c column) string {
				if c.kind == text {
					return c.name + ` TEXT COLLATE "C"`
				}
				return c.name + " " + c.kind
			})
			return "SELECT " + names("x.", columns) + " FROM json_to_recordset($1) AS x (" + kinds + ")"
		},
	}
)

// all are the columns of the table of contacts.
var all = append([]column{accountColumn}, columns...)

// lockAccounts creates missing rows of accounts, locks the rows against other
// transactions until the end of this one, and returns them.
func (d dialect) lockAccounts() string {
	return fmt.Sprintf(`INSERT INTO %[1]s (account, synced, version)
SELECT account, %[2]d, '' FROM (%[3]s) AS given WHERE true ORDER BY account
ON CONFLICT (account) DO UPDATE SET version = %[1]s.version
RETURNING account, synced, version`, accounts, never, d.given([]column{accountColumn}))
}

// saveAccounts writes the versions of rosters.
func (d dialect) saveAccounts() string {
	return d.upsert(accounts, versionColumns, "account")
}

// saveContacts writes contacts.
func (d dialect) saveContacts() string {
	return d.upsert(contacts, all, "account, jid")
}

func (d dialect) upsert(table string, columns []column, key string) string {
	set := each(columns, func(c column) string { return fmt.Sprintf("%[1]s = excluded.%[1]s", c.name) })
	return fmt.Sprintf("INSERT INTO %s (%s)\nSELECT * FROM (%s) AS given WHERE true\nON CONFLICT (%s) DO UPDATE SET %s",
		table, names("", columns), d.given(columns), key, set)
}

// selectContacts selects contacts by their accounts and addresses.
func (d dialect) selectContacts() string {
	return fmt.Sprintf("SELECT %s\nFROM (%s) AS given\nJOIN %s AS c ON c.account = given.account AND c.jid = given.jid",
		names("c.", all), d.given(all[:2]), contacts)
}

// deleteContacts deletes contacts by their accounts and addresses.
func (d dialect) deleteContacts() string {
	return fmt.Sprintf("DELETE FROM %s WHERE (account, jid) IN (%s)", contacts, d.given(all[:2]))
}

// loadContacts selects all contacts of an account.
func (d dialect) loadContacts() string {
	return fmt.Sprintf("SELECT %s FROM %s AS c WHERE account = %s ORDER BY jid", names("c.", all), contacts, d.bind)
}

// loadVersion selects the version of an account's roster.
func (d dialect) loadVersion() string {
	return fmt.Sprintf("SELECT synced, version FROM %s WHERE account = %s", accounts, d.bind)
}

// remove deletes an account from a table.
func (d dialect) remove(table string) string {
	return fmt.Sprintf("DELETE FROM %s WHERE account = %s", table, d.bind)
}

// names lists the names of columns, with a prefix before each.
func names(prefix string, columns []column) string {
	return each(columns, func(c column) string { return prefix + c.name })
}

func each(columns []column, f func(column) string) string {
	texts := make([]string, len(columns))
	for i, c := range columns {
		texts[i] = f(c)
	}
	return strings.Join(texts, ", ")
}
