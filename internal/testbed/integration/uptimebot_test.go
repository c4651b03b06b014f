package integration_test

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/suite"
)

// TestUptimebotOutlivesItsServer kills the server under the example program,
// starts it again, and interrupts the program in the end.
func TestUptimebotOutlivesItsServer(t *testing.T) {
	t.Parallel()
	program := buildExample(t, "uptimebot")
	for _, s := range componentServers {
		t.Run(s.name, func(t *testing.T) {
			srv := s.start(t)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, program, "-jid", integration.Gate.String(), "-addr", srv.Components[integration.Gate.String()])
			cmd.Env = append(os.Environ(), "XMPP_SECRET="+integration.Password)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			var errOut bytes.Buffer
			cmd.Stderr = &errOut
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			said := bufio.NewScanner(out)
			if !said.Scan() || said.Text() != "gate.capulet.lit is up." {
				_ = cmd.Wait()
				t.Fatalf("it says %q, %s", said.Text(), errOut.String())
			}
			first, err := asker(t, srv, suite.Juliet).Uptime(ctx, integration.Gate)
			if err != nil {
				t.Fatal(err)
			}
			srv.Kill()
			srv.Restart(t)
			if !said.Scan() || said.Text() != "gate.capulet.lit is up." {
				t.Errorf("after the restart it says %q, %s", said.Text(), errOut.String())
			}
			second, err := asker(t, srv, suite.Juliet).Uptime(ctx, integration.Gate)
			if err != nil || !second.Equal(first) {
				t.Errorf("up since %v, then %v, %v", first, second, err)
			}
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Error(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("interrupted, it ends with %v, %s", err, errOut.String())
			}
		})
	}
}
