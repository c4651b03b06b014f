package integration_test

import (
	"bufio"
	"crypto/tls"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/server"
	"example.org/lastpresence/internal/testbed/suite"
)

// The client in the README is the one that the other tests run, in at most 60
// lines that are not blank.
func TestTheReadmeShowsTheWholeClient(t *testing.T) {
	source := document(t, "examples/client/main.go")
	code := source[strings.Index(source, "package main"):]
	if !strings.Contains(document(t, "README.md"), "```go\n"+code+"```") {
		t.Error("README.md does not show examples/client/main.go from its package clause on")
	}
	lines := 0
	for line := range strings.Lines(code) {
		if strings.TrimSpace(line) != "" {
			lines++
		}
	}
	if lines > 60 {
		t.Errorf("the client has %d lines that are not blank", lines)
	}
}

// runClient starts the README's client as juliet. It returns its next line that
// contains a text, and a function that interrupts it.
func runClient(t *testing.T, program, addr, authority, password string) (next func(text string) string, quit func()) {
	t.Helper()
	cmd := exec.Command(program, suite.Juliet.Bare().String(), addr, suite.Romeo.Bare().String())
	cmd.Env = append(os.Environ(), "XMPP_PASSWORD="+password, "SSL_CERT_FILE="+authority)
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(2*time.Minute, func() { _ = cmd.Process.Kill() })
	t.Cleanup(func() { late.Stop(); _ = cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	next = func(text string) string {
		t.Helper()
		var read []string
		for lines.Scan() {
			if read = append(read, lines.Text()); strings.Contains(lines.Text(), text) {
				return lines.Text()
			}
		}
		t.Fatalf("no line contains %q:\n%s", text, strings.Join(read, "\n"))
		return ""
	}
	quit = func() {
		t.Helper()
		_ = cmd.Process.Signal(os.Interrupt)
		for lines.Scan() {
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("after an interrupt: %v", err)
		}
	}
	return next, quit
}

func TestTheReadmesClientOnTheEmbeddedServer(t *testing.T) {
	t.Parallel()
	authority, cert, key := integration.Certificates(t, t.TempDir(), "capulet.lit")
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	srv := server.New(server.Config{
		Domains: []string{"capulet.lit", "montague.lit"}, Behaviour: server.XEP0318,
		TLS: &tls.Config{Certificates: []tls.Certificate{pair}},
	})
	defer func() { _ = srv.Close() }()
	srv.AddAccount(suite.Juliet, "wherefore")
	srv.AddAccount(suite.Romeo, "")
	srv.Befriend(suite.Juliet, suite.Romeo.Bare(), "Romeo")
	srv.SetOffline(suite.Romeo, time.Now().Add(-10*time.Minute), suite.Goodbye)
	addr, err := srv.Listen()
	if err != nil {
		t.Fatal(err)
	}
	next, quit := runClient(t, buildExample(t, "client"), addr.String(), authority, "wherefore")
	if line := next("online: "); !strings.Contains(line, "online: false") || !strings.Contains(line, suite.Goodbye) {
		t.Errorf("before: %s", line)
	}
	srv.Cut(suite.Juliet)
	next("disconnected: ")
	if line := next("online: "); !strings.Contains(line, "online: false") || !strings.Contains(line, suite.Goodbye) {
		t.Errorf("after a lost connection: %s", line)
	}
	quit()
}

func TestTheReadmesClientThroughAServersRestart(t *testing.T) {
	t.Parallel()
	program := buildExample(t, "client")
	for _, s := range servers {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w := s.start(t)
			romeo := suite.LogIn(t, w, suite.Romeo)
			romeo.Available()
			romeo.Leave(suite.Goodbye)
			next, quit := runClient(t, program, w.Addr, w.Authority, integration.Password)
			if line := next("online: "); !strings.Contains(line, "online: false") || !strings.Contains(line, suite.Goodbye) {
				t.Errorf("before: %s", line)
			}
			w.Kill()
			next("disconnected: ")
			w.Restart(t)
			if line := next("online: "); !strings.Contains(line, "online: false") {
				t.Errorf("after the restart: %s", line)
			}
			quit()
		})
	}
}
