package sqlstore

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/storetest"
	"example.org/lastpresence/roster"
)

// TestARowHasAllOfARecord writes records as JSON and scans them as a database
// returns them.
func TestARowHasAllOfARecord(t *testing.T) {
	for seed := range uint64(50) {
		for _, want := range storetest.Changes(rand.New(rand.NewPCG(seed, 4))).Records {
			var got roster.Record
			for i, c := range columns {
				text, err := json.Marshal(c.place(&want))
				if err != nil {
					t.Fatal(err)
				}
				var value any
				if err := json.Unmarshal(text, &value); err != nil {
					t.Fatal(err)
				}
				switch target := places(&got)[i].(type) {
				case *string:
					*target = value.(string)
				case *uint8:
					*target = uint8(value.(float64))
				case interface{ Scan(any) error }:
					if number, ok := value.(float64); ok {
						value = int64(number)
					}
					if err := target.Scan(value); err != nil {
						t.Fatal(err)
					}
				default:
					t.Fatalf("%s scans into %T", c.name, target)
				}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("scanned %+v\nwant    %+v", got, want)
			}
		}
	}
}

func TestControlCharactersInGroupsAreRefused(t *testing.T) {
	err := check(roster.Record{JID: jid.MustParse("romeo@montague.lit"), Groups: []string{"a\x01b"}})
	if err == nil || !strings.Contains(err.Error(), `"a\x01b"`) {
		t.Errorf("check = %v", err)
	}
}

func TestTimesThatAreNotKnown(t *testing.T) {
	var m moment
	if text, err := m.MarshalJSON(); err != nil || string(text) != "-62135596800000000" {
		t.Errorf("a time that is not known is %s, %v", text, err)
	}
	if err := m.Scan(never); err != nil || !time.Time(m).IsZero() {
		t.Errorf("and back it is %v, %v", time.Time(m), err)
	}
}

func TestValuesOfOtherKindsAreErrors(t *testing.T) {
	for _, target := range []interface{ Scan(any) error }{new(moment), new(flag), new(key), new(list)} {
		for _, value := range []any{nil, 1.5, time.Now()} {
			if err := target.Scan(value); err == nil {
				t.Errorf("%T scans %T", target, value)
			}
		}
	}
	for _, address := range []string{"", "@", "a@b@c"} {
		if err := new(key).Scan(address); err == nil {
			t.Errorf("%q is scanned as an address", address)
		}
	}
}
