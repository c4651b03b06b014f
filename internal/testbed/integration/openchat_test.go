package integration_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/armon/go-socks5"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/suite"
)

// buildExample builds an example program and returns where it is.
func buildExample(t *testing.T, name string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	build := exec.Command("go", "build", "-C", "../../../examples", "-o", program, "./"+name)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", name, err, out)
	}
	return program
}

// TestOpenchat runs the example program against every real server, as a user
// would.
func TestOpenchat(t *testing.T) {
	t.Parallel()
	program := buildExample(t, "openchat")
	for _, s := range servers {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w := s.start(t)
			romeo := suite.LogIn(t, w, suite.Romeo)
			romeo.Available()
			romeo.Leave(suite.Goodbye)
			proxy, dialed := socks(t)
			var through string // a proxy
			openchat := func(authority string, args ...string) (out, errOut string, err error) {
				cmd := exec.Command(program, append([]string{"-jid", "juliet@capulet.lit", "-addr", w.Addr, "-json"}, args...)...)
				cmd.Env = append(os.Environ(), "XMPP_PASSWORD="+integration.Password, "SSL_CERT_FILE="+authority, "ALL_PROXY="+through)
				var o, e bytes.Buffer
				cmd.Stdout, cmd.Stderr = &o, &e
				err = cmd.Run()
				return o.String(), e.String(), err
			}

			out, errOut, err := openchat(w.Authority, "romeo@montague.lit")
			var contact struct{ Contact, Status, Outcome, Cause, Error, Last_seen string }
			if err != nil || json.Unmarshal([]byte(out), &contact) != nil || contact.Contact != "romeo@montague.lit" ||
				contact.Status != suite.Goodbye || contact.Outcome != "unavailable" || contact.Cause != "goodbye" || contact.Last_seen == "" {
				t.Errorf("a contact who is offline: %s %s %v", out, errOut, err)
			}
			out, errOut, err = openchat(w.Authority, "tybalt@capulet.lit")
			if status(err) != 1 || json.Unmarshal([]byte(out), &contact) != nil || contact.Outcome != "unauthorized" || contact.Error == "" ||
				errOut != "openchat: tybalt@capulet.lit: does not share presence with you\n" {
				t.Errorf("a stranger: %s %s %v", out, errOut, err)
			}
			for _, wrong := range [][]string{{"-timeout", "0", "romeo@montague.lit"}, {"romeo@montague.lit", "-json"}, {"romeo@@montague.lit"}} {
				out, errOut, err = openchat(w.Authority, wrong...)
				if status(err) != 2 || out != "" || !strings.Contains(errOut, "\nusage: openchat [flags] [contact …]") {
					t.Errorf("%v: %s %s %v", wrong, out, errOut, err)
				}
			}
			out, errOut, err = openchat(w.Authority, "-uptime", "montague.lit")
			var host struct{ Host, Since, Source string }
			if err != nil || json.Unmarshal([]byte(out), &host) != nil || host.Host != "montague.lit" || host.Since == "" {
				t.Errorf("a host: %s %s %v", out, errOut, err)
			}
			for way, args := range map[string][]string{
				"direct TLS":    {"-tls", "direct", "-addr", w.Direct},
				"any authority": {"-tls", "insecure"},
				"WebSocket":     {"-addr", w.WebSocket},
			} {
				authority := w.Authority
				if way == "any authority" {
					authority = os.DevNull
				}
				out, errOut, err = openchat(authority, append(args, "romeo@montague.lit")...)
				if err != nil || json.Unmarshal([]byte(out), &contact) != nil || contact.Status != suite.Goodbye {
					t.Errorf("%s: %s %s %v", way, out, errOut, err)
				}
			}
			through = proxy
			for _, addr := range []string{w.Addr, w.WebSocket} {
				before := dialed.Load()
				out, errOut, err = openchat(w.Authority, "-addr", addr, "romeo@montague.lit")
				if err != nil || json.Unmarshal([]byte(out), &contact) != nil || contact.Status != suite.Goodbye || dialed.Load() != before+1 {
					t.Errorf("%s, through a proxy: %s %s %v, %d times", addr, out, errOut, err, dialed.Load()-before)
				}
			}
			through = ""
			out, errOut, err = openchat(os.DevNull, "-addr", w.WebSocket, "romeo@montague.lit")
			if err == nil || out != "" || strings.Count(errOut, "\n") != 1 || !strings.Contains(errOut, "certificate") {
				t.Errorf("a WebSocket's certificate that is not trusted: %s %s %v", out, errOut, err)
			}
			out, errOut, err = openchat(os.DevNull, "romeo@montague.lit")
			if err == nil || out != "" || strings.Count(errOut, "\n") != 1 || !strings.Contains(errOut, "certificate") {
				t.Errorf("a certificate that is not trusted: %s %s %v", out, errOut, err)
			}
			out, errOut, err = openchat(w.Authority, "-password", "swordfish", "romeo@montague.lit")
			if status(err) != 1 || out != "" || errOut != "openchat: log in as juliet@capulet.lit: wrong password, or no such account\n" {
				t.Errorf("a wrong password: %s %s %v", out, errOut, err)
			}
		})
	}
}

// status returns the exit status of a program that ran.
func status(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return 0
}

// socks starts a SOCKS proxy. It returns its URL, and how often it dialed.
func socks(t *testing.T) (url string, dialed *atomic.Int64) {
	t.Helper()
	dialed = new(atomic.Int64)
	proxy, err := socks5.New(&socks5.Config{
		Logger: log.New(io.Discard, "", 0),
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			dialed.Add(1)
			return new(net.Dialer).DialContext(ctx, network, addr)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() { _ = proxy.Serve(l) }()
	return "socks5://" + l.Addr().String(), dialed
}
