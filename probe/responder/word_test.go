package responder_test

import (
	"context"
	"encoding/xml"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/component"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/mux"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/line"
	"example.org/lastpresence/probe/responder"
)

// refuses answers every request with one error.
func refuses(e stanza.Error) xmpp.Handler {
	return xmpp.HandlerFunc(func(t xmlstream.TokenReadEncoder, start *xml.StartElement) error {
		iq, err := stanza.NewIQ(*start)
		if err != nil {
			return err
		}
		_, err = xmlstream.Copy(t, iq.Error(e))
		return err
	})
}

func TestTheComponentsOwnRefusalStands(t *testing.T) {
	asks := map[string]struct{ to, query string }{
		"service discovery":         {"gate.capulet.lit", `<query xmlns='http://jabber.org/protocol/disco#info'/>`},
		"items":                     {"gate.capulet.lit", `<query xmlns='http://jabber.org/protocol/disco#items'/>`},
		"uptime":                    {"gate.capulet.lit", `<query xmlns='jabber:iq:last'/>`},
		"a contact's last activity": {"skeleton@gate.capulet.lit", `<query xmlns='jabber:iq:last'/>`},
	}
	for condition, stands := range map[stanza.Condition]bool{
		stanza.Forbidden:             true,
		stanza.NotAllowed:            true,
		stanza.ItemNotFound:          true,
		stanza.ResourceConstraint:    true,
		stanza.ServiceUnavailable:    false,
		stanza.FeatureNotImplemented: false,
	} {
		for name, ask := range asks {
			t.Run(string(condition)+" for "+name, func(t *testing.T) {
				bubble(t, func(t *testing.T, w world) {
					w.serve(gate, refuses(stanza.Error{Type: stanza.Cancel, Condition: condition, Text: map[string]string{"en": "No."}}),
						responder.Gateway(friends, knows(responder.Presence{Since: began}, nil)))
					got := w.login(juliet).Ask(`<iq type='get' to='` + ask.to + `' id='q'>` + ask.query + `</iq>`)
					want := "type='result'"
					if stands {
						want = "<" + string(condition) + " "
					}
					if len(got) != 1 || !strings.Contains(got[0], want) || stands && !strings.Contains(got[0], ">No.<") || !strings.Contains(got[0], "from='"+ask.to+"'") {
						t.Errorf("got %q, want %s", got, want)
					}
				})
			})
		}
	}
}

func TestAComponentMayAnswerServiceDiscoveryLater(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		var session *xmpp.Session
		next := xmpp.HandlerFunc(func(_ xmlstream.TokenReadEncoder, start *xml.StartElement) error {
			iq, err := stanza.NewIQ(*start)
			if err != nil {
				return err
			}
			time.AfterFunc(time.Second, func() { _ = session.Send(context.Background(), iq.Result(nil)) })
			return nil
		})
		_, session = w.serve(gate, next, responder.Identity("", "", ""))
		l := w.login(juliet)
		for i, kind := range []string{"info", "items"} {
			l.Say(fmt.Sprintf(`<iq type='get' to='gate.capulet.lit' id='q%d'><query xmlns='http://jabber.org/protocol/disco#%s'/></iq>`, i, kind))
			time.Sleep(2 * time.Second)
			says(t, l.Heard(), fmt.Sprintf(`<iq from='gate.capulet.lit' to='juliet@capulet.lit/balcony' type='result' id='q%d'/>`, i))
		}
	})
}

// Requests to a contact are for the component's own handler, and then for nobody
// but, about last activity, the gateway's functions.
func TestRequestsToAContactGoToTheComponentsOwnHandler(t *testing.T) {
	kinds := map[string]string{
		"vCard":         `<iq type='get' to='%s' id='q'><vCard xmlns='vcard-temp'/></iq>`,
		"set":           `<iq type='set' to='%s' id='q'><query xmlns='jabber:iq:last'/></iq>`,
		"info":          `<iq type='get' to='%s' id='q'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
		"items":         `<iq type='get' to='%s' id='q'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>`,
		"ping":          `<iq type='get' to='%s' id='q'><ping xmlns='urn:xmpp:ping'/></iq>`,
		"last activity": `<iq type='get' to='%s' id='q'><query xmlns='jabber:iq:last'/></iq>`,
	}
	answering := xmpp.HandlerFunc(func(t xmlstream.TokenReadEncoder, start *xml.StartElement) error {
		iq, err := stanza.NewIQ(*start)
		if err != nil {
			return err
		}
		_, err = xmlstream.Copy(t, iq.Result(xmlstream.Wrap(nil, xml.StartElement{Name: xml.Name{Space: "urn:own", Local: "own"}})))
		return err
	})
	for kind, ask := range kinds {
		for _, to := range []string{"skeleton@gate.capulet.lit", "skeleton@gate.capulet.lit/cupboard"} {
			for name, tt := range map[string]struct {
				next xmpp.Handler
				want string
			}{
				"answered":         {answering, `<own xmlns='urn:own'/>`},
				"a mux without it": {mux.New(component.NSAccept), "<service-unavailable "},
				"no handler":       {nil, "<service-unavailable "},
			} {
				t.Run(kind+" to "+to+", "+name, func(t *testing.T) {
					bubble(t, func(t *testing.T, w world) {
						w.serve(gate, tt.next, responder.Gateway(friends, knows(responder.Presence{Since: began}, nil)))
						want := tt.want
						if kind == "last activity" && name != "answered" {
							want = "seconds='3600'"
						}
						got := w.login(juliet).Ask(fmt.Sprintf(ask, to))
						if len(got) != 1 || !strings.Contains(got[0], want) || !strings.Contains(got[0], " from='"+to+"' ") || !strings.Contains(got[0], " id='q'") {
							t.Errorf("got %q, want %s", got, want)
						}
					})
				})
			}
		}
	}
}

// Only on the session of a component may the answer come later than the handler
// returns; on another mellium refuses at once.
func TestAQueryAboutAContactIsAnsweredOnceOnEverySession(t *testing.T) {
	for name, tt := range map[string]struct {
		session func(t *testing.T, near, far net.Conn) *xmpp.Session
		ns      string
		want    string
	}{
		"of a component": {componentSession, component.NSAccept, "seconds=\"3600\""},
		"of a client": {func(t *testing.T, near, _ net.Conn) *xmpp.Session {
			return line.Negotiated(t, gate, near)
		}, stanza.NSClient, "<service-unavailable "},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				session := tt.session(t, near, far)
				r := responder.New(session, responder.Gateway(everybody, knows(responder.Presence{Since: time.Now().Add(-time.Hour)}, nil)))
				go func() {
					_ = session.Serve(r.Handler(nil))
					_ = r.Close()
				}()
				defer far.Close()
				got := line.Listen(t, far).Ask("<iq xmlns='" + tt.ns + "' type='get' from='juliet@capulet.lit/balcony' to='skeleton@gate.capulet.lit' id='q'>" +
					"<query xmlns='jabber:iq:last'/></iq>")
				if len(got) != 1 || !strings.Contains(got[0], tt.want) {
					t.Errorf("got %q, want one answer with %s", got, tt.want)
				}
			})
		})
	}
}

func TestAProbeOfAContactsResourceIsAnsweredFromThere(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		known := responder.Presence{Online: true}
		w.serve(gate, nil, responder.Gateway(friends, func(context.Context, jid.JID, jid.JID) (responder.Presence, error) { return known, nil }))
		w.Follow(juliet, cupboard, "Skeleton")
		l := w.login(juliet)
		l.Ask(fetchRoster)
		probe := `<presence type='probe' to='skeleton@gate.capulet.lit/cupboard' id='p'/>`
		says(t, presences(l.Ask(probe)), `<presence from='skeleton@gate.capulet.lit/cupboard' to='juliet@capulet.lit/balcony' id='p'/>`)
		known.Resource = "phone"
		says(t, presences(l.Ask(probe)), `<presence from='skeleton@gate.capulet.lit/phone' to='juliet@capulet.lit/balcony' id='p'/>`)
		known = responder.Presence{}
		says(t, presences(l.Ask(probe)), `<presence from='skeleton@gate.capulet.lit/cupboard' to='juliet@capulet.lit/balcony' type='unavailable' id='p'/>`)
		synctest.Wait()
	})
}
