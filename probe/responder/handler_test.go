package responder_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/line"
	"example.org/lastpresence/probe/responder"
)

// behind serves a component with a handler behind the Responder.
func behind(t *testing.T, next xmpp.Handler, opts ...responder.Option) (*responder.Responder, *line.Line) {
	near, far := net.Pipe()
	session := componentSession(t, near, far)
	r := responder.New(session, opts...)
	go func() {
		_ = session.Serve(r.Handler(next))
		_ = r.Close()
	}()
	t.Cleanup(func() { _ = far.Close() })
	return r, line.Listen(t, far)
}

const (
	toGate    = " from='juliet@capulet.lit/a' to='gate.capulet.lit' id='i'"
	lastQuery = "<query xmlns='jabber:iq:last'/>"
	infoQuery = "<query xmlns='http://jabber.org/protocol/disco#info'/>"
)

func TestWhatIsNotForTheResponderReachesNext(t *testing.T) {
	for name, stanza := range map[string]string{
		"a probe from the component itself":   "<presence type='probe' from='gate.capulet.lit' to='gate.capulet.lit'/>",
		"a probe from nobody":                 "<presence type='probe' to='gate.capulet.lit'/>",
		"a probe to nobody":                   "<presence type='probe' from='juliet@capulet.lit/a'/>",
		"a probe to another domain":           "<presence type='probe' from='juliet@capulet.lit/a' to='gate.montague.lit'/>",
		"a probe with a malformed sender":     "<presence type='probe' from='@' to='gate.capulet.lit'/>",
		"available presence":                  "<presence" + toGate + "/>",
		"unavailable presence":                "<presence type='unavailable'" + toGate + "/>",
		"an error":                            "<presence type='error'" + toGate + "/>",
		"a subscription of a contact":         "<presence type='subscribe' from='juliet@capulet.lit' to='skeleton@gate.capulet.lit'/>",
		"a query from the component itself":   "<iq type='get' from='gate.capulet.lit' to='gate.capulet.lit' id='i'>" + lastQuery + "</iq>",
		"a query from nobody":                 "<iq type='get' to='gate.capulet.lit' id='i'>" + lastQuery + "</iq>",
		"a query to another domain":           "<iq type='get' from='juliet@capulet.lit/a' to='gate.montague.lit' id='i'>" + lastQuery + "</iq>",
		"a query with a malformed sender":     "<iq type='get' from='@' to='gate.capulet.lit' id='i'>" + lastQuery + "</iq>",
		"a result":                            "<iq type='result'" + toGate + ">" + lastQuery + "</iq>",
		"an error in answer":                  "<iq type='error'" + toGate + ">" + infoQuery + "</iq>",
		"an iq without a payload":             "<iq type='get'" + toGate + "/>",
		"an iq with text alone":               "<iq type='get'" + toGate + "> text </iq>",
		"discovery with a node of its own":    "<iq type='get'" + toGate + "><query xmlns='http://jabber.org/protocol/disco#info' node='x'/></iq>",
		"discovery of a contact":              "<iq type='get' from='juliet@capulet.lit/a' to='skeleton@gate.capulet.lit' id='i'>" + infoQuery + "</iq>",
		"items with a node of its own":        "<iq type='get'" + toGate + "><query xmlns='http://jabber.org/protocol/disco#items' node='x'/></iq>",
		"a set of last activity":              "<iq type='set'" + toGate + ">" + lastQuery + "</iq>",
		"a set of service discovery":          "<iq type='set'" + toGate + ">" + infoQuery + "</iq>",
		"a set of items":                      "<iq type='set'" + toGate + "><query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
		"a message":                           "<message" + toGate + "><body>Who?</body></message>",
		"another element":                     "<probe" + toGate + "/>",
		"presence of another namespace":       "<presence xmlns='urn:x' type='probe'" + toGate + "/>",
		"a query of another namespace":        "<iq xmlns='urn:x' type='get'" + toGate + ">" + lastQuery + "</iq>",
		"a query of a contact, of a set":      "<iq type='set' from='juliet@capulet.lit/a' to='skeleton@gate.capulet.lit' id='i'>" + lastQuery + "</iq>",
		"another query of a contact":          "<iq type='get' from='juliet@capulet.lit/a' to='skeleton@gate.capulet.lit' id='i'><query xmlns='jabber:iq:version'/></iq>",
		"a node in a namespace of its own":    "<iq type='get'" + toGate + "><query xmlns='http://jabber.org/protocol/disco#info' xmlns:x='urn:x' x:node='' node='x'/></iq>",
		"the command's node in another query": "<iq type='get'" + toGate + "><query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/admin#server-buddy'/></iq>",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var heard []string
				calls := 0
				_, l := behind(t, refusing(&heard), responder.Requests(accept), responder.Gateway(everybody, func(context.Context, jid.JID, jid.JID) (responder.Presence, error) {
					calls++
					return responder.Presence{}, nil
				}))
				got := l.Ask(stanza)
				if len(heard) != 1 || len(got) != 0 || calls != 0 {
					t.Errorf("next has heard %q; %d calls; told %q", heard, calls, got)
				}
			})
		})
	}
}

func TestAfterCloseEverythingReachesNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var heard []string
		r, l := behind(t, refusing(&heard), responder.Gateway(everybody, knows(responder.Presence{}, nil)))
		_ = r.Close()
		for _, stanza := range []string{probeFrom("juliet@capulet.lit/a"), probeOf("juliet@capulet.lit/a", 1, "p"), "<iq type='get'" + toGate + ">" + lastQuery + "</iq>", strings.TrimSpace(romeoSubscribes)} {
			heard = nil
			if got := l.Ask(stanza); len(heard) != 1 || len(got) != 0 {
				t.Errorf("%s: next has heard %q; told %q", stanza, heard, got)
			}
		}
	})
}

func TestWithoutAHandlerOnlyRequestsAreRefused(t *testing.T) {
	const payload = "<query xmlns='jabber:iq:version'/></iq>"
	for stanza, refused := range map[string]bool{
		"<iq type='get'" + toGate + ">" + payload:                         true,
		"<iq type='set'" + toGate + ">" + payload:                         true,
		"<iq type='result'" + toGate + ">" + payload:                      false,
		"<iq type='error'" + toGate + ">" + payload:                       false,
		"<iq type='get' from='@' to='gate.capulet.lit' id='i'>" + payload: false,
		"<message" + toGate + "/>":                                        false,
		"<presence" + toGate + "/>":                                       false,
	} {
		synctest.Test(t, func(t *testing.T) {
			_, l := behind(t, nil)
			got := l.Ask(stanza)
			if (len(got) == 1) != refused || refused && (!strings.Contains(got[0], "<service-unavailable") || !strings.Contains(got[0], `type="error"`) || !strings.Contains(got[0], `to="juliet@capulet.lit/a"`)) {
				t.Errorf("%s brought %q", stanza, got)
			}
		})
	}
}

func TestAnErrorOfNextEndsTheSession(t *testing.T) {
	broken := errors.New("broken")
	for name, stanza := range map[string]string{
		"that would be answered otherwise": "<iq type='get'" + toGate + ">" + infoQuery + "</iq>",
		"of any kind":                      "<message" + toGate + "/>",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				session := componentSession(t, near, far)
				r := responder.New(session)
				defer r.Close()
				l := line.Listen(t, far)
				served := make(chan error, 1)
				go func() {
					served <- session.Serve(r.Handler(xmpp.HandlerFunc(func(xmlstream.TokenReadEncoder, *xml.StartElement) error { return broken })))
				}()
				l.Say(stanza)
				if err := <-served; !errors.Is(err, broken) {
					t.Errorf("Serve = %v", err)
				}
				_ = far.Close()
			})
		})
	}
}

// On a session that is not a component's, requests must be answered before the
// handler returns. What is asked about a contact is not.
func TestQueriesAboutContactsNeedAComponentsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		session := line.Negotiated(t, gate, near)
		var heard []string
		r := responder.New(session, responder.Gateway(everybody, knows(responder.Presence{Since: began}, nil)))
		go func() {
			_ = session.Serve(r.Handler(refusing(&heard)))
			_ = r.Close()
		}()
		l := line.Listen(t, far)
		client := strings.NewReplacer("<presence ", "<presence xmlns='jabber:client' ", "<iq ", "<iq xmlns='jabber:client' ")
		got := l.Ask(client.Replace(probeOf("juliet@capulet.lit/a", 1, "p")))
		if len(heard) != 0 || ids(got) != "p" {
			t.Errorf("a probe brought %q; next has heard %q", got, heard)
		}
		l.Ask(client.Replace(queryOf("juliet@capulet.lit/a", 1, "q")))
		if len(heard) != 1 {
			t.Errorf("next has heard %q", heard)
		}
		_ = far.Close()
	})
}

func TestTheCommandIsDescribedToAdministrators(t *testing.T) {
	const node = "http://jabber.org/protocol/admin#server-buddy"
	bubble(t, func(t *testing.T, w world) {
		w.serve(gate, nil, responder.Admins(juliet), responder.Identity("", "", ""))
		l := w.login(juliet)
		says(t, l.Ask(`<iq type='get' to='gate.capulet.lit' id='d'><query xmlns='http://jabber.org/protocol/disco#info' node='`+node+`'/></iq>`),
			`<iq from='gate.capulet.lit' to='juliet@capulet.lit/balcony' type='result' id='d'><query xmlns='http://jabber.org/protocol/disco#info' node='`+node+`'>`+
				`<feature var='http://jabber.org/protocol/commands'/><feature var='jabber:x:data'/><identity category='automation' type='command-node' name='Subscribe to the presence of a server'/></query></iq>`)
		if got := l.Ask(`<iq type='get' to='gate.capulet.lit' id='d'><query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'/></iq>`); len(got) != 1 || !strings.Contains(got[0], node) {
			t.Errorf("the commands are %q", got)
		}
		for _, kind := range []string{"info", "items"} { // left to the component
			if got := l.Ask(fmt.Sprintf(`<iq type='get' to='gate.capulet.lit' id='d'><query xmlns='http://jabber.org/protocol/disco#%s'/></iq>`, kind)); len(got) != 1 || !strings.Contains(got[0], "service-unavailable") {
				t.Errorf("%s: %q", kind, got)
			}
		}
	})
	bubble(t, func(t *testing.T, w world) {
		w.serve(gate, nil, responder.Admins(juliet))
		if got := w.login(romeo).Ask(discoInfo); len(got) != 1 || !strings.Contains(got[0], "<feature var='http://jabber.org/protocol/commands'/>") {
			t.Errorf("the features are %q", got)
		}
	})
}
