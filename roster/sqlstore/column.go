package sqlstore

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/wire/address"
	"example.org/lastpresence/roster"
)

// column is a column of a table. Its place in a record is what a row scans
// into, and what is written as JSON.
type column struct {
	name, kind string
	place      func(*roster.Record) any
}

// The kinds of columns, as both databases know them.
const (
	text   = "TEXT"
	when   = "BIGINT"
	number = "SMALLINT"
)

// accountColumn is the first column of each table.
var accountColumn = column{name: "account", kind: text}

// versionColumns are those of the table of accounts.
var versionColumns = []column{accountColumn, {name: "synced", kind: when}, {name: "version", kind: text}}

// columns are those of the table of contacts without the account.
var columns = slices.Concat([]column{
	{"jid", text, func(r *roster.Record) any { return (*key)(&r.JID) }},
	{"listed", when, func(r *roster.Record) any { return (*moment)(&r.Listed) }},
	{"subscription", text, func(r *roster.Record) any { return &r.Subscription }},
	{"name", text, func(r *roster.Record) any { return &r.Name }},
	{"groups", text, func(r *roster.Record) any { return (*list)(&r.Groups) }},
	{"ask", number, func(r *roster.Record) any { return (*flag)(&r.Ask) }},
	{"approved", number, func(r *roster.Record) any { return (*flag)(&r.Approved) }},
	{"since", when, func(r *roster.Record) any { return (*moment)(&r.Since) }},
	{"online", when, func(r *roster.Record) any { return (*moment)(&r.Online) }},
	{"words", text, func(r *roster.Record) any { return (*list)(&r.Words) }},
	{"learnt", when, func(r *roster.Record) any { return (*moment)(&r.Learnt) }},
},
	departure("seen", func(r *roster.Record) *roster.Departure { return &r.Seen }),
	departure("told", func(r *roster.Record) *roster.Departure { return &r.Told }),
)

// departure returns the columns of a departure.
func departure(name string, of func(*roster.Record) *roster.Departure) []column {
	return []column{
		{name + "_heard", when, func(r *roster.Record) any { return (*moment)(&of(r).Heard) }},
		{name + "_at", when, func(r *roster.Record) any { return (*moment)(&of(r).At) }},
		{name + "_stamp", when, func(r *roster.Record) any { return (*moment)(&of(r).Stamp) }},
		{name + "_resource", text, func(r *roster.Record) any { return &of(r).Resource }},
		{name + "_status", text, func(r *roster.Record) any { return &of(r).Status }},
		{name + "_cause", number, func(r *roster.Record) any { return (*uint8)(&of(r).Cause) }},
		{name + "_text", text, func(r *roster.Record) any { return &of(r).Text }},
		{name + "_settled", number, func(r *roster.Record) any { return (*flag)(&of(r).Settled) }},
		{name + "_ours", number, func(r *roster.Record) any { return (*flag)(&of(r).Ours) }},
		{name + "_bounded", number, func(r *roster.Record) any { return (*flag)(&of(r).Bounded) }},
	}
}

// places returns where in a record the columns of a row belong.
func places(r *roster.Record) []any {
	all := make([]any, len(columns))
	for i, c := range columns {
		all[i] = c.place(r)
	}
	return all
}

// moment is a time in whole microseconds since 1970.
type moment time.Time

func (m moment) MarshalJSON() ([]byte, error) {
	return fmt.Append(nil, time.Time(m).UnixMicro()), nil
}

// Scan implements [database/sql.Scanner].
func (m *moment) Scan(value any) error {
	n, ok := value.(int64)
	if !ok {
		return fmt.Errorf("a time is %T, not an integer", value)
	}
	*m = moment(time.UnixMicro(n).UTC())
	return nil
}

// flag is a number that is 0 for false.
type flag bool

func (f flag) MarshalJSON() ([]byte, error) {
	if f {
		return []byte("1"), nil
	}
	return []byte("0"), nil
}

// Scan implements [database/sql.Scanner].
func (f *flag) Scan(value any) error {
	n, ok := value.(int64)
	if !ok {
		return fmt.Errorf("a flag is %T, not an integer", value)
	}
	*f = n != 0
	return nil
}

// key is the address of a contact.
type key jid.JID

func (k key) MarshalJSON() ([]byte, error) { return json.Marshal(jid.JID(k).String()) }

// Scan implements [database/sql.Scanner].
func (k *key) Scan(value any) error {
	s, err := textOf(value)
	if err != nil {
		return err
	}
	j, err := address.Parse(s)
	if err != nil {
		return fmt.Errorf("%q: %w", s, err)
	}
	*k = key(j)
	return nil
}

// groupEnd ends each text of a list. XML does not have it.
const groupEnd = "\x01"

// list holds texts, such as the names of groups.
type list []string

func (l list) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	for _, name := range l {
		b.WriteString(name + groupEnd)
	}
	return json.Marshal(b.String())
}

// Scan implements [database/sql.Scanner].
func (l *list) Scan(value any) error {
	s, err := textOf(value)
	if err != nil || s == "" {
		return err
	}
	*l = strings.Split(strings.TrimSuffix(s, groupEnd), groupEnd)
	return nil
}

func textOf(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case []byte:
		return string(v), nil
	}
	return "", fmt.Errorf("a text is %T", value)
}

// check rejects what a database cannot keep.
func check(r roster.Record) error {
	for _, g := range r.Groups {
		if i := strings.IndexFunc(g, func(c rune) bool { return c < ' ' && c != '\t' && c != '\n' && c != '\r' }); i >= 0 {
			return fmt.Errorf("save %s: the group %q holds a control character (XML 1.0 section 2.2)", r.JID, g)
		}
	}
	return nil
}

// rows is a JSON array of objects, each of which has a value for each column.
// The zero value has none.
type rows struct{ json []byte }

func (r *rows) add(columns []column, values ...any) error {
	separator := byte(',')
	if len(r.json) == 0 {
		separator = '['
	}
	for i, c := range columns {
		value, err := json.Marshal(values[i])
		if err != nil {
			return err
		}
		r.json = append(r.json, separator)
		if i == 0 {
			r.json = append(r.json, '{')
		}
		r.json = append(strconv.AppendQuote(r.json, c.name), ':')
		r.json = append(r.json, value...)
		separator = ','
	}
	r.json = append(r.json, '}')
	return nil
}

// none reports whether there are no rows.
func (r *rows) none() bool { return len(r.json) == 0 }

// text returns the array.
func (r *rows) text() string { return string(r.json) + "]" }
