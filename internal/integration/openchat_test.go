package integration_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"example.org/lastpresence/internal/integration"
	"example.org/lastpresence/internal/suite"
)

// buildExample builds an example program and returns where it is.
func buildExample(t *testing.T, name string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	build := exec.Command("go", "build", "-C", "../../examples", "-o", program, "./"+name)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", name, err, out)
	}
	return program
}

// TestOpenchat runs the example program against every real server, as a user
// would.
func TestOpenchat(t *testing.T) {
	program := buildExample(t, "openchat")
	for _, s := range servers {
		t.Run(s.name, func(t *testing.T) {
			w := s.start(t)
			romeo := suite.LogIn(t, w, suite.Romeo)
			romeo.Available()
			romeo.Leave(suite.Goodbye)
			openchat := func(authority string, args ...string) (out, errOut string, err error) {
				cmd := exec.Command(program, append([]string{"-jid", "juliet@capulet.lit", "-addr", w.Addr, "-json"}, args...)...)
				cmd.Env = append(os.Environ(), "XMPP_PASSWORD="+integration.Password, "SSL_CERT_FILE="+authority)
				var o, e bytes.Buffer
				cmd.Stdout, cmd.Stderr = &o, &e
				err = cmd.Run()
				return o.String(), e.String(), err
			}

			out, errOut, err := openchat(w.Authority, "romeo@montague.lit")
			var contact struct{ Contact, Status, Outcome, Last_seen string }
			if err != nil || json.Unmarshal([]byte(out), &contact) != nil || contact.Contact != "romeo@montague.lit" ||
				contact.Status != suite.Goodbye || contact.Outcome != "unavailable" || contact.Last_seen == "" {
				t.Errorf("a contact who is offline: %s %s %v", out, errOut, err)
			}
			out, errOut, err = openchat(w.Authority, "-uptime", "montague.lit")
			var host struct{ Host, Since, Source string }
			if err != nil || json.Unmarshal([]byte(out), &host) != nil || host.Host != "montague.lit" || host.Since == "" {
				t.Errorf("a host: %s %s %v", out, errOut, err)
			}
			out, errOut, err = openchat(os.DevNull, "romeo@montague.lit")
			if err == nil || out != "" || strings.Count(errOut, "\n") != 1 || !strings.Contains(errOut, "certificate") {
				t.Errorf("a certificate that is not trusted: %s %s %v", out, errOut, err)
			}
			out, errOut, err = openchat(w.Authority, "-password", "swordfish", "romeo@montague.lit")
			if err == nil || out != "" || strings.Count(errOut, "\n") != 1 || strings.Contains(errOut, "swordfish") {
				t.Errorf("a wrong password: %s %s %v", out, errOut, err)
			}
		})
	}
}
