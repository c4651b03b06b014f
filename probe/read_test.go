package probe_test

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/mutate"
	"example.org/lastpresence/probe"
)

func read(t *testing.T, in string) probe.Presence {
	t.Helper()
	p, err := probe.ReadPresence(xml.NewDecoder(strings.NewReader(in)))
	if err != nil {
		t.Fatalf("ReadPresence(%s): %v", in, err)
	}
	return p
}

// reply is example 2 of XEP-0318, with names of our own.
const reply = `<presence xmlns='jabber:client' from='romeo@montague.lit' to='juliet@capulet.lit/balcony' type='unavailable'>
  <status>Going offline. Out of battery.</status>
  <delay xmlns='urn:xmpp:delay' from='romeo@montague.lit/orchard' stamp='2012-09-10T23:41:07Z'/>
</presence>`

func TestReadPresenceReadsAReplyToAProbe(t *testing.T) {
	p := read(t, reply)
	if p.From.String() != "romeo@montague.lit" || p.To.String() != "juliet@capulet.lit/balcony" || p.Type != stanza.UnavailablePresence {
		t.Errorf("addresses and type = %s, %s, %s", p.From, p.To, p.Type)
	}
	if got := p.Status(); got != "Going offline. Out of battery." {
		t.Errorf("status = %q", got)
	}
	want := time.Date(2012, 9, 10, 23, 41, 7, 0, time.UTC)
	if !p.Delay.Stamp.Equal(want) || !p.At().Equal(want) || p.Delay.From.String() != "romeo@montague.lit/orchard" {
		t.Errorf("delay = %+v, want %v", p.Delay, want)
	}
}

func TestReadPresenceChildren(t *testing.T) {
	for _, tc := range []struct {
		name, children string
		want           string // show priority status
	}{
		{"nothing", ``, ` 0 `},
		{"all", `<show>xa</show><status>Away.</status><priority>-7</priority>`, `xa -7 Away.`},
		{"white space around", `<show> dnd </show><priority> 5 </priority>`, `dnd 5 `},
		{"an unknown show", `<show>sleeping</show>`, ` 0 `},
		{"a priority out of range", `<priority>128</priority>`, ` 0 `},
		{"a priority that is no number", `<priority>high</priority>`, ` 0 `},
		{"the lowest priority", `<priority>-128</priority>`, ` -128 `},
		{"a status across a comment and entities", `<status>a &amp; <!-- no -->b</status>`, ` 0 a & b`},
		{"a status nested in an extension", `<x xmlns='urn:x'><status xmlns='jabber:client'>no</status></x>`, ` 0 `},
		{"a status in another namespace", `<status xmlns='urn:x'>no</status>`, ` 0 `},
		{"deep nesting", `<x xmlns='urn:x'><y><z><show xmlns='jabber:client'>dnd</show></z></y></x><show>chat</show>`, `chat 0 `},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := read(t, `<presence xmlns='jabber:client' from='romeo@montague.lit/orchard'>`+tc.children+`</presence>`)
			if got := fmt.Sprint(p.Show, " ", p.Priority, " ", p.Status()); got != tc.want {
				t.Errorf("read %q, want %q", got, tc.want)
			}
		})
	}
}

func TestStatusMatchesTheLanguage(t *testing.T) {
	p := read(t, `<presence xmlns='jabber:client' xml:lang='it'>
		<status xml:lang='en'>Gone.</status><status>Andato.</status><status xml:lang='de-AT'>Fort.</status></presence>`)
	for _, tc := range []struct{ lang, want string }{
		{"", "Andato."}, {"it", "Andato."}, {"en", "Gone."}, {"en-GB", "Gone."}, {"EN", "Gone."},
		{"de-AT", "Fort."}, {"de", "Andato."}, {"fr de-AT", "Fort."}, {"fr", "Andato."},
	} {
		if got := p.Status(strings.Fields(tc.lang)...); got != tc.want {
			t.Errorf("Status(%q) = %q, want %q", tc.lang, got, tc.want)
		}
	}
	first := read(t, `<presence xml:lang='fr'><status xml:lang='en'>Gone.</status><status xml:lang='de'>Fort.</status></presence>`)
	if got := first.Status(); got != "Gone." {
		t.Errorf("Status without one in the stanza's language = %q, want the first", got)
	}
}

func TestIdle(t *testing.T) {
	const delayed = `<delay xmlns='urn:xmpp:delay' stamp='2012-09-10T23:41:07Z'/>`
	soon := time.Now().Add(3 * time.Hour).UTC().Format(time.RFC3339)
	for _, tc := range []struct{ name, children, want string }{
		{"none", ``, "0001-01-01T00:00:00Z"},
		{"XEP-0319", `<idle xmlns='urn:xmpp:idle:1' since='2012-09-10T20:00:00Z'/>`, "2012-09-10T20:00:00Z"},
		{"XEP-0256, relative to the delay", `<query xmlns='jabber:iq:last' seconds='67'/>` + delayed, "2012-09-10T23:40:00Z"},
		{"both: XEP-0319", `<query xmlns='jabber:iq:last' seconds='9'/><idle xmlns='urn:xmpp:idle:1' since='2012-09-10T20:00:00Z'/>`, "2012-09-10T20:00:00Z"},
		{"XEP-0319 of three hours from now", `<idle xmlns='urn:xmpp:idle:1' since='` + soon + `'/>`, "0001-01-01T00:00:00Z"},
		{"XEP-0319 of 2038", `<idle xmlns='urn:xmpp:idle:1' since='2138-01-19T03:14:07Z'/>`, "0001-01-01T00:00:00Z"},
		{"XEP-0319 of 1970", `<idle xmlns='urn:xmpp:idle:1' since='1970-01-01T00:00:00Z'/>`, "0001-01-01T00:00:00Z"},
		{"XEP-0256 of before 1999", `<query xmlns='jabber:iq:last' seconds='1347320467'/>` + delayed, "0001-01-01T00:00:00Z"},
		{"XEP-0256 as a float", `<query xmlns='jabber:iq:last' seconds='67.0'/>` + delayed, "2012-09-10T23:40:00Z"},
		{"both, XEP-0319 of 1970", `<query xmlns='jabber:iq:last' seconds='67'/><idle xmlns='urn:xmpp:idle:1' since='1970-01-01T00:00:00Z'/>` + delayed, "2012-09-10T23:40:00Z"},
		{"XEP-0319 that cannot be read", `<idle xmlns='urn:xmpp:idle:1' since='earlier'/>`, "0001-01-01T00:00:00Z"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := read(t, `<presence xmlns='jabber:client' from='romeo@montague.lit/orchard'>`+tc.children+`</presence>`)
			if got := p.Idle.UTC().Format(time.RFC3339); got != tc.want {
				t.Errorf("Idle = %v, want %v", got, tc.want)
			}
		})
	}
	p := read(t, `<presence from='romeo@montague.lit/orchard'><query xmlns='jabber:iq:last' seconds='60'/></presence>`)
	if got := p.Received.Sub(p.Idle); got != time.Minute {
		t.Errorf("XEP-0256 without a delay is %v before receipt, want 1m", got)
	}
}

func TestReadPresenceSkipsWhatPrecedesTheStanza(t *testing.T) {
	for name, tc := range map[string]struct {
		before string
		ok     bool
	}{
		"white space":                {" \r\n\t", true},
		"a declaration and comments": {"<?xml version='1.0'?>\n<!-- from a capture -->\n<!DOCTYPE presence>", true},
		"text":                       {"hello", false},
		"another stanza":             {"<message xmlns='jabber:client'/>", false},
		"an end":                     {"</stream>", false},
	} {
		p, err := probe.ReadPresence(xml.NewDecoder(strings.NewReader(tc.before + reply)))
		if (err == nil) != tc.ok || tc.ok != (p.Type == stanza.UnavailablePresence) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	if _, err := probe.ReadPresence(xml.NewDecoder(strings.NewReader("  "))); err == nil {
		t.Error("nothing at all was read")
	}
}

func TestTheServersDelayIsKeptAmongMany(t *testing.T) {
	const (
		contacts = "<delay xmlns='urn:xmpp:delay' from='romeo@montague.lit' stamp='2012-09-10T20:00:00Z'/>"
		servers  = "<delay xmlns='urn:xmpp:delay' from='montague.lit' stamp='2012-09-10T23:41:07Z'/>"
	)
	many := strings.Repeat(contacts, probe.MaxDelays)
	for name, children := range map[string]string{
		"the last":                      many + servers,
		"the first":                     servers + many,
		"behind others that do not fit": many + contacts + contacts + servers,
	} {
		p := read(t, "<presence from='romeo@montague.lit' type='unavailable'>"+children+"</presence>")
		if p.Delay.From.String() != "montague.lit" || !p.Cut || len(p.Doubts) != probe.MaxDelays-1 {
			t.Errorf("%s: believed %+v with %d doubts, cut %v", name, p.Delay, len(p.Doubts), p.Cut)
		}
	}
	if p := read(t, "<presence from='romeo@montague.lit' type='unavailable'>"+many+strings.Replace(contacts, "20:00:00", "19:00:00", 1)+"</presence>"); p.Delay.Stamp.Hour() != 20 || !p.Cut {
		t.Errorf("one more of the contact's: believed %+v, cut %v", p.Delay, p.Cut)
	}
	p := read(t, "<presence from='romeo@montague.lit' type='unavailable'>"+strings.Repeat(servers, probe.MaxDelays)+strings.Replace(servers, "23:41:07", "20:00:00", 1)+"</presence>")
	if p.Delay.Stamp.Hour() != 23 || !p.Cut {
		t.Errorf("believed %+v, cut %v", p.Delay, p.Cut)
	}
}

func TestRoom(t *testing.T) {
	for in, want := range map[string]bool{
		"<presence><x xmlns='http://jabber.org/protocol/muc#user'><item role='visitor'/></x></presence>": true,
		"<presence><x xmlns='http://jabber.org/protocol/muc'/></presence>":                               false,
		"<presence><y xmlns='http://jabber.org/protocol/muc#user'/></presence>":                          false,
		reply: false,
	} {
		if got := read(t, in).Room; got != want {
			t.Errorf("%s: room %v", in, got)
		}
	}
}

func TestAnErrorHasACondition(t *testing.T) {
	const stanzas = " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'"
	for in, want := range map[string]string{
		"<error type='auth'><forbidden" + stanzas + "/></error>":     "auth forbidden forbidden",
		"<error code='404'>Not Found</error>":                        "cancel item-not-found Not Found",
		"<error code='404'/>":                                        "cancel item-not-found item-not-found",
		"<error code='404' type='wait'/>":                            "wait item-not-found item-not-found",
		"<error code='403'><item-not-found" + stanzas + "/></error>": " item-not-found item-not-found",
		"<error code='402'/>":                                        "auth payment-required payment-required",
		"<error code='799'/>":                                        " undefined-condition undefined-condition",
		"<error/>":                                                   " undefined-condition undefined-condition",
		"":                                                           " undefined-condition undefined-condition",
		"<error><text" + stanzas + "> \n</text></error>":             " undefined-condition undefined-condition",
		"<error><gone" + stanzas + "/><text" + stanzas + ">Moved &amp; gone.</text></error>": " gone Moved & gone.",
		"<error type='wait'><x xmlns='urn:x'>no</x> Try later. </error>":                     "wait undefined-condition Try later.",
	} {
		p := read(t, "<presence xmlns='jabber:client' type='error'>"+in+"</presence>")
		if got := fmt.Sprintf("%s %s %s", p.Err.Type, p.Err.Condition, p.Err.Error()); got != want {
			t.Errorf("%s reads as %q, want %q", in, got, want)
		}
	}
	if p := read(t, reply); p.Err.Condition != "" {
		t.Errorf("a presence of another type has an error: %+v", p.Err)
	}
}

func TestMadeFromAvailableRecognisesACopyOfAvailablePresence(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     bool
	}{
		{"a goodbye", reply, false},
		{"a bare unavailable presence", `<presence type='unavailable'/>`, false},
		{"with a show", `<presence type='unavailable'><show>away</show><status>Afk.</status></presence>`, true},
		{"with an empty show", `<presence type='unavailable'><show/></presence>`, true},
		{"with a priority", `<presence type='unavailable'><priority>5</priority></presence>`, true},
		{"with a priority of 0", `<presence type='unavailable'><priority>0</priority></presence>`, true},
		{"with a priority that is no number", `<presence type='unavailable'><priority>high</priority></presence>`, true},
		{"with a show that is somebody else's", `<presence xmlns='jabber:client' type='unavailable'><show xmlns='urn:x'>away</show></presence>`, false},
		{"an available presence", `<presence><show>away</show><priority>5</priority></presence>`, false},
		{"an error that returns what was sent", `<presence type='error'><priority>5</priority></presence>`, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := read(t, tc.in).MadeFromAvailable(); got != tc.want {
				t.Errorf("MadeFromAvailable = %v, want %v", got, tc.want)
			}
		})
	}
}

func TestErrorPresence(t *testing.T) {
	p := read(t, `<presence xmlns='jabber:client' from='romeo@montague.lit' type='error' id='pr1'><error type='cancel' by='montague.lit'>
		<gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>xmpp:romeo@verona.lit</gone>
		<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>Moved.</text></error></presence>`)
	if p.Err.Condition != stanza.Gone || p.Err.Type != stanza.Cancel || p.Err.Text["en"] != "Moved." || p.Err.By.String() != "montague.lit" {
		t.Errorf("error = %+v", p.Err)
	}
	if p.Moved != "xmpp:romeo@verona.lit" {
		t.Errorf("moved to %q", p.Moved)
	}
}

func TestReadPresenceStopsAtEachLimit(t *testing.T) {
	for _, tc := range []struct {
		name, children string
		cut            bool
		status         int
	}{
		{"the longest status", "<status>" + strings.Repeat("x", probe.MaxStatus) + "</status>", false, probe.MaxStatus},
		{"one byte more", "<status>" + strings.Repeat("x", probe.MaxStatus+1) + "</status>", true, probe.MaxStatus},
		{"the most statuses", strings.Repeat("<status>x</status>", probe.MaxStatuses), false, 1},
		{"one status more", strings.Repeat("<status>x</status>", probe.MaxStatuses+1), true, 1},
		{"the most delays", strings.Repeat("<delay xmlns='urn:xmpp:delay' stamp='2012-09-10T23:41:07Z'/>", probe.MaxDelays), false, 0},
		{"one delay more", strings.Repeat("<delay xmlns='urn:xmpp:delay' stamp='2012-09-10T23:41:07Z'/>", probe.MaxDelays+1), true, 0},
		{"the most tokens", "<status>x</status><x>" + strings.Repeat("<y/>", (probe.MaxTokens-6)/2) + "</x>", false, 1},
		{"one element more", "<status>x</status><x>" + strings.Repeat("<y/>", (probe.MaxTokens-6)/2+1) + "</x>", true, 1},
		{"the most bytes", "<status>x</status><x>" + strings.Repeat("y", probe.MaxBytes-1) + "</x><show/>", false, 1},
		{"one byte more", "<status>x</status><x>" + strings.Repeat("y", probe.MaxBytes) + "</x><show/>", true, 1},
		{"a status that exceeds the bytes", "<status>" + strings.Repeat("x", 10<<20) + "</status>", true, probe.MaxStatus},
		{"attributes that exceed the bytes", "<status>x</status><x a='" + strings.Repeat("y", probe.MaxBytes) + "'/>", true, 1},
		{"comments that exceed the bytes", "<status>x</status><!--" + strings.Repeat("y", probe.MaxBytes+1) + "--><show/>", true, 1},
		{"the most children", strings.Repeat("<x/>", probe.MaxChildren-1) + "<status>x</status>", false, 1},
		{"one child more", "<status>x</status>" + strings.Repeat("<x/>", probe.MaxChildren), true, 1},
		{"the deepest nesting", strings.Repeat("<x>", probe.MaxDepth) + strings.Repeat("</x>", probe.MaxDepth) + "<status>x</status>", false, 1},
		{"one level more", "<status>x</status>" + strings.Repeat("<x>", probe.MaxDepth+1) + strings.Repeat("</x>", probe.MaxDepth+1), true, 1},
		{"the longest error text", "<status>x</status>" + errorOf(probe.MaxStatus, 1), false, 1},
		{"an error text of one byte more", "<status>x</status>" + errorOf(probe.MaxStatus+1, 1), true, 1},
		{"an error text in four languages", "<status>x</status>" + errorOf(1, 4), false, 1},
		{"an error text in five languages", "<status>x</status>" + errorOf(1, 5), true, 1},
		{"10,000 levels", "<status>x</status>" + strings.Repeat("<x>", 10_000) + strings.Repeat("</x>", 10_000), true, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := read(t, "<presence from='romeo@montague.lit/orchard'>"+tc.children+"</presence>")
			if p.Cut != tc.cut || len(p.Status()) != tc.status {
				t.Errorf("cut %v, status of %d bytes, want %v, %d", p.Cut, len(p.Status()), tc.cut, tc.status)
			}
		})
	}
}

// errorOf returns an error element with so many texts of n bytes each.
func errorOf(n, languages int) string {
	var b strings.Builder
	b.WriteString("<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>")
	for i := range languages {
		fmt.Fprintf(&b, "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='l%d'>%s</text>", i, strings.Repeat("x", n))
	}
	b.WriteString("</error>")
	return b.String()
}

func TestAnUnreadablePriorityIsReported(t *testing.T) {
	for _, tc := range []struct {
		in  string
		bad bool
	}{
		{"0", false}, {"127", false}, {"-128", false}, {"+5", false}, {" 7\n", false},
		{"128", true}, {"-129", true}, {"", true}, {"high", true}, {"1.0", true}, {"1_0", true}, {"0x1", true}, {"1 0", true},
		{strings.Repeat("9", 1000), true},
	} {
		p := read(t, "<presence><priority>"+tc.in+"</priority><status>x</status></presence>")
		if (p.PriorityErr != nil) != tc.bad || tc.bad && p.Priority != 0 || p.Status() != "x" {
			t.Errorf("priority %.20q: %d, %v, want noted: %v", tc.in, p.Priority, p.PriorityErr, tc.bad)
		}
		if p.PriorityErr != nil && len(p.PriorityErr.Error()) > 200 {
			t.Errorf("priority %.20q: the note has %d bytes", tc.in, len(p.PriorityErr.Error()))
		}
	}
}

func TestReadPresenceRejectsOtherElements(t *testing.T) {
	for _, in := range []string{``, `<message/>`, `text`, `<presence from='@'/>`, `<presence to='a@/b'/>`, `<presence>`} {
		if p, err := probe.ReadPresence(xml.NewDecoder(strings.NewReader(in))); err == nil {
			t.Errorf("ReadPresence(%q) = %+v, want an error", in, p)
		}
	}
}

func TestStanza(t *testing.T) {
	var b strings.Builder
	e := xml.NewEncoder(&b)
	if _, err := xmlstream.Copy(e, probe.Stanza(jid.MustParse("romeo@montague.lit/orchard"))); err != nil {
		t.Fatal(err)
	}
	if err := e.Flush(); err != nil {
		t.Fatal(err)
	}
	p := read(t, b.String())
	if p.Type != stanza.ProbePresence || p.To.String() != "romeo@montague.lit" || p.ID == "" {
		t.Errorf("Stanza = %s", b.String())
	}
}

func FuzzReadPresence(f *testing.F) {
	mutate.Strings(f, []string{
		reply,
		`<presence type='error'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>x</gone></error></presence>`,
		`<presence><show>xa</show><status xml:lang='de'>a</status><priority>7</priority><x xmlns='jabber:x:delay' stamp='20120910T23:41:07'/></presence>`,
		`<presence from='a@b/c' xml:lang='en'><idle xmlns='urn:xmpp:idle:1' since='2012-09-10T20:00:00Z'/><query xmlns='jabber:iq:last' seconds='67'/></presence>`,
	}, func(t testing.TB, in string) {
		p, err := probe.ReadPresence(xml.NewDecoder(strings.NewReader(in)))
		if err != nil && !strings.HasPrefix(err.Error(), "probe: ") {
			t.Errorf("error %q does not name the package", err)
		}
		if len(p.Status()) > probe.MaxStatus || p.Delay.Stamp.After(p.Received) {
			t.Errorf("status of %d bytes, stamp %v received %v", len(p.Status()), p.Delay.Stamp, p.Received)
		}
	})
}
