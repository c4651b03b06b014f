package integration_test

import (
	"testing"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/suite"
)

// TestBehaviourOverWebSockets runs the suite with clients that frame each stanza
// (RFC 7395).
func TestBehaviourOverWebSockets(t *testing.T) {
	t.Parallel()
	for _, s := range servers {
		if s.name != "Prosody" && s.name != "ejabberd" {
			continue // configurations that do not concern it
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			suite.Run(t, integration.Framed{Server: s.start(t)}, s.expect)
		})
	}
}
