package roster

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/line"
	"example.org/lastpresence/probe"
)

// scripted returns a Cache whose session is served, and whose server answers each
// IQ with what reply returns for the IQ's content; nothing is no answer.
func scripted(t *testing.T, reply func(content string) string, opts ...Option) (*Cache, *xmpp.Session) {
	t.Helper()
	near, far := net.Pipe()
	session := line.Negotiated(t, jid.MustParse("juliet@capulet.lit/balcony"), near)
	c := New(session, opts...)
	var served, read = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(served)
		_ = c.Serve(nil)
	}()
	go func() {
		defer close(read)
		d := xml.NewDecoder(far)
		for {
			var st struct {
				XMLName xml.Name
				ID      string `xml:"id,attr"`
				To      string `xml:"to,attr"`
				Content string `xml:",innerxml"`
			}
			if err := d.Decode(&st); err != nil {
				return
			}
			if st.XMLName.Local != "iq" {
				continue
			}
			content := reply(st.Content)
			if content == "" {
				continue
			}
			typ := "result"
			if strings.HasPrefix(content, "<error") {
				typ = "error"
			}
			if _, err := fmt.Fprintf(far, "<iq xmlns='jabber:client' type='%s' id='%s' from='%s'>%s</iq>", typ, st.ID, st.To, strings.TrimSpace(content)); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = c.Close()
		_ = far.Close()
		_ = near.Close()
		<-served
		<-read
	})
	return c, session
}

func refusal(condition string) string {
	return "<error type='cancel'><" + condition + " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
}

func TestARefusedRosterChangesNothing(t *testing.T) {
	for name, tt := range map[string]struct {
		answer string
		want   func(error) bool
	}{
		"refused": {refusal("forbidden"), func(err error) bool {
			var e stanza.Error
			return errors.As(err, &e) && e.Condition == stanza.Forbidden
		}},
		"no roster":      {" ", func(err error) bool { return errors.Is(err, errNoRoster) }},
		"something else": {"<query xmlns='urn:x'/>", func(err error) bool { return errors.Is(err, errNoRoster) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _ := scripted(t, func(string) string { return tt.answer })
				err := c.Sync(t.Context())
				if err == nil || !tt.want(err) || !strings.HasPrefix(err.Error(), "roster: sync: ") {
					t.Errorf("Sync = %v", err)
				}
				if c.isSynced() {
					t.Error("the roster counts as fetched")
				}
				c.SetRoster([]Item{{JID: contactNumber(0), Subscription: "both"}}, "")
				if err := c.Sync(t.Context()); err == nil || c.Len() != 1 {
					t.Errorf("Sync = %v, and %d contacts are left", err, c.Len())
				}
			})
		})
	}
}

const sifts = "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:xmpp:sift:2'/>" +
	"<feature var='urn:xmpp:sift:stanzas:presence'/><feature var='urn:xmpp:sift:senders:all'/>%s</query>"

func TestARefusedFilterChangesNothing(t *testing.T) {
	for condition, offered := range map[string]bool{"not-allowed": true, "service-unavailable": false, "feature-not-implemented": false} {
		for _, step := range []string{"the question", "the request", "the end"} {
			t.Run(condition+" to "+step, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c, _ := scripted(t, func(content string) string {
						asks, ends := strings.Contains(content, "disco#info"), !strings.Contains(content, "presence")
						switch {
						case asks == (step == "the question") && asks, !asks && !ends && step == "the request", !asks && ends && step == "the end":
							return refusal(condition)
						case asks:
							return fmt.Sprintf(sifts, "<feature var='urn:xmpp:sift:recipients:all'/>")
						}
						return " "
					})
					c.SetRoster([]Item{{JID: contactNumber(0), Subscription: "both"}}, "")
					err := c.Sift(t.Context())
					filtered := c.link.filtered
					if step == "the end" {
						if err != nil || filtered != hushed|deaf {
							t.Fatalf("Sift = %v, %v", err, filtered)
						}
						err = c.Unsift(t.Context())
						if c.link.filtered != filtered || c.link.since == 0 {
							t.Error("it counts as ended")
						}
					} else if filtered != 0 || c.link.since != 0 {
						t.Errorf("the server is taken to filter: %v", filtered)
					}
					var e stanza.Error
					if !errors.As(err, &e) || string(e.Condition) != condition || errors.Is(err, ErrNotOffered) == offered {
						t.Errorf("it ended with %v", err)
					}
				})
			})
		}
	}
}

func TestSiftFiltersByBareJIDWhereTheServerCan(t *testing.T) {
	for more, want := range map[string]filters{
		"<feature var='urn:xmpp:sift:recipients:bare'/>": hushed,
		"<feature var='urn:xmpp:sift:recipients:all'/>":  hushed | deaf,
	} {
		synctest.Test(t, func(t *testing.T) {
			var asked string
			c, _ := scripted(t, func(content string) string {
				if strings.Contains(content, "disco#info") {
					return fmt.Sprintf(sifts, more)
				}
				asked = content
				return " "
			})
			if err := c.Sift(t.Context()); err != nil || c.link.filtered != want {
				t.Errorf("%s: %v, %v, want %v", more, err, c.link.filtered, want)
			}
			if strings.Contains(asked, "bare") != (want == hushed) {
				t.Errorf("%s: asked for %s", more, asked)
			}
			if err := c.Unsift(t.Context()); err != nil || c.link.filtered != 0 || c.link.since != 0 {
				t.Errorf("%s: Unsift = %v, %v", more, err, c.link.filtered)
			}
		})
	}
}

func TestARefusedFilterLeavesTheOneBeforeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		c, _ := scripted(t, func(content string) string {
			if strings.Contains(content, "disco#info") {
				return fmt.Sprintf(sifts, "<feature var='urn:xmpp:sift:recipients:bare'/>")
			}
			if asked++; asked > 1 {
				return refusal("not-allowed")
			}
			return " "
		})
		for i, refused := range []bool{false, true} {
			if err := c.Sift(t.Context()); (err != nil) != refused || c.link.filtered != hushed || c.link.since == 0 {
				t.Errorf("Sift %d: %v, and %v since %v", i, err, c.link.filtered, c.link.since)
			}
		}
	})
}

func TestTheErrorOfAnAnswer(t *testing.T) {
	refused := stanza.Error{Type: stanza.Cancel, Condition: stanza.RemoteServerNotFound}
	for _, tt := range []struct {
		name   string
		a      probe.Answer
		is     error
		reason bool
	}{
		{"available", probe.Answer{Outcome: probe.Available}, nil, false},
		{"unavailable", probe.Answer{Outcome: probe.Unavailable}, nil, false},
		{"unauthorized", probe.Answer{Outcome: probe.Unauthorized}, probe.ErrNotSubscribed, false},
		{"unauthorized, with a reason", probe.Answer{Outcome: probe.Unauthorized, Err: refused}, probe.ErrNotSubscribed, true},
		{"unanswered", probe.Answer{Outcome: probe.Unanswered}, probe.ErrNoAnswer, false},
		{"unanswered, with a reason", probe.Answer{Outcome: probe.Unanswered, Err: refused}, probe.ErrNoAnswer, true},
		{"an error", probe.Answer{Outcome: probe.Error, Err: refused}, refused, true},
		{"an error without one", probe.Answer{Outcome: probe.Error}, stanza.Error{Condition: stanza.UndefinedCondition}, true},
	} {
		err := verdict(tt.a)
		if tt.is == nil && err != nil || !errors.Is(err, tt.is) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.is)
		}
		var e stanza.Error
		if errors.As(err, &e) != tt.reason {
			t.Errorf("%s: %v, and a reason is %v", tt.name, err, !tt.reason)
		}
	}
}

// A server whose roster is unchanged tells what is new by pushes.
func TestAnUnchangedRosterIsFollowedByItsPushes(t *testing.T) {
	c, h := early(t)
	if wait := c.items.early - c.stamp(); wait > interim || wait < interim*9/10 {
		t.Errorf("strangers may become contacts for %v, want a minute", wait)
	}
	if !c.items.synced || !c.link.fetched {
		t.Error("the roster does not count as fetched")
	}
	hear(t, h, strings.NewReader(strings.Replace(pushOfTheFirst, "<query ", "<query ver='v8' ", 1)))
	if c.items.version != "v8" || c.Len() != 1 {
		t.Errorf("version %q of %d contacts", c.items.version, c.Len())
	}
}

func TestAPushBeforeTheRosterHasNoVersion(t *testing.T) {
	c, l := newTestCache(t, 0)
	c.items.synced, l.fetched = false, false
	hear(t, c.Handler(nil), strings.NewReader(strings.Replace(pushOfTheFirst, "<query ", "<query ver='v8' ", 1)))
	if c.items.version != "" || c.Len() != 1 {
		t.Errorf("version %q of %d contacts", c.items.version, c.Len())
	}
}

func TestPresenceWithoutASenderIsOfTheAccount(t *testing.T) {
	c, _ := newTestCache(t, 1)
	hear(t, c.Handler(nil), strings.NewReader("<presence xmlns='jabber:client'><status>Me</status></presence>"))
	if own := c.Own(); len(c.items.entries) != 1 || len(own) != 0 {
		t.Errorf("%d contacts, own resources %+v", len(c.items.entries), own)
	}
	if me, err := c.Open(t.Context(), c.account); err != nil || !me.Online || me.Status != "Me" {
		t.Errorf("our own account: %+v, %v", me, err)
	}
}

func TestSetAvailableTwiceDoesNothingMore(t *testing.T) {
	c, l := newTestCache(t, 1)
	c.SetAvailable(true)
	if l.epoch != 1 {
		t.Errorf("epoch %d although nothing changed", l.epoch)
	}
	c.SetAvailable(false)
	c.SetAvailable(false)
	if l.epoch != 2 || !l.hidden {
		t.Errorf("epoch %d, hidden %v", l.epoch, l.hidden)
	}
	c.Disconnected()
	c.SetAvailable(true)
	if !l.hidden {
		t.Error("a session that is over became available")
	}
	Offline(c.account).SetAvailable(false)
}

// A Cache in a session keeps no other children of presence unless it is told to.
func TestChildrenOfPresenceAreKeptOnlyOnRequest(t *testing.T) {
	const comes = "<presence xmlns='jabber:client' from='contact0@montague.lit/orchard'><c xmlns='http://jabber.org/protocol/caps' node='n'/></presence>"
	for keep, opts := range map[bool][]Option{true: {KeepChildren()}, false: nil} {
		synctest.Test(t, func(t *testing.T) {
			c, _ := scripted(t, func(string) string { return "" }, opts...)
			c.SetRoster([]Item{{JID: contactNumber(0), Subscription: "both"}}, "")
			hear(t, c.Handler(nil), strings.NewReader(comes))
			got, _ := c.Contact(contactNumber(0))
			if len(got.Resources) != 1 {
				t.Fatalf("%+v", got)
			}
			tok, err := got.Resources[0].Children().Token()
			start, ok := tok.(xml.StartElement)
			if ok != keep || keep && start.Name.Local != "c" || !keep && err != io.EOF {
				t.Errorf("kept %v: %v, %v", keep, tok, err)
			}
		})
	}
}

func TestSyncReportsItemsThatCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		c, _ := scripted(t, func(string) string {
			return "<query xmlns='jabber:iq:roster'><item jid='a@@b' name='Ann'/><item jid='contact0@montague.lit' subscription='both'/></query>"
		}, Unreadable(func(address, name string) { got = append(got, address+" "+name) }))
		if err := c.Sync(t.Context()); err != nil || c.Len() != 1 || len(got) != 1 || got[0] != "a@@b Ann" {
			t.Errorf("Sync = %v, %d contacts, reported %q", err, c.Len(), got)
		}
	})
}
