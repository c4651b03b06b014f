package lastactivity_test

import (
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/mutate"
	"example.org/lastpresence/internal/wire/lastactivity"
)

func read(t *testing.T, in string) (lastactivity.Answer, bool, error) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(in))
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
	return lastactivity.Read(d)
}

func TestRead(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     lastactivity.Answer
		ok       bool
	}{
		{"offline with a status", `<iq><query xmlns='jabber:iq:last' seconds='2'>Out of battery.</query></iq>`,
			lastactivity.Answer{Ago: 2 * time.Second, Status: "Out of battery."}, true},
		{"connected now", `<iq><query xmlns='jabber:iq:last' seconds='0'/></iq>`, lastactivity.Answer{}, true},
		{"no seconds", `<iq><query xmlns='jabber:iq:last'/></iq>`, lastactivity.Answer{}, false},
		{"a float, as metronome has it", `<iq><query xmlns='jabber:iq:last' seconds='32335.0'>Logged out</query></iq>`,
			lastactivity.Answer{Ago: 32335 * time.Second, Status: "Logged out"}, true},
		{"a fraction", `<iq><query xmlns='jabber:iq:last' seconds='2.75'/></iq>`, lastactivity.Answer{Ago: 2 * time.Second}, true},
		{"white space, which the schema's type allows", `<iq><query xmlns='jabber:iq:last' seconds=' 2&#10;'/></iq>`, lastactivity.Answer{Ago: 2 * time.Second}, true},
		{"a plus sign", `<iq><query xmlns='jabber:iq:last' seconds='+2'/></iq>`, lastactivity.Answer{Ago: 2 * time.Second}, true},
		{"a point without a fraction", `<iq><query xmlns='jabber:iq:last' seconds='2.'/></iq>`, lastactivity.Answer{}, false},
		{"two points", `<iq><query xmlns='jabber:iq:last' seconds='2.0.0'/></iq>`, lastactivity.Answer{}, false},
		{"a fraction without whole seconds", `<iq><query xmlns='jabber:iq:last' seconds='.5'/></iq>`, lastactivity.Answer{}, false},
		{"an exponent", `<iq><query xmlns='jabber:iq:last' seconds='2e3'/></iq>`, lastactivity.Answer{}, false},
		{"two signs", `<iq><query xmlns='jabber:iq:last' seconds='+-2'/></iq>`, lastactivity.Answer{}, false},
		{"nothing", `<iq><query xmlns='jabber:iq:last' seconds=''/></iq>`, lastactivity.Answer{}, false},
		{"a text beside seconds that cannot be read", `<iq><query xmlns='jabber:iq:last' seconds='?'>Bye.</query></iq>`, lastactivity.Answer{Status: "Bye."}, false},
		{"not a number", `<iq><query xmlns='jabber:iq:last' seconds='two'/></iq>`, lastactivity.Answer{}, false},
		{"negative", `<iq><query xmlns='jabber:iq:last' seconds='-2'/></iq>`, lastactivity.Answer{}, false},
		{"a hundred years", `<iq><query xmlns='jabber:iq:last' seconds='3153600000'/></iq>`,
			lastactivity.Answer{Ago: 3153600000 * time.Second}, true},
		{"more than a hundred years", `<iq><query xmlns='jabber:iq:last' seconds='3153600001'/></iq>`, lastactivity.Answer{}, false},
		{"another namespace", `<iq><query xmlns='jabber:iq:version' seconds='2'/></iq>`, lastactivity.Answer{}, false},
		{"nested in an extension", `<iq><x xmlns='urn:x'><query xmlns='jabber:iq:last' seconds='2'/></x></iq>`, lastactivity.Answer{}, false},
		{"nothing", `<iq/>`, lastactivity.Answer{}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, ok, err := read(t, tc.in)
			if err != nil || ok != tc.ok || got != tc.want {
				t.Errorf("Read = %+v, %v, %v, want %+v, %v", got, ok, err, tc.want, tc.ok)
			}
		})
	}
}

func TestReadReportsABrokenStream(t *testing.T) {
	for _, in := range []string{
		`<iq>`,
		`<iq><x xmlns='urn:x'>`,
		`<iq><x xmlns='urn:x'/>`,
		`<iq><query xmlns='jabber:iq:last' seconds='2'>Out of`,
		`<iq><query xmlns='jabber:iq:last' seconds='2'>Out of battery.</query>`,
	} {
		got, ok, err := read(t, in)
		if err == nil || ok != strings.Contains(in, "seconds") || ok && !strings.HasPrefix(got.Status, "Out of") {
			t.Errorf("%s: %+v, %v, %v", in, got, ok, err)
		}
	}
}

func TestReadEndsWithTheTokens(t *testing.T) {
	r := xmlstream.ReaderFunc(func() (xml.Token, error) { return nil, nil })
	if got, ok, err := lastactivity.Read(r); got != (lastactivity.Answer{}) || ok || err != nil {
		t.Errorf("Read = %+v, %v, %v", got, ok, err)
	}
}

func TestTheFirstQueryWithSecondsCounts(t *testing.T) {
	const first, second = `<query xmlns='jabber:iq:last' seconds='2'>One</query>`, `<query xmlns='jabber:iq:last' seconds='3'>Two</query>`
	if got, ok, err := read(t, `<iq>`+first+second+`</iq>`); err != nil || !ok || got.Status != "One" || got.Ago != 2*time.Second {
		t.Errorf("Read = %+v, %v, %v", got, ok, err)
	}
	if got, ok, err := read(t, `<iq><query xmlns='jabber:iq:last' xmlns:x='urn:x' x:seconds='9' seconds='2'/></iq>`); err != nil || !ok || got.Ago != 2*time.Second {
		t.Errorf("an attribute of another namespace: %+v, %v, %v", got, ok, err)
	}
}

func TestReadKeepsALimitedStatus(t *testing.T) {
	for _, n := range []int{4096, 4097} {
		got, ok, err := read(t, `<iq><query xmlns='jabber:iq:last' seconds='2'>`+strings.Repeat("x", n)+`</query></iq>`)
		if err != nil || !ok || len(got.Status) != 4096 {
			t.Errorf("a status of %d bytes: kept %d, ok %v, error %v", n, len(got.Status), ok, err)
		}
	}
}

func TestQuery(t *testing.T) {
	var b strings.Builder
	e := xml.NewEncoder(&b)
	if _, err := xmlstream.Copy(e, lastactivity.Query(jid.MustParse("romeo@montague.lit"), "la1")); err != nil {
		t.Fatal(err)
	}
	if err := e.Flush(); err != nil {
		t.Fatal(err)
	}
	const want = `<iq type="get" to="romeo@montague.lit" id="la1"><query xmlns="jabber:iq:last"></query></iq>`
	if b.String() != want {
		t.Errorf("Query = %s, want %s", b.String(), want)
	}
}

func FuzzRead(f *testing.F) {
	mutate.Strings(f, []string{
		`<iq><query xmlns='jabber:iq:last' seconds='2'>Out of battery.</query></iq>`,
		`<iq><query xmlns='jabber:iq:last' seconds='0'/></iq>`,
		`<iq><a><b/></a>text</iq>`,
	}, func(t testing.TB, in string) {
		d := xml.NewDecoder(strings.NewReader(in))
		if tok, err := d.Token(); err != nil {
			return
		} else if _, ok := tok.(xml.StartElement); !ok {
			return
		}
		got, ok, _ := lastactivity.Read(d)
		if got.Ago < 0 || len(got.Status) > lastactivity.MaxStatus {
			t.Errorf("Read = %+v, %v", got, ok)
		}
	})
}
