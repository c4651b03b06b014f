package integration_test

import (
	"testing"

	"example.org/lastpresence/internal/integration"
	"example.org/lastpresence/internal/suite"
)

var servers = []struct {
	name   string
	expect suite.Expect
	start  func(t testing.TB) *integration.Server
}{
	{"Prosody", suite.Prosody, prosody(integration.Stock)},
	{"Prosody with stamps", suite.ProsodyStamps, prosody(integration.Stamps)},
	{"Prosody as XEP-0318 shows", suite.ProsodyXEP0318, prosody(integration.XEP0318)},
	{"ejabberd", suite.Ejabberd, integration.StartEjabberd},
}

func prosody(v integration.ProsodyVariant) func(t testing.TB) *integration.Server {
	return func(t testing.TB) *integration.Server { return integration.StartProsody(t, v) }
}

// TestBehaviour runs the suite against every real server. With -v it prints
// the README's table of servers.
func TestBehaviour(t *testing.T) {
	names := make([]string, 0, len(servers))
	rows := make(map[string][]suite.Row)
	for _, s := range servers {
		t.Run(s.name, func(t *testing.T) {
			rows[s.name] = suite.Run(t, s.start(t), s.expect)
			names = append(names, s.name)
		})
	}
	t.Logf("the table of servers:\n%s", suite.Markdown(names, rows))
}

// TestBehaviourWithMeddling runs the cases in which something else happens
// between a probe and its answer.
func TestBehaviourWithMeddling(t *testing.T) {
	for _, s := range servers {
		t.Run(s.name, func(t *testing.T) {
			suite.Meddle(t, s.start(t))
		})
	}
}
