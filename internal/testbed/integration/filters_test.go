package integration_test

import (
	"slices"
	"strings"
	"testing"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/wire/csi"
)

const (
	active   = "<active xmlns='urn:xmpp:csi:0'/>"
	inactive = "<inactive xmlns='urn:xmpp:csi:0'/>"
	asked    = "<presence type='probe' to='romeo@montague.lit' id='pr1'/>"
	fenced   = asked + "<iq type='get' to='romeo@montague.lit' id='la1'><query xmlns='jabber:iq:last'/></iq>"
)

// audience is Juliet, another resource of hers whose presence nobody filters,
// and Romeo.
type audience struct {
	juliet, witness, romeo *listener
}

func gather(t *testing.T, w *integration.Server) audience {
	t.Helper()
	var a audience
	a.witness = listen(t, w.Connect, jid.MustParse("juliet@capulet.lit/window"))
	a.witness.send("<presence><priority>-1</priority></presence>")
	a.witness.fence()
	a.juliet = listen(t, w.Connect, balcony)
	a.juliet.send("<presence/>")
	a.juliet.await("presence available from juliet@capulet.lit/window")
	a.juliet.fence()
	a.romeo = listen(t, w.Connect, orchard)
	a.says("one")
	a.juliet.await("presence available from romeo@montague.lit/orchard id one")
	return a
}

// says changes Romeo's presence, and waits until Juliet's server has it.
func (a audience) says(id string) {
	a.romeo.t.Helper()
	a.romeo.send("<presence id='" + id + "'/>")
	a.witness.await("presence available from romeo@montague.lit/orchard id " + id)
}

// rest tells the server that nobody looks at Juliet's client. An answer to
// Juliet might end what is to be seen, and so Romeo is told that it is done.
func (a audience) rest() {
	a.juliet.t.Helper()
	a.juliet.send(inactive + "<message type='chat' to='" + orchard.String() + "'><body>Good night.</body></message>")
	a.romeo.await("message chat from " + balcony.String())
}

// wake is what comes until the server has handled that Juliet is back.
func (a audience) wake() []string {
	a.juliet.t.Helper()
	a.juliet.send(active)
	return a.juliet.fence()
}

func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s\n got %s\nwant %s", what, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

// TestClientState measures what servers make of an inactive client (XEP-0352):
// what is held back, who stamps it, and what becomes of the answer to a probe.
func TestClientState(t *testing.T) {
	t.Parallel()
	for _, s := range []struct {
		name  string
		start func(testing.TB) *integration.Server

		// What comes at the end of inactivity in which Romeo said two things.
		flushed []string
		// What a probe alone brings until our server answers a ping, and then until
		// the client is active.
		alone, late []string
		// What a probe and a query for last activity bring at once; nil where
		// that depends on which process is faster.
		answer []string
		// What they bring about one who is offline.
		offline []string
	}{{
		// mod_csi_simple holds everything, stamps as the account, and
		// lets go for whatever is important, such as any answer.
		name: "Prosody", start: prosody(integration.Stock),
		flushed: []string{
			"presence available from romeo@montague.lit/orchard id two to juliet@capulet.lit delay from juliet@capulet.lit with 0 digits",
			"presence available from romeo@montague.lit/orchard id three to juliet@capulet.lit delay from juliet@capulet.lit with 0 digits",
		},
		alone: []string{
			"presence available from romeo@montague.lit/orchard id three to juliet@capulet.lit/balcony delay from montague.lit with 0 digits delay from juliet@capulet.lit with 0 digits",
		},
		answer: []string{
			"presence available from romeo@montague.lit/orchard id three to juliet@capulet.lit/balcony delay from montague.lit with 0 digits delay from juliet@capulet.lit with 0 digits",
			"iq result from romeo@montague.lit id la1 0 seconds \"\"",
		},
		// The stamp is of when the answer was held, not of when Benvolio
		// went offline.
		offline: []string{
			"presence unavailable from benvolio@montague.lit to juliet@capulet.lit/balcony delay from juliet@capulet.lit with 0 digits",
			"iq result from benvolio@montague.lit id la1 \"\"",
		},
	}, {
		// mod_client_state holds the latest of each resource, stamps as
		// the server, and lets go of a contact's presence for whatever
		// else that contact sends: the answer to the query is such a thing.
		// But that answer is by another process, and most often the first.
		name: "ejabberd", start: integration.StartEjabberd,
		flushed: []string{
			"presence available from romeo@montague.lit/orchard id three to juliet@capulet.lit/balcony delay from capulet.lit with 6 digits",
		},
		late: []string{
			"presence available from romeo@montague.lit/orchard id three to juliet@capulet.lit/balcony delay from romeo@montague.lit/orchard with 6 digits delay from capulet.lit with 6 digits",
		},
		offline: []string{
			"iq result from benvolio@montague.lit id la1 \"Registered but didn't login\"",
		},
	}} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			a := gather(t, s.start(t))
			if !csi.Offered(a.juliet.session) {
				t.Fatal("the server offers no client states")
			}

			a.rest()
			a.says("two")
			a.says("three")
			compare(t, "flushed", a.wake(), s.flushed)

			a.rest()
			a.juliet.send(asked)
			compare(t, "a probe alone, then a ping", a.juliet.fence(), s.alone)
			compare(t, "a probe alone, then active", a.wake(), s.late)

			a.rest()
			a.juliet.send(strings.ReplaceAll(fenced, "romeo", "benvolio"))
			came := a.juliet.until("iq ")
			for i := range came {
				came[i] = strings.NewReplacer(" 0 seconds", "", " some seconds", "").Replace(came[i])
			}
			compare(t, "a probe and a query about one who is offline", came, s.offline)
			a.wake()

			// Where the answer to the query overtakes that to the probe, it
			// comes too early to release it.
			const rounds = 100
			with := 0
			for range rounds {
				a.rest()
				a.juliet.send(fenced)
				came := a.juliet.until("iq ")
				if len(came) > 1 {
					with++
				}
				if s.answer != nil {
					compare(t, "a probe and a query", came, s.answer)
				}
				a.wake()
			}
			t.Logf("while inactive, the presence came with the answer to the query in %d of %d", with, rounds)
		})
	}
}

// until returns what comes up to and including the first stanza that begins so.
func (l *listener) until(prefix string) []string {
	l.t.Helper()
	var came []string
	for {
		s := l.next(prefix)
		came = append(came, s)
		if strings.HasPrefix(s, prefix) {
			return came
		}
	}
}

func sift(rule string) string {
	return "<iq type='set' to='juliet@capulet.lit' id='sift'><sift xmlns='urn:xmpp:sift:2'>" + rule + "</sift></iq>"
}

// TestSift measures which rule keeps what away (XEP-0273): presence that comes
// by itself, or also the answers to probes.
func TestSift(t *testing.T) {
	t.Parallel()
	const (
		live     = "presence available from romeo@montague.lit/orchard id two to juliet@capulet.lit"
		answered = "presence available from romeo@montague.lit/orchard id two to juliet@capulet.lit/balcony delay from montague.lit with 0 digits"
		last     = "iq result from romeo@montague.lit id la1 0 seconds \"\""
		done     = "iq result from  id sift"
	)
	a := gather(t, integration.StartProsody(t, integration.Sift))
	for _, tc := range []struct {
		rule        string
		itself, ask []string
	}{
		{"<presence/>", nil, []string{last}},
		{"<presence recipient='all' sender='all'/>", nil, []string{last}},
		{"<presence recipient='bare'/>", nil, []string{answered, last}},
		{"<presence recipient='full'/>", []string{live}, []string{last}},
	} {
		a.says("one")
		a.juliet.fence()
		a.juliet.send(sift(tc.rule))
		compare(t, tc.rule, a.juliet.fence(), []string{done})
		a.says("two")
		compare(t, tc.rule+", what comes by itself", a.juliet.fence(), tc.itself)
		a.juliet.send(fenced)
		compare(t, tc.rule+", what a probe brings", a.juliet.fence(), tc.ask)

		// Contacts are asked anew, in no order, and then the rule is gone.
		a.juliet.send(sift(""))
		came := a.juliet.fence()
		slices.Sort(came)
		compare(t, "no rule", came, []string{
			done, answered, "presence unavailable from benvolio@montague.lit to juliet@capulet.lit/balcony",
		})
		a.says("two")
		compare(t, "no rule, what comes by itself", a.juliet.fence(), []string{live})
	}
	for rule, want := range map[string]string{
		"<message/>":                     "cancel feature-not-implemented",
		"<presence sender='remote'/>":    "cancel feature-not-implemented",
		"<presence recipient='nobody'/>": "modify bad-request",
		"<presence><allow name='c' ns='http://jabber.org/protocol/caps'/></presence>": "cancel feature-not-implemented",
	} {
		a.juliet.send(sift(rule))
		compare(t, rule, a.juliet.fence(), []string{"iq error from  id sift " + want})
	}
}

// TestServersWithoutSift measures how servers refuse what they do not know.
func TestServersWithoutSift(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(testing.TB) *integration.Server{
		"Prosody": prosody(integration.Stock), "ejabberd": integration.StartEjabberd,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := gather(t, start(t))
			a.juliet.send(sift("<presence/>"))
			came := a.juliet.fence()
			if len(came) != 1 || !strings.Contains(came[0], "cancel service-unavailable") {
				t.Errorf("refused with %q", came)
			}
			a.says("two")
			if came := a.juliet.fence(); len(came) != 1 {
				t.Errorf("after the refusal Romeo's presence came as %q", came)
			}
		})
	}
}
