package integration_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// lacking ends the test for want of something.
func lacking(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("LASTPRESENCE_REQUIRE_SERVERS") == "1" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// gateway is a webchat process.
type gateway struct {
	t     testing.TB
	url   string
	cmd   *exec.Cmd
	ended chan struct{}

	mu   sync.Mutex
	said bytes.Buffer
}

// startWebchat runs the program until the test ends.
func startWebchat(t testing.TB, program, authority string, args ...string) *gateway {
	t.Helper()
	g := &gateway{t: t, cmd: exec.Command(program, append([]string{"-listen", "127.0.0.1:0"}, args...)...), ended: make(chan struct{})}
	g.cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+authority)
	g.cmd.Stderr = g
	out, err := g.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := g.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	url, err := lines.ReadString('\n')
	go func() {
		defer close(g.ended)
		_, _ = io.Copy(g, lines)
		_ = g.cmd.Wait()
	}()
	t.Cleanup(func() {
		g.kill()
		if t.Failed() {
			t.Log(g.output())
		}
	})
	if err != nil {
		t.Fatalf("webchat does not start: %v\n%s", err, g.output())
	}
	g.url = strings.TrimSpace(url)
	return g
}

func (g *gateway) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.said.Write(p)
}

func (g *gateway) output() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.said.String()
}

// kill ends the process as kill -9 does.
func (g *gateway) kill() {
	_ = g.cmd.Process.Kill()
	<-g.ended
}

// stop ends it politely.
func (g *gateway) stop() {
	g.t.Helper()
	_ = g.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-g.ended:
	case <-time.After(patience):
		g.t.Fatal("webchat does not end")
	}
}

// metric returns the lines of the metrics that begin with a text.
func (g *gateway) metric(name string) string {
	g.t.Helper()
	answer, err := plainHTTP.Get(g.url + "metrics")
	if err != nil {
		g.t.Fatal(err)
	}
	defer answer.Body.Close()
	var found []string
	for s := bufio.NewScanner(answer.Body); s.Scan(); {
		if strings.HasPrefix(s.Text(), name) {
			found = append(found, s.Text())
		}
	}
	return strings.Join(found, "\n")
}

// plainHTTP leaves no connection behind.
var plainHTTP = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
