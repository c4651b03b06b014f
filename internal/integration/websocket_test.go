package integration_test

import (
	"testing"

	"example.org/lastpresence/internal/integration"
	"example.org/lastpresence/internal/suite"
)

// TestBehaviourOverWebSockets runs the suite with clients that frame each stanza
// (RFC 7395).
func TestBehaviourOverWebSockets(t *testing.T) {
	for _, s := range servers {
		t.Run(s.name, func(t *testing.T) {
			suite.Run(t, integration.Framed{Server: s.start(t)}, s.expect)
		})
	}
}
