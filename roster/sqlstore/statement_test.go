package sqlstore

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/roster"
)

// TestStatements keeps an eye on what the databases are told; that it is right
// is tested on real ones, which need drivers.
func TestStatements(t *testing.T) {
	for name, d := range map[string]dialect{"sqlite": sqlite, "postgres": postgres} {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(append(d.tables(), d.saveVersion(), d.saveContact(), d.loadContacts()), ";\n\n") + ";\n"
			want, err := os.ReadFile(filepath.Join("testdata", name+".sql"))
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("the statements:\n%s", got)
			}
		})
	}
}

func TestRowsHaveAValueForEachColumn(t *testing.T) {
	values, err := row(roster.Record{Groups: []string{"Friends", ""}})
	if err != nil || len(values) != len(columns) {
		t.Errorf("%d values for %d columns, %v", len(values), len(columns), err)
	}
}

func TestControlCharactersInGroupsAreRefused(t *testing.T) {
	_, err := row(roster.Record{JID: jid.MustParse("romeo@montague.lit"), Groups: []string{"a\x01b"}})
	if err == nil || !strings.Contains(err.Error(), `"a\x01b"`) {
		t.Errorf("row = %v", err)
	}
}

func TestTimesThatAreNotKnown(t *testing.T) {
	if n := micros(time.Time{}); n != -62135596800000000 || fromMicros(n) != (time.Time{}) {
		t.Errorf("a time that is not known is %d, and back %v", n, fromMicros(n))
	}
}
