package judge_test

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster/internal/judge"
)

// dawn is when the stories begin. Their times are in minutes after it.
var dawn = time.Date(2012, 9, 10, 6, 0, 0, 0, time.UTC)

func minute(m float64) time.Time { return dawn.Add(time.Duration(m * float64(time.Minute))) }

// read makes a presence of XML, as if it came at a time.
func read(t testing.TB, at time.Time, s string) probe.Presence {
	t.Helper()
	p, err := probe.ReadPresence(xmlstream.ReaderFunc(xml.NewDecoder(strings.NewReader(s)).Token))
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	p.Received = at
	return p
}

// teller plays a story, a line each minute:
//
//	session             a new session begins
//	wait M              M more minutes pass
//	clock M             our clock is set to M
//	A orchard hi @5     available presence of a resource (a dot: of the bare
//	                    address), with a status and a stamp
//	U orchard bye @5    unavailable presence
//	a, u                the same, as the answer to a probe
//	… held 5            our server held it back
//	… busy              it has a priority
//	… room              it is of a room's occupant
//	F 300 bye @5        the answer to a probe: seconds, words, stamp
//	E condition         the answer to a probe: an error
//	partly              some may be missing of what is told from now on
//	available           the answer to a probe: available
//	whole               the same, when last activity has come, too
//	alive 5             another sign of life
//	inactive, active    the server holds presence back, or does no longer
type teller struct {
	judge.Knowledge
	now      time.Time
	horizon  judge.Horizon
	filtered judge.Moment
}

func (s *teller) play(t testing.TB, story ...string) {
	t.Helper()
	for _, line := range story {
		s.line(t, strings.Fields(line))
		s.now = s.now.Add(time.Minute)
	}
}

func number(t testing.TB, s string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (s *teller) hearing(source judge.Source) judge.Hearing {
	return judge.Hearing{At: judge.MomentOf(s.now), Epoch: s.horizon.Epoch, Source: source, Filtered: s.filtered, Login: !s.horizon.Settled}
}

func (s *teller) line(t testing.TB, words []string) {
	t.Helper()
	switch words[0] {
	case "session":
		s.horizon.Epoch++
		s.horizon.Settled = false
	case "settled":
		s.horizon.Settled = true
		s.Settle(s.horizon.Epoch)
	case "wait":
		s.now = s.now.Add(time.Duration(number(t, words[1]) * float64(time.Minute)))
	case "clock":
		s.now = minute(number(t, words[1]) - 1)
	case "available", "whole":
		s.Answer(probe.Answer{Outcome: probe.Available, Received: s.now, Late: words[0] == "whole"}, s.hearing(judge.Probe))
	case "partly":
		s.Partly(s.horizon.Epoch)
	case "inactive", "active":
		s.filtered = 0
		if words[0] == "inactive" {
			s.filtered = judge.MomentOf(s.now)
		}
		s.horizon.Stale = s.filtered != 0
	case "restart":
		var next teller
		next.now, next.horizon.Epoch = s.now, 1
		next.Restore(s.Keep(), judge.MomentOf(s.now))
		*s = next
	case "alive":
		s.Alive(judge.MomentOf(minute(number(t, words[1]))), judge.MomentOf(s.now))
	case "E":
		s.Answer(probe.Answer{Outcome: probe.Error, Received: s.now, Err: stanza.Error{Condition: stanza.Condition(words[1])}}, s.hearing(judge.Probe))
	case "F":
		s.Answer(s.answer(t, words[1:]), s.hearing(judge.Probe))
	default:
		source := judge.Live
		if words[0] == "a" || words[0] == "u" {
			source = judge.Probe
		}
		p := s.presence(t, words)
		s.Presence(&p, s.hearing(source), false)
	}
}

func (s *teller) answer(t testing.TB, words []string) probe.Answer {
	a := probe.Answer{Outcome: probe.Unavailable, Received: s.now}
	if words[0] != "-" {
		a.Activity = probe.LastActivity{Told: true, Ago: time.Duration(number(t, words[0])) * time.Second}
		a.LastSeen, a.LastSeenFrom = s.now.Add(-a.Activity.Ago), probe.FromLastActivity
	}
	var status []string
	for _, w := range words[1:] {
		if w == "busy" {
			a.Presences = []probe.Presence{read(t, s.now, "<presence xmlns='jabber:client' type='unavailable'><priority>1</priority></presence>")}
			continue
		}
		if at, ok := strings.CutPrefix(w, "@"); ok {
			a.Stamp = minute(number(t, at))
			if a.LastSeen.IsZero() {
				a.LastSeen, a.LastSeenFrom = a.Stamp, probe.FromPresence
			}
			continue
		}
		status = append(status, w)
	}
	if a.Status = strings.Join(status, " "); a.Status != "" {
		if a.StatusFrom = probe.FromPresence; a.Presences == nil {
			a.StatusFrom, a.Activity.Status = probe.FromLastActivity, a.Status
		}
	}
	return a
}

func (s *teller) presence(t testing.TB, words []string) probe.Presence {
	t.Helper()
	from, typ, children := "romeo@montague.lit", "", ""
	if words[1] != "." {
		from += "/" + words[1]
	}
	if strings.EqualFold(words[0], "u") {
		typ = " type='unavailable'"
	}
	var held time.Time
	var room bool
	var status []string
	for i := 2; i < len(words); i++ {
		at, stamped := strings.CutPrefix(words[i], "@")
		switch {
		case stamped:
			children += "<delay xmlns='urn:xmpp:delay' from='montague.lit' stamp='" + minute(number(t, at)).Format(time.RFC3339Nano) + "'/>"
		case words[i] == "held":
			i++
			held = minute(number(t, words[i]))
		case words[i] == "busy":
			children += "<priority>1</priority>"
		case words[i] == "room":
			room = true
		default:
			status = append(status, words[i])
		}
	}
	if len(status) > 0 {
		children += "<status>" + strings.Join(status, " ") + "</status>"
	}
	p := read(t, s.now, "<presence xmlns='jabber:client' from='"+from+"'"+typ+">"+children+"</presence>")
	p.Held, p.Room = held, room
	return p
}

// tell says what is known in a line.
func (s *teller) tell() string {
	s.horizon.Now = judge.MomentOf(s.now)
	v := s.View(s.horizon)
	words := []string{[]string{"", "never heard:", "no details:", "outdated:"}[v.Lack]}
	if v.Online {
		words = append(words, "online")
		for _, r := range v.Here {
			words = append(words, r.Name+"("+strings.TrimSpace(r.Show+" "+r.Status)+")")
		}
		return strings.TrimSpace(strings.Join(words, " "))
	}
	if v.Lack != judge.NeverHeard {
		words = append(words, "offline")
	}
	if v.LastSeen != 0 {
		words = append(words, "at", strconv.FormatFloat(v.LastSeen.Time().Sub(dawn).Round(time.Second).Minutes(), 'f', -1, 64))
	}
	for _, w := range []string{v.Resource, v.Status} {
		if w != "" {
			words = append(words, w)
		}
	}
	if v.Cause > judge.Goodbye {
		words = append(words, fmt.Sprintf("cause %d", v.Cause))
	}
	return strings.TrimSpace(strings.Join(words, " "))
}

func TestStories(t *testing.T) {
	for _, tc := range []struct {
		name  string
		story string // lines are parted by semicolons
		want  string
	}{
		{"nothing", "session", "never heard:"},
		{"a resource comes", "session; A orchard hi", "online orchard(hi)"},
		{"of two resources the latest comes first", "session; A orchard; A balcony", "online balcony() orchard()"},
		{"one of two resources leaves", "session; A orchard; A balcony; U orchard bye", "online balcony()"},
		{"the last resource leaves with words", "session; A orchard; U orchard bye", "offline at 2 orchard bye"},
		{"the last resource leaves without words", "session; A orchard hi; U orchard", "offline at 2 orchard"},
		{"a bare unavailable presence ends all resources", "session; A orchard; A balcony; U .", "offline at 3 balcony"},
		{"a contact without resources leaves", "session; A .; U .", "offline at 2"},
		{"a contact without resources is held back, with words", "session; A .; inactive; U . bye held 3; active; F 60 bye", "offline at 4 bye"},
		{"a contact without resources has words", "session; A .; U . bye", "offline at 2 bye"},
		{"nobody knows when it left", "session; U .", "no details: offline"},
		{"offline with details", "session; U . bye @-60", "offline at -60 bye"},
		{"a bare unavailable presence wipes no details", "session; U . bye @-60; U .", "offline at -60 bye"},
		{"words and a time come apart", "session; U . bye; F 3600", "offline at -58 bye"},
		{"a request to subscribe says nothing, an error neither", "session; A orchard; E remote-server-not-found", "online orchard()"},
		{"the last available presence is no goodbye", "session; U orchard busy now @-60", "no details: offline"},
		{"an answer settles that nothing was said", "session; U . @-60; F 3660 @-60", "offline at -59"},
		{"last activity alone", "session; F 3600 gone", "offline at -59 gone"},
		{"an answer of two parts is of one departure, whatever the clocks", "session; u . @-9.92; F 600 gone @-9.92", "offline at -8 gone"},
		{"later news replace a stamp", "session; U . old @-60; A orchard; U orchard new", "offline at 3 orchard new"},
		{"a stamp that comes late does not replace what was seen", "session; A orchard; U orchard new; F 36000 old", "offline at 2 orchard new"},

		// The stream tells what is later.
		{"he unblocks us, and his presence is the old one", "session; A orchard; U orchard; A orchard @1", "online orchard()"},
		{"the answer to a probe is the present presence", "session; U .; a orchard @-60", "online orchard()"},
		{"what was held back is not before he came", "session; wait 8; A orchard; inactive; U orchard bye held 7; active", "no details: offline at 10 orchard bye"},
		{"the answer has the time of that", "session; wait 8; A orchard; inactive; U orchard bye held 7; active; F 120 bye", "offline at 12 orchard bye"},
		{"what is held back says nothing about when", "session; U . held 0; F 600 gone", "offline at -8 gone"},
		{"a contact that came and left while presence was held back", "session; U . old @-60; inactive; U orchard new held 2; active; F 60 new", "offline at 4 orchard new"},

		// Sessions.
		{"a new session", "session; A orchard; session", "outdated: online orchard()"},
		{"a new session that reports nothing about the contact", "session; A orchard; session; settled", "no details: offline"},
		{"a new session in which he is offline", "session; A orchard; session; U .", "no details: offline"},
		{"he may have come meanwhile", "session; U . bye @-60; session; U .", "outdated: offline at -60 bye"},
		{"an answer confirms that he has not", "session; U . bye @-60; session; U .; F 3840 bye", "offline at -60 bye"},
		{"an answer confirms it without words", "session; A orchard; U orchard bye; session; F 120", "offline at 2 orchard bye"},
		{"the same stamp confirms it", "session; U orchard Bye. @-60; session; U . @-60", "offline at -60 orchard Bye."},
		{"a stamp of whole seconds confirms what was seen", "session; A orchard; U orchard Bye.; session; U . @1.99", "offline at 2 orchard Bye."},
		{"a stamp of the disconnect behind the goodbye confirms it", "session; A orchard; U orchard Bye.; session; U . @2.066", "offline at 2 orchard Bye."},
		{"a stamp three minutes later leaves in doubt which is right", "session; A orchard; U orchard Bye.; restart; U . @5", "outdated: offline at 2 orchard Bye."},
		{"seconds settle it: the clock was ahead", "session; A orchard; U orchard Bye.; restart; U . @5; F 180 @5", "offline at 2 orchard Bye."},
		{"seconds settle it: he was here again", "session; A orchard; U orchard Bye.; restart; wait 10; U . @5; F 180 gone @5", "offline at 13 gone"},
		{"the next login knows the stamp", "session; A orchard; U orchard Bye.; restart; U . @5; F 180 @5; session; U . @5", "offline at 2 orchard Bye."},
		{"a much later stamp is of another departure", "session; A orchard; U orchard Bye.; session; wait 60; U . @60", "no details: offline at 60"},
		{"another status is of another departure", "session; A orchard; U orchard Bye.; session; wait 9; U . Ciao. @5", "offline at 5 Ciao."},
		{"the server forgot the departure that we saw", "session; A orchard; U orchard; session; F 7200 good night", "outdated: offline at 2 orchard"},
		{"after a crash the server reports the departure before", "session; A orchard; U orchard bye; A orchard; session; F 150 bye", "no details: offline"},
		{"a crash: it stamps the departure before", "session; A orchard; U orchard bye; A orchard; session; U . bye @2", "no details: offline"},
		{"a new session reports both resources", "session; A orchard; session; A balcony; A orchard @1; U balcony", "online orchard()"},
		{"a resource that is not reported is gone", "session; A orchard; session; A balcony; U balcony bye", "offline at 4 balcony bye"},
		{"an answer that knows nothing confirms nothing", "session; U . bye @-60; session; U .; E service-unavailable", "outdated: offline at -60 bye"},
		{"a probe finds that the contact is not there any more", "session; A orchard; u .; F 60 gone", "offline at 2 gone"},

		// Our own clock.
		{"our clock was ahead, restart", "session; A orchard; U orchard bye; clock -60; restart", "never heard:"},
		{"our clock is set back while running", "session; A orchard; clock -60; U orchard bye", "offline at -60 orchard bye"},
		{"what was seen in the future is not known", "session; A orchard; U orchard bye; clock -60; session", "outdated: offline"},
		{"and is replaced", "session; A orchard; U orchard bye; clock -60; session; F 60 gone", "offline at -60 gone"},

		{"a contact that blocked us comes and leaves unseen", "session; U . old @-60; wait 5; U orchard", "offline at 8 orchard"},
		{"the disconnect behind the goodbye", "session; A orchard; U orchard bye; wait -1.9; U orchard", "offline at 2 orchard bye"},
		{"a server reports the last available status as if it were a goodbye", "session; A orchard Here.; session; U . Here.; F 60 Here.", "no details: offline at 3"},
		{"it does so for a contact that was seen leaving", "session; A orchard Here.; U orchard; session; U . Here.; F 180 Here.", "offline at 2 orchard"},
		{"the last status of one of two resources is not a goodbye", "session; A orchard; A balcony; U orchard bye; session; U . bye @3; F - bye @3", "no details: offline at 3"},
		{"it does so for a contact that seemed online", "session; A orchard Here.; u . Here. @1", "no details: offline"},
		{"it does so after a restart", "session; A orchard Here.; restart; U . Here.; F 60 Here.", "no details: offline at 3"},
		{"it does so after two", "session; A orchard Here.; restart; restart; U . Here.; F 60 Here.", "no details: offline at 4"},
		{"an answer made of the last available presence", "session; u . busy Here. @-60; F - busy Here. @-60", "no details: offline"},

		{"one resource leaves of a contact that was not reported before", "session; U orchard bye", "outdated: offline at 1 orchard bye"},
		{"and an answer says that there was no other", "session; U orchard bye; F 60 bye", "offline at 1 orchard bye"},
		{"last activity does not give a cause to a departure that was seen", "session; A orchard; U orchard; F 60 Here.", "offline at 2 orchard"},

		{"after a partial report more may be missing", "session; partly; A orchard", "outdated: online orchard()"},
		{"and when that leaves, too", "session; partly; A orchard; U orchard", "outdated: offline at 3 orchard"},
		{"even if nobody knows exactly when", "session; partly; A orchard; U orchard bye held 3", "outdated: offline at 3 orchard bye"},
		{"who is offline without details may be back while presence is held back", "session; U .; inactive", "outdated: offline"},
		{"whom a login did not report is offline in the next one, too", "session; A orchard; session; settled; session", "outdated: offline"},
		{"until somebody asks", "session; partly; A orchard; whole", "online orchard()"},
		{"the first presence after asking may be of another resource", "session; partly; A orchard; available", "outdated: online orchard()"},
		{"a server reports the resource that left before the last", "session; A orchard; A balcony; U orchard bye; session; F 120 bye", "no details: offline"},
		{"and of the one that left after it", "session; A orchard; A balcony; U orchard bye; session; F 90 so long", "offline at 3.5 so long"},
		{"the same after a restart", "session; A orchard; A balcony; U orchard bye; restart; F 120", "no details: offline"},
		{"a stamp from about when another resource left", "session; A orchard; A balcony; U orchard; session; U . @4", "no details: offline at 4"},
		{"an answer with such a stamp alone", "session; A orchard; A balcony; U orchard; session; F - @5", "outdated: offline at 5"},
		{"the same once more", "session; A orchard; A balcony; U orchard; session; F - @5; F - @5", "outdated: offline at 5"},
		{"the same after a restart, once more", "session; A orchard; A balcony; U orchard; session; F - @5; restart; F - @5", "outdated: offline at 5"},
		{"seconds that settle that it was the other one", "session; A orchard; A balcony; U orchard; session; F - @5; F 180", "no details: offline"},
		{"seconds that settle that it was later", "session; A orchard; A balcony; U orchard; session; F - @5; F 120", "offline at 4"},
		{"a resource that stayed while we were away keeps the statuses of another", "session; A orchard; A balcony hi; U balcony; restart; A orchard; U orchard; restart; F 30 hi", "no details: offline at 7.5"},
		{"a whole contact leaves once more, unseen in between", "session; settled; A .; U .; wait 20; U .", "outdated: offline at 3"},
		{"a contact that comes and goes within seconds, with other words", "session; A orchard; U orchard one; wait -1.95; A orchard; session; F 117 two", "offline at 2.1 two"},
		{"a contact that comes and goes, of whose last departure its server knows nothing", "session; A orchard; U orchard one; wait -1.95; A orchard; session; F 117 one", "no details: offline"},
		{"a contact that came and left again unseen within seconds, with other words", "session; A orchard; U orchard one; session; F 114 two", "offline at 2.1 two"},
		{"a resource that left before what was held back", "session; A orchard; A balcony; U orchard; inactive; U balcony held 4; active; F 240", "no details: offline at 4 balcony"},
		{"a whole contact leaves once more, with other words", "session; settled; A .; U .; wait 20; U . bye", "offline at 25 bye"},
		{"whoever left was logged in", "session; settled; F 9 Registered but didn't login; wait 20; U .", "outdated: offline cause 6"},
		{"a resource that leaves while its contact is asked about", "session; U .; u orchard bye", "offline at 2 orchard bye"},
		{"resources that are held back one after the other, the last unknown", "session; A orchard; inactive; U orchard bye held 2; U balcony held 3; active; F 150", "offline at 3.5 balcony"},
		{"a login repeats what the last available presence said", "session; A orchard; U orchard; session; F 120; U . Here.", "offline at 2 orchard"},
		{"a report from long before another resource left", "session; A orchard; A balcony; U orchard; session; F - @-30", "no details: offline"},
		{"a contact came back and lost its connection, and a stamp from before that", "session; A orchard; U orchard bye; A orchard; session; F - @3.5 bye", "outdated: offline at 3.5 bye"},
		{"a stamp long after another resource left", "session; A orchard; A balcony; U orchard; wait 60; session; F - @50", "offline at 50"},
		{"the server reports the time before the contact came back", "session; A orchard; U orchard; A balcony; wait 30; session; F 2040", "no details: offline"},
		{"a status of a resource that left stays one of available presence", "session; A orchard hi; A balcony; U orchard; restart; F 30 hi", "no details: offline at 4.5"},
		{"an answer for a resource with a stamp in the future", "session; A orchard; A balcony; u orchard @90", "online balcony()"},
		{"or the whole contact is reported", "session; partly; A orchard; U .", "offline at 3 orchard"},
		{"or a new session begins", "session; partly; session; A orchard", "online orchard()"},

		// Where accounts part.
		{"last activity three seconds earlier is of the same departure", "session; A orchard; U orchard bye; session; F 123 other", "offline at 2 orchard bye"},
		{"last activity four seconds earlier is of an earlier departure", "session; A orchard; U orchard bye; session; F 124 other", "outdated: offline at 2 orchard bye"},
		{"last activity eight seconds later is of the same departure", "session; A orchard; U orchard bye; session; F 112 bye", "offline at 2 orchard bye"},
		{"last activity nine seconds later is of a later departure", "session; A orchard; U orchard bye; session; F 111 other", "offline at 2.15 other"},
		{"a stamp half an hour later is in doubt", "session; A orchard; U orchard bye; session; wait 40; U . @32", "outdated: offline at 2 orchard bye"},
		{"a stamp beyond that is of a later one", "session; A orchard; U orchard bye; session; wait 40; U . @32.25", "no details: offline at 32.25"},
		{"last activity just before it was online", "session; A orchard; session; F 123 old", "offline at 0.95 old"},
		{"last activity a second earlier", "session; A orchard; session; F 124 old", "no details: offline"},
		{"last activity after what was seen in this session", "session; A orchard; U orchard bye; wait 30; F 60 other", "offline at 33 other"},
		{"a stamp long after last activity", "session; wait 100; U orchard @60; F 7000 old @60", "no details: offline at 60 orchard"},
		{"a presence long after last activity", "session; wait 100; F 7000 busy old @60", "no details: offline"},
		{"a stamp after what was held back is of a clock that is ahead", "session; A orchard; inactive; U orchard bye held 2; active; F - @7; F - @7", "no details: offline at 2 orchard bye"},
		{"seconds settle what was held back in a former session", "session; A orchard; inactive; U orchard bye held 3; active; session; F 240", "offline at 2 orchard bye"},
		{"last activity after it was held back is of a later departure", "session; A orchard; inactive; U orchard bye held 3; active; session; wait 9; F 60 other", "offline at 15 other"},
		{"a presence made from the last available one shows that last activity is older", "session; wait 100; F 4000 busy old @60", "no details: offline"},
		{"last activity long after the stamp of the same answer", "session; wait 6000; u . Bye. @60; F 60", "offline at 6002"},
		{"a disconnect with a status of its own", "session; A orchard; U orchard bye; wait -1.95; U orchard other", "offline at 2.05 orchard other"},
		{"a priority on leaving", "session; A orchard; U orchard busy bye", "offline at 2 orchard bye"},
		{"an answer made of the last available presence, of one who seemed online", "session; A orchard; u . busy Here. @-60", "no details: offline"},
		{"left while presence is held back, unsigned", "session; A orchard; inactive; U orchard bye; active", "no details: offline at 3 orchard bye"},
		{"held back as a whole", "session; U . bye held 0", "no details: offline at 1 bye"},
		{"held presence about what a stamp reported before", "session; U . bye @-60; U . bye held 1", "offline at -60 bye"},
		{"a stamp does not settle when it was that was held back", "session; A orchard; inactive; U orchard bye held 2; active; U . @3", "no details: offline at 2 orchard bye"},
		{"an answer that has nothing else does", "session; A orchard; inactive; U orchard bye held 2; active; F - @3", "offline at 3 orchard bye"},
		{"seconds and a stamp that both say when it was held back", "session; A orchard; inactive; U orchard bye held 2; active; F 180 bye @2", "offline at 2 orchard bye"},
		{"a stamp while presence is held back leaves in doubt", "session; A orchard; U orchard bye; inactive; U . @6; active", "outdated: offline at 2 orchard bye"},
		{"a resource that is reported later", "session; F 60 gone; U orchard gone @0", "offline at 0 orchard gone"},
		{"a status from long before counts as a goodbye again", "session; A orchard Here.; session; U .; A orchard; session; F 60 Here.", "offline at 5 Here."},
		{"a resource changes its presence", "session; A orchard hi; A orchard ho", "online orchard(ho)"},
		{"an answer without anything", "session; U . bye @-60; session; U .; F -", "outdated: offline at -60 bye"},
		{"our clock was ahead when it came", "session; A orchard; clock -60; session; F 60 gone", "offline at -60 gone"},
		{"a sign of life with the goodbye", "session; A orchard; U orchard bye; alive 2.1", "offline at 2 orchard bye"},
		{"a restart after a sign of life", "session; A orchard; U orchard bye; wait 5; alive 6; restart", "outdated: offline"},

		// Words.
		{"a server's text is not the contact's", "session; F 60 Stream reset by peer", "offline at 0 cause 2"},
		{"a server's text adds the cause to what was seen", "session; A orchard; U orchard; session; F 120 Connection failed: connection closed", "offline at 2 orchard cause 2"},
		{"never logged in", "session; F 60 Registered but didn't login", "offline cause 6"},
		{"a contact's words that look like a server's", "session; A orchard; U orchard Disconnected from the world until Monday", "offline at 2 orchard Disconnected from the world until Monday"},
		{"Prosody's text in live presence", "session; A orchard; U orchard Disconnected: closed", "offline at 2 orchard cause 2"},

		// Rooms and signs of life.
		{"a room's occupants are nobody's", "session; A nick hi room", "offline"},
		{"a sign of life after leaving", "session; A orchard; U orchard bye; wait 5; alive 6", "no details: offline at 6"},
		{"a sign of life before leaving", "session; A orchard; wait 5; U orchard bye; alive 3", "offline at 8 orchard bye"},
		{"a restart keeps what was seen", "session; A orchard; U orchard bye; restart", "outdated: offline at 2 orchard bye"},
		{"a restart keeps what a server reported", "session; F 60 gone @1; restart; U . @1", "offline at 0 gone"},
		{"who was here by a clock that was ahead was not only registered", "session; A orchard; clock -60; restart; F 60 Registered but didn't login", "no details: offline"},
		{"a restart keeps when it was online", "session; A orchard; restart; F 600 old", "no details: offline"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := teller{now: dawn}
			s.play(t, strings.Split(tc.story, "; ")...)
			s.now = s.now.Add(-time.Minute) // the moment of the last line
			if got := s.tell(); got != tc.want {
				t.Errorf("%s\nknown: %s\nwant:  %s", tc.story, got, tc.want)
			}
		})
	}
}
