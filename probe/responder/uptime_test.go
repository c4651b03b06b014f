package responder_test

import (
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/component"
	"mellium.im/xmpp/mux"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/probe"
	"example.org/lastpresence/probe/responder"
)

var began = time.Date(1999, 12, 31, 23, 0, 0, 0, time.UTC) // an hour before a bubble's time

func TestProbeIsAnsweredAsXEP0318Shows(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		w.serve(gate, nil, responder.Since(began.Add(300*time.Millisecond)))
		l := w.login(juliet)
		says(t, l.Ask(`<presence type='probe' to='gate.capulet.lit' id='p1'/>`),
			`<presence from='gate.capulet.lit' to='juliet@capulet.lit/balcony' id='p1'><delay xmlns='urn:xmpp:delay' from='gate.capulet.lit' stamp='1999-12-31T23:00:00Z'/></presence>`)
		says(t, l.Ask(`<iq type='get' to='gate.capulet.lit' id='q1'><query xmlns='jabber:iq:last'/></iq>`),
			`<iq from='gate.capulet.lit' to='juliet@capulet.lit/balcony' type='result' id='q1'><query xmlns='jabber:iq:last' seconds='3600'/></iq>`)
	})
}

func TestUptimeIsTheStartTime(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		w.serve(gate, nil)
		start := time.Now()
		time.Sleep(90 * time.Second)
		session, err := w.Session(t.Context(), juliet)
		if err != nil {
			t.Fatal(err)
		}
		c := probe.NewClient(session)
		go func() { _ = session.Serve(c.Handler(nil)) }()
		up, err := c.Uptime(soon(t), gate)
		if err != nil || !up.Equal(start) {
			t.Errorf("Uptime = %v, %v, want %v", up, err, start)
		}
	})
}

const discoInfo = `<iq type='get' to='gate.capulet.lit' id='d1'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`

func TestServiceDiscoveryNamesTheFeatures(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		w.serve(gate, nil, responder.Identity("gateway", "smtp", "Post"))
		says(t, w.login(juliet).Ask(discoInfo),
			`<iq from='gate.capulet.lit' to='juliet@capulet.lit/balcony' type='result' id='d1'><query xmlns='http://jabber.org/protocol/disco#info'><feature var='http://jabber.org/protocol/disco#info'/><feature var='http://jabber.org/protocol/disco#items'/><feature var='jabber:iq:last'/><feature var='urn:xmpp:server-presence'/><identity category='gateway' type='smtp' name='Post'/></query></iq>`)
	})
}

func TestTheComponentsOwnAnswerToServiceDiscoveryStands(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		w.serve(gate, xmpp.HandlerFunc(func(t xmlstream.TokenReadEncoder, start *xml.StartElement) error {
			iq, err := stanza.NewIQ(*start)
			if err != nil {
				return err
			}
			_, err = xmlstream.Copy(t, iq.Result(xmlstream.Wrap(nil, xml.StartElement{Name: xml.Name{Space: "urn:own", Local: "own"}})))
			return err
		}))
		says(t, w.login(juliet).Ask(discoInfo),
			`<iq from='gate.capulet.lit' to='juliet@capulet.lit/balcony' type='result' id='d1'><own xmlns='urn:own'/></iq>`)
	})
}

func TestOtherStanzasReachNextUnchanged(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		var heard []string
		w.serve(gate, refusing(&heard))
		l := w.login(juliet)
		for _, stanza := range []string{
			`<message to='gate.capulet.lit'><body>Who?</body></message>`,
			`<presence to='gate.capulet.lit'><status>Here.</status></presence>`,
			`<presence type='probe' to='skeleton@gate.capulet.lit'/>`,
			`<presence type='subscribe' to='skeleton@gate.capulet.lit'/>`,
			`<iq type='get' id='a' to='gate.capulet.lit'><query xmlns='jabber:iq:version'/></iq>`,
			`<iq type='get' id='b' to='skeleton@gate.capulet.lit'><query xmlns='jabber:iq:last'/></iq>`,
			`<iq type='set' id='c' to='gate.capulet.lit'><query xmlns='jabber:iq:last'>x<y/></query></iq>`,
			`<iq type='get' id='d' to='gate.capulet.lit'><query xmlns='http://jabber.org/protocol/disco#info' node='x'/></iq>`,
		} {
			heard = nil
			says(t, l.Ask(stanza))
			if len(heard) != 1 {
				t.Errorf("%s was handed on %d times", stanza, len(heard))
				continue
			}
			for _, part := range []string{"body", "Who?", "Here.", "probe", "jabber:iq:version", "x<y", "node=\"x\""} {
				if strings.Contains(strings.ReplaceAll(stanza, "'", `"`), part) && !strings.Contains(heard[0], part) {
					t.Errorf("%s lost %s: %s", stanza, part, heard[0])
				}
			}
		}
	})
}

func TestServiceDiscoveryIsAnsweredBehindAMuxWithoutIt(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		w.serve(gate, mux.New(component.NSAccept))
		if got := strings.Join(w.login(juliet).Ask(discoInfo), ""); !strings.Contains(got, responder.NS) || strings.Contains(got, "error") {
			t.Errorf("the answer is %s", got)
		}
	})
}

func TestAnnouncedFeaturesAreAnswered(t *testing.T) {
	bubble(t, func(t *testing.T, w world) {
		w.serve(gate, nil, responder.Admins(juliet))
		l := w.login(romeo)
		for _, node := range []string{"", " node='http://jabber.org/protocol/commands'"} {
			says(t, l.Ask(`<iq type='get' to='gate.capulet.lit' id='i'><query xmlns='http://jabber.org/protocol/disco#items'`+node+`/></iq>`),
				`<iq from='gate.capulet.lit' to='romeo@montague.lit/orchard' type='result' id='i'><query xmlns='http://jabber.org/protocol/disco#items'`+node+`/></iq>`)
		}
	})
}
