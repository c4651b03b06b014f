package responder_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/line"
	"example.org/lastpresence/probe/responder"
)

func execute(id, attrs, children string) string {
	return fmt.Sprintf(`<iq type='set' to='gate.capulet.lit' id='%s'><command xmlns='http://jabber.org/protocol/commands' node='http://jabber.org/protocol/admin#server-buddy'%s>%s</command></iq>`, id, attrs, children)
}

func fill(fields string) string {
	return `<x xmlns='jabber:x:data' type='submit'>` + fields + `</x>`
}

const (
	kind = `<field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/admin</value></field>`
	peer = `<field var='peerjid'><value>gate.montague.lit</value></field>`
)

var sessionID = regexp.MustCompile(`sessionid='([^']+)'`)

func TestAnAdministratorBefriendsAServer(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		r, _ := w.serve(gate, nil, responder.Admins(juliet))
		w.serve(other, nil, responder.Requests(responder.Always(responder.Mutual)))
		l := w.login(juliet)
		says(t, l.Ask(`<iq type='get' to='gate.capulet.lit' id='i'><query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'/></iq>`),
			`<iq from='gate.capulet.lit' to='juliet@capulet.lit/balcony' type='result' id='i'><query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'><item jid='gate.capulet.lit' node='http://jabber.org/protocol/admin#server-buddy' name='Subscribe to the presence of a server'/></query></iq>`)

		got := strings.Join(l.Ask(execute("c1", " action='execute'", "")), "")
		for _, want := range []string{"type='result'", "status='executing'", "jabber:x:data", "jid-single", "peerjid", "<required", "http://jabber.org/protocol/admin<", "<complete"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s is missing in %s", want, got)
			}
		}
		id := sessionID.FindStringSubmatch(got)
		if id == nil {
			t.Fatalf("no session id in %s", got)
		}
		says(t, l.Ask(execute("c2", " sessionid='"+id[1]+"'", fill(kind+peer))),
			`<iq from='gate.capulet.lit' to='juliet@capulet.lit/balcony' type='result' id='c2'><command xmlns='http://jabber.org/protocol/commands' node='http://jabber.org/protocol/admin#server-buddy' sessionid='`+id[1]+`' status='completed'><note type='info'>A subscription request is on its way to gate.montague.lit.</note></command></iq>`)
		synctest.Wait()
		if got := buddies(t, r); len(got) != 1 || !got[0].To || !got[0].From {
			t.Errorf("Buddies = %+v", got)
		}
	})
}

func TestTheCommandRejectsInvalidForms(t *testing.T) {
	tests := map[string]struct {
		attrs, children string
		want            string
		done            bool // a buddy was made
	}{
		"no form":             {"", "", "<bad-payload xmlns='http://jabber.org/protocol/commands'/>", false},
		"another form":        {"", fill(`<field var='FORM_TYPE'><value>urn:other</value></field>` + peer), "<bad-payload xmlns='http://jabber.org/protocol/commands'/>", false},
		"no address":          {"", fill(kind), "<bad-payload xmlns='http://jabber.org/protocol/commands'/>", false},
		"an empty address":    {"", fill(kind + `<field var='peerjid'><value/></field>`), "<bad-payload xmlns='http://jabber.org/protocol/commands'/>", false},
		"not an address":      {"", fill(kind + `<field var='peerjid'><value>@</value></field>`), "<bad-payload xmlns='http://jabber.org/protocol/commands'/>", false},
		"two addresses":       {"", fill(kind + `<field var='peerjid'><value>a.lit</value><value>b.lit</value></field>`), "<bad-payload xmlns='http://jabber.org/protocol/commands'/>", false},
		"itself":              {"", fill(kind + `<field var='peerjid'><value>gate.capulet.lit</value></field>`), "<bad-payload xmlns='http://jabber.org/protocol/commands'/>", false},
		"too long":            {"", fill(kind + peer + strings.Repeat("<field/>", 300)), "<bad-payload xmlns='http://jabber.org/protocol/commands'/>", false},
		"an unknown action":   {" action='dance'", fill(kind + peer), "<bad-action xmlns='http://jabber.org/protocol/commands'/>", false},
		"prev":                {" action='prev'", "", "<bad-action xmlns='http://jabber.org/protocol/commands'/>", false},
		"cancelled":           {" action='cancel'", "", "status='canceled'", false},
		"cancelled with form": {" action='cancel'", fill("<field var='peerjid'/>"), "status='canceled'", false},
		"two form types":      {"", fill(`<field var='FORM_TYPE'><value>http://jabber.org/protocol/admin</value><value>urn:other</value></field>` + peer), "<bad-payload xmlns='http://jabber.org/protocol/commands'/>", false},
		"an empty form type":  {"", fill(`<field var='FORM_TYPE'/>` + peer), "<bad-payload xmlns='http://jabber.org/protocol/commands'/>", false},
		"execute":             {" action='execute'", fill(kind + peer), "status='completed'", true},
		"next":                {" action='next'", fill(kind + peer), "status='completed'", true},
		"complete":            {" action='complete'", fill(kind + peer), "status='completed'", true},
		"without a form type": {"", fill(peer), "status='completed'", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w world) {
				r, _ := w.serve(gate, nil, responder.Admins(juliet))
				l := w.login(juliet)
				id := sessionID.FindStringSubmatch(strings.Join(l.Ask(execute("c1", "", "")), ""))
				if id == nil {
					t.Fatal("no session id")
				}
				got := l.Ask(execute("c2", tt.attrs+" sessionid='"+id[1]+"'", tt.children))
				if len(got) != 1 || !strings.Contains(got[0], "id='c2'") || !strings.Contains(got[0], tt.want) {
					t.Errorf("got %q, want %s", got, tt.want)
				}
				if n := len(buddies(t, r)); (n == 1) != tt.done {
					t.Errorf("%d buddies", n)
				}
				// A form is taken once.
				if got := l.Ask(execute("c3", " sessionid='"+id[1]+"'", fill(kind+peer))); tt.done && !strings.Contains(strings.Join(got, ""), "bad-sessionid") {
					t.Errorf("filled in twice: %q", got)
				}
			})
		})
	}
}

func TestOnlyAdministratorsMayUseTheCommand(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		r, _ := w.serve(gate, nil, responder.Admins(juliet))
		id := sessionID.FindStringSubmatch(strings.Join(w.login(juliet).Ask(execute("c1", "", "")), ""))
		l := w.login(romeo)
		for _, ask := range []string{execute("x", "", ""), execute("x", " sessionid='"+id[1]+"'", fill(kind+peer))} {
			if got := strings.Join(l.Ask(ask), ""); !strings.Contains(got, "<error type='auth'><forbidden ") {
				t.Errorf("got %s", got)
			}
		}
		if got := strings.Join(l.Ask(discoInfo), ""); strings.Contains(got, "admin#server-buddy") {
			t.Errorf("got %s", got)
		}
		// Another administrator's form is not ours to fill in.
		if got := strings.Join(w.login(juliet).Ask(execute("x", " sessionid='"+id[1]+"'", fill(kind+peer))), ""); !strings.Contains(got, "bad-sessionid") {
			t.Errorf("from another resource: %s", got)
		}
		if n := len(buddies(t, r)); n != 0 {
			t.Errorf("%d buddies", n)
		}
	})
}

func TestACommandBeginsWithoutASession(t *testing.T) {
	for action, want := range map[string]string{"": "status='executing'", "execute": "status='executing'", "cancel": "<bad-action ", "complete": "<bad-action ", "next": "<bad-action "} {
		bubble(t, func(t *testing.T, w world) {
			w.serve(gate, nil, responder.Admins(juliet))
			attr := " action='" + action + "'"
			if action == "" {
				attr = ""
			}
			if got := w.login(juliet).Ask(execute("c", attr, "")); len(got) != 1 || !strings.Contains(got[0], want) {
				t.Errorf("%q brought %q, want %s", action, got, want)
			}
		})
	}
}

// What an administrator orders does not wait for a policy, and its failure is
// reported.
func TestACommandDoesNotWaitForAPolicy(t *testing.T) {
	for name, store := range map[string]responder.Store{"stored": new(kept), "not stored": full{}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var failed failures
				r, l := gateway(t, responder.Admins(juliet), responder.Keep(store), responder.Failed(failed.add),
					responder.Requests(func(jid.JID) responder.Decision { time.Sleep(5 * time.Second); return responder.Accept }))
				defer r.Close()
				l.Say(subscribes("romeo"))
				got := order(t, l, "gate.montague.lit")
				if store == (full{}) {
					if all := failed.all(); len(all) != 1 || !strings.Contains(all[0], "gate.montague.lit") || strings.Contains(got, `"subscribe"`) {
						t.Errorf("Failed was told %q; the component sent %s", all, got)
					}
				} else if !strings.Contains(got, `type="subscribe"`) || len(failed.all()) != 0 {
					t.Errorf("the component sent %s; Failed was told %q", got, failed.all())
				}
				time.Sleep(10 * time.Second)
			})
		})
	}
}

func TestTooManyCommandsAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(slowStore)
		r, l := gateway(t, responder.Admins(juliet), responder.Keep(store), responder.Pace(10_000, time.Second))
		for i := range 257 { // one is being carried out
			if got := order(t, l, fmt.Sprintf("d%d.lit", i)); !strings.Contains(got, `status="completed"`) {
				t.Fatalf("command %d: %s", i, got)
			}
		}
		if got := order(t, l, "more.lit"); !strings.Contains(got, "<resource-constraint") {
			t.Errorf("one more: %s", got)
		}
		if err := r.Stop(soon(t), ""); err != nil || len(store.buddies) != 257 {
			t.Errorf("%d are stored, %v", len(store.buddies), err)
		}
	})
}

// order has juliet order that the component befriends a server, and returns what
// the component sends.
func order(t *testing.T, l *line.Line, server string) string {
	t.Helper()
	command := func(id, children string) string {
		return strings.Replace(execute("c", id, children), "<iq ", "<iq from='juliet@capulet.lit/a' ", 1)
	}
	id := regexp.MustCompile(`sessionid="([^"]+)"`).FindStringSubmatch(strings.Join(l.Ask(command("", "")), ""))
	if id == nil {
		t.Fatal("no session id")
	}
	return strings.Join(l.Ask(command(" sessionid='"+id[1]+"'", fill(kind+strings.Replace(peer, "gate.montague.lit", server, 1)))), "")
}
