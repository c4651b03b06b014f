package integration_test

import (
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/suite"
	"example.org/lastpresence/probe"
	"example.org/lastpresence/roster"
)

type kind struct {
	name   string
	expect suite.Expect
	start  func(t testing.TB) *integration.Server
}

// Servers of which less is known: the plain installations, but for ejabberd's,
// which is one of those below.
var (
	prosodyShipped = kind{"Prosody as shipped", suite.ProsodyShipped, prosody(integration.Shipped)}
	jabberd2       = kind{"jabberd2", suite.Jabberd2, integration.StartJabberd2}
)

// servers are those on which everything has to hold.
var servers = []kind{
	{"Prosody", suite.Prosody, prosody(integration.Stock)},
	{"Prosody with stamps", suite.ProsodyStamps, prosody(integration.Stamps)},
	{"Prosody as XEP-0318 shows", suite.ProsodyXEP0318, prosody(integration.XEP0318)},
	{"ejabberd", suite.Ejabberd, integration.StartEjabberd},
}

func prosody(v integration.ProsodyVariant) func(t testing.TB) *integration.Server {
	return func(t testing.TB) *integration.Server { return integration.StartProsody(t, v) }
}

// plainFirst returns all servers, the plain installations first, as the README's
// table has them.
func plainFirst() []kind {
	known := slices.Clone(servers)
	known[0].name = "Prosody with last activity"
	last := len(known) - 1
	return slices.Concat([]kind{prosodyShipped}, known[last:], []kind{jabberd2}, known[:last])
}

// TestBehaviour runs the suite against every real server. With -v it prints
// the README's table of servers.
func TestBehaviour(t *testing.T) {
	t.Parallel()
	all := plainFirst()
	var mu sync.Mutex
	rows := make(map[string][]suite.Row)
	t.Cleanup(func() {
		var names []string
		for _, s := range all {
			if rows[s.name] != nil {
				names = append(names, s.name)
			}
		}
		t.Logf("the table of servers:\n%s", suite.Markdown(names, rows))
	})
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			of := suite.Run(t, s.start(t), s.expect)
			mu.Lock()
			defer mu.Unlock()
			rows[s.name] = of
		})
	}
}

// TestBehaviourWithMeddling runs the cases in which something else happens
// between a probe and its answer.
func TestBehaviourWithMeddling(t *testing.T) {
	t.Parallel()
	for _, s := range servers {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			suite.Meddle(t, s.start(t))
		})
	}
}

// federations are Juliet's server and, on the other side of a connection between
// servers, that of her contacts.
var federations = []struct {
	name              string
	prosody, ejabberd string
	expect            suite.Expect
}{
	{"contacts on ejabberd", "capulet.lit", "montague.lit", suite.Ejabberd},
	{"contacts on Prosody", "montague.lit", "capulet.lit", suite.Prosody},
}

// TestBehaviourAcrossServers runs the suite with contacts whose server is another
// one, where stanzas overtake each other more than anywhere.
func TestBehaviourAcrossServers(t *testing.T) {
	t.Parallel()
	for _, f := range federations {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			world := integration.StartFederation(t, f.prosody, f.ejabberd)
			expect := maps.Clone(f.expect)
			expect["an unreachable domain"] = "error" // by Juliet's server, which now speaks to others
			suite.Run(t, world, expect)
			t.Run("meddling", func(t *testing.T) { suite.Meddle(t, world) })
			t.Run("nobody is missed", func(t *testing.T) { missNobody(t, world) })
		})
	}
}

// missNobody has Juliet ask a contact with two resources a hundred times, and wait
// for both. The
// answer to the query overtakes the presences, on ejabberd always.
func missNobody(t *testing.T, w suite.World) {
	for range 2 {
		suite.LogIn(t, w, suite.Romeo).Available()
	}
	juliet := suite.LogIn(t, w, suite.Juliet, roster.Probing(probe.CoolDown(0), probe.Budget(1000, time.Millisecond), probe.Settle(100*time.Millisecond)))
	juliet.Available()
	early, missed := 0, 0
	for range 100 {
		a, err := juliet.Cache.Client().Probe(t.Context(), suite.Romeo)
		if err != nil {
			t.Fatal(err)
		}
		if a.Outcome != probe.Available {
			t.Fatalf("%+v", a)
		}
		if len(a.Presences) != 2 {
			missed++ // the wait is bounded, and a busy machine may take longer
		}
		if a.Activity.Told && a.Activity.Ago == 0 {
			early++
		}
	}
	if missed > 5 {
		t.Errorf("one of two resources was missed %d times in 100", missed)
	}
	t.Logf("%d of 100 were told to be connected, of %d one resource was missed", early, missed)
}
