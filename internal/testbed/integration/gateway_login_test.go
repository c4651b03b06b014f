package integration_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"mellium.im/xmlstream"
	"mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stanza"

	"example.org/lastpresence/internal/testbed/integration"
	"example.org/lastpresence/internal/testbed/suite"
	"example.org/lastpresence/probe/responder"
)

// TestALoginSeesAllContactsBehindAGateway has slixmpp log in, with two devices
// at once, with a roster of 500 contacts behind a gateway. The server probes all
// of them; each must be seen, and so must the chat that is opened at login.
func TestALoginSeesAllContactsBehindAGateway(t *testing.T) {
	t.Parallel()
	const contacts = 500
	python := integration.Slixmpp(t)
	for _, s := range componentServers {
		t.Run(s.name, func(t *testing.T) {
			srv := s.start(t)
			session := srv.Component(t, integration.Gate)
			r := responder.New(session,
				responder.Failed(func(err error) { t.Errorf("the responder: %v", err) }),
				responder.Gateway(
					func(prober, _ jid.JID) bool { return prober.Equal(suite.Juliet.Bare()) },
					func(context.Context, jid.JID, jid.JID) (responder.Presence, error) {
						time.Sleep(10 * time.Millisecond) // a database's
						return responder.Presence{Online: true, Resource: "phone", Status: "Here"}, nil
					}))
			served := make(chan struct{})
			go func() {
				defer close(served)
				_ = session.Serve(r.Handler(xmpp.HandlerFunc(acceptAll)))
			}()
			defer func() {
				_ = r.Close()
				_ = session.Conn().Close()
				<-served
			}()
			if got := slixmppLogin(t, python, srv, contacts); len(got) != 1 || got[0].Accepted != contacts {
				t.Fatalf("the subscriptions: %+v", got)
			}
			got := slixmppLogin(t, python, srv, contacts, "phone", "desk")
			if len(got) != 2 {
				t.Fatalf("two devices: %+v", got)
			}
			for _, device := range got {
				t.Logf("%+v", device)
				if device.Failed != "" || device.Seen != contacts {
					t.Errorf("%s has seen %d of %d contacts, %s", device.Device, device.Seen, contacts, device.Failed)
				}
				if !device.ChatSeen || device.ChatSeconds != 0 {
					t.Errorf("the chat on %s: %+v", device.Device, device)
				}
			}
		})
	}
}

// acceptAll accepts every subscription to a contact.
func acceptAll(t xmlstream.TokenReadEncoder, start *xml.StartElement) error {
	p, err := stanza.NewPresence(*start)
	if start.Name.Local != "presence" || err != nil || p.Type != stanza.SubscribePresence {
		return err
	}
	_, err = xmlstream.Copy(t, stanza.Presence{From: p.To.Bare(), To: p.From.Bare(), Type: stanza.SubscribedPresence}.Wrap(nil))
	return err
}

// login is what one device of slixmpp's saw.
type login struct {
	Device         string
	Seen, Accepted int
	AllMS          int  `json:"all_ms"`
	ChatMS         int  `json:"chat_ms"`
	ChatSeconds    int  `json:"chat_seconds"`
	ChatSeen       bool `json:"chat_seen"`
	Failed         string
}

func slixmppLogin(t *testing.T, python string, srv *integration.Server, contacts int, devices ...string) []login {
	t.Helper()
	host, port, err := net.SplitHostPort(srv.Addr)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	args := []string{"slixmpp_login.py", host, port, srv.Authority,
		suite.Juliet.Bare().String(), integration.Password, integration.Gate.String(), fmt.Sprint(contacts)}
	cmd := exec.CommandContext(ctx, python, append(args, devices...)...)
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("slixmpp: %v\n%s\n%s", err, out, errOut.String())
	}
	var all []login
	for line := range bytes.Lines(out) {
		var l login
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, l)
	}
	return all
}
