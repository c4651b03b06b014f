package sqlstore

import (
	"fmt"
	"slices"
	"strings"
)

// contacts is the table of contacts. accounts has the rosters' versions.
const (
	contacts = "lastpresence_contacts"
	accounts = "lastpresence_accounts"
	schema   = "lastpresence_schema"
)

// column is one of the table of contacts.
type column struct {
	name, kind string
}

const (
	text = "TEXT"
	when = "BIGINT"
	flag = "SMALLINT"
)

// group is a fact: columns of which the greatest row of values counts, compared
// in this order, as roster.Record.Merge does.
type group []column

var item = group{
	{"listed", when}, {"subscription", text}, {"name", text}, {"groups", text}, {"ask", flag}, {"approved", flag},
}

var since = column{"since", when}

// facts count only if they are of the latest since.
var facts = []group{
	departure("seen"), departure("told"),
	{{"online", when}}, {{"learnt", when}},
}

func departure(name string) group {
	return group{
		{name + "_heard", when}, {name + "_at", when}, {name + "_stamp", when},
		{name + "_settled", flag}, {name + "_ours", flag}, {name + "_bounded", flag}, {name + "_cause", flag},
		{name + "_status", text}, {name + "_text", text}, {name + "_resource", text},
	}
}

// columns are all but the key, in the order in which values bind and scan.
var columns = slices.Concat(append([]group{item, {since}}, facts...)...)

// dialect is how a database differs from the others.
type dialect struct {
	bind func(n int) string // the n-th parameter, from 1
	text string             // what makes texts compare by their bytes
	lock string             // keeps others from making the same tables, "" for nothing
}

var (
	sqlite   = dialect{bind: func(int) string { return "?" }}
	postgres = dialect{
		bind: func(n int) string { return fmt.Sprintf("$%d", n) },
		text: ` COLLATE "C"`,
		lock: "SELECT pg_advisory_xact_lock(318)",
	}
)

// tables are the statements that make version 1 of the schema.
func (d dialect) tables() []string {
	var b strings.Builder
	for _, c := range columns {
		fmt.Fprintf(&b, ",\n\t%s %s", c.name, c.kind)
		if c.kind == text {
			b.WriteString(d.text)
		}
		b.WriteString(" NOT NULL")
	}
	key := func(name string) string { return name + " TEXT" + d.text + " NOT NULL" }
	return []string{
		"CREATE TABLE IF NOT EXISTS " + schema + " (version INTEGER NOT NULL PRIMARY KEY)",
		"CREATE TABLE IF NOT EXISTS " + accounts + " (" + key("account") + " PRIMARY KEY, synced BIGINT NOT NULL, " + key("version") + ")",
		"CREATE TABLE IF NOT EXISTS " + contacts + " (\n\t" + key("account") + ",\n\t" + key("jid") + b.String() + ",\n\tPRIMARY KEY (account, jid)\n)",
	}
}

// saveContact inserts a contact, or keeps the later of each of its facts.
func (d dialect) saveContact() string {
	var set []string
	keep := func(g group, condition string) {
		for _, c := range g {
			set = append(set, fmt.Sprintf("%[1]s = CASE WHEN %[2]s THEN excluded.%[1]s ELSE %[3]s.%[1]s END", c.name, condition, contacts))
		}
	}
	anew := newer(contacts, group{since})
	keep(item, newer(contacts, item))
	keep(group{since}, anew)
	for _, g := range facts {
		keep(g, fmt.Sprintf("%s OR (excluded.since = %s.since AND %s)", anew, contacts, newer(contacts, g)))
	}
	names := []string{"account", "jid"}
	for _, c := range columns {
		names = append(names, c.name)
	}
	return d.upsert(contacts, names, "account, jid", set)
}

// saveVersion inserts the version of an account's roster, or keeps the later.
func (d dialect) saveVersion() string {
	g := group{{"synced", when}, {"version", text}}
	var set []string
	for _, c := range g {
		set = append(set, fmt.Sprintf("%[1]s = CASE WHEN %[2]s THEN excluded.%[1]s ELSE %[3]s.%[1]s END", c.name, newer(accounts, g), accounts))
	}
	return d.upsert(accounts, []string{"account", "synced", "version"}, "account", set)
}

func (d dialect) upsert(table string, names []string, key string, set []string) string {
	values := make([]string, len(names))
	for i := range values {
		values[i] = d.bind(i + 1)
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)\nON CONFLICT (%s) DO UPDATE SET\n\t%s",
		table, strings.Join(names, ", "), strings.Join(values, ", "), key, strings.Join(set, ",\n\t"))
}

// newer is the condition that what is given is later than what a table has.
func newer(table string, g group) string {
	var given, has []string
	for _, c := range g {
		given = append(given, "excluded."+c.name)
		has = append(has, table+"."+c.name)
	}
	return fmt.Sprintf("(%s) > (%s)", strings.Join(given, ", "), strings.Join(has, ", "))
}

// loadContacts selects the contacts of an account.
func (d dialect) loadContacts() string {
	names := []string{"jid"}
	for _, c := range columns {
		names = append(names, c.name)
	}
	return fmt.Sprintf("SELECT %s FROM %s WHERE account = %s ORDER BY jid", strings.Join(names, ", "), contacts, d.bind(1))
}
