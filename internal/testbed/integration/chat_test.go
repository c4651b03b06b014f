package integration_test

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/suite"
)

// dialogue is the chat program as it runs in its linear mode.
type dialogue struct {
	t     *testing.T
	in    io.Writer
	lines chan string
	said  []string
}

// converse runs the program until the test ends, or it is told to quit.
func converse(t *testing.T, program string, srv *integration.Server, store string) *dialogue {
	t.Helper()
	cmd := exec.Command(program, "-plain", "-jid", suite.Juliet.String(), "-addr", srv.Addr, "-store", store,
		"-password-command", "echo "+integration.Password)
	cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+srv.Authority)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	d := &dialogue{t: t, in: in, lines: make(chan string, 1000)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer close(d.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			d.lines <- s.Text()
		}
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	return d
}

// say writes a line.
func (d *dialogue) say(line string) {
	d.t.Helper()
	if _, err := fmt.Fprintln(d.in, line); err != nil {
		d.t.Fatal(err)
	}
}

// await waits for a line with all these texts.
func (d *dialogue) await(texts ...string) {
	d.t.Helper()
	after := time.After(patience)
next:
	for {
		select {
		case line, ok := <-d.lines:
			if !ok {
				d.t.Fatalf("%q never came:\n%s", texts, strings.Join(d.said, "\n"))
			}
			d.said = append(d.said, line)
			for _, text := range texts {
				if !strings.Contains(line, text) {
					continue next
				}
			}
			return
		case <-after:
			d.t.Fatalf("%q never came:\n%s", texts, strings.Join(d.said, "\n"))
		}
	}
}

// TestChat uses the chat program with a real account: it asks, talks, reconnects
// by itself, and remembers.
func TestChat(t *testing.T) {
	t.Parallel()
	program := buildExample(t, "chat")
	for _, s := range componentServers {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			srv, store := s.start(t), t.TempDir()
			romeo := suite.LogIn(t, srv, suite.Romeo)
			romeo.Available()
			romeo.Leave(suite.Goodbye)

			d := converse(t, program, srv, store)
			d.await("connected")
			d.say("open romeo@montague.lit")
			d.await("romeo@montague.lit", "last seen just now", suite.Goodbye)

			session := srv.Login(t, suite.Romeo)
			heard := make(chan string, 10)
			served := make(chan struct{})
			go func() {
				defer close(served)
				_ = session.Serve(bodies(heard))
			}()
			if err := session.Send(t.Context(), stanza.Presence{}.Wrap(nil)); err != nil {
				t.Fatal(err)
			}
			d.await("romeo@montague.lit", "online")
			d.say("say romeo@montague.lit Wherefore art thou?")
			if body := <-heard; body != "Wherefore art thou?" {
				t.Errorf("Romeo heard %q", body)
			}

			d.say("say nobody@montague.lit Anybody?")
			d.await("the message to nobody@montague.lit was not delivered: ")

			srv.Kill()
			_ = session.Conn().Close()
			<-served
			d.await("not connected: ", "trying again in")
			d.say("say romeo@montague.lit Art thou gone?")
			d.await("the message to romeo@montague.lit was not sent: not connected")
			srv.Restart(t)
			d.await("connected again")
			d.say("open benvolio@montague.lit")
			d.await("benvolio@montague.lit")
			romeo = suite.LogIn(t, srv, suite.Romeo)
			romeo.Available()
			d.await("romeo@montague.lit", "online")
			romeo.Leave("Farewell.")
			d.await("romeo@montague.lit", "last seen just now", "Farewell.")
			d.say("quit")
			d.await("probes sent: ")

			d = converse(t, program, srv, store)
			d.await("connected")
			d.await("romeo@montague.lit", "last seen", "Farewell.")
			d.say("quit")
			d.await("probes sent: 0")

			file := filepath.Join(store, suite.Juliet.String()+".roster")
			if err := os.WriteFile(file, []byte("Dear diary"), 0o600); err != nil {
				t.Fatal(err)
			}
			d = converse(t, program, srv, store)
			d.await(file, "is damaged and was set aside")
			d.await("connected")
			d.say("quit")
			d.await("probes sent: 0")
		})
	}
}

// bodies tells the texts of messages.
func bodies(heard chan<- string) xmpp.Handler {
	return xmpp.HandlerFunc(func(t xmlstream.TokenReadEncoder, start *xml.StartElement) error {
		var m struct {
			Body string `xml:"body"`
		}
		if err := xml.NewTokenDecoder(xmlstream.MultiReader(xmlstream.Token(*start), t)).Decode(&m); err == nil && m.Body != "" {
			heard <- m.Body
		}
		return nil
	})
}
