// Command openchat opens chats with contacts, the way a chat client does, and
// tells when those who are offline were last there and what they said as they
// left.
//
// Without flags it starts an XMPP server inside the program and plays the whole
// story there. With -jid it does the same on a real account:
//
//	openchat -jid juliet@capulet.lit -password … romeo@montague.lit
//	openchat -jid juliet@capulet.lit -uptime montague.lit
//
// The exit status is 0 if the state of every contact was learnt, and 1 if not,
// or if anything failed.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/examples/internal/account"
	"example.org/lastpresence/examples/internal/command"
)

// settings is what the command line says.
type settings struct {
	account.Settings
	timeout  time.Duration
	json     bool
	uptime   string
	contacts []string
}

func main() {
	command.Main("openchat", run)
}

func run(ctx context.Context, args []string, out, errOut io.Writer) error {
	set, err := parse(args, errOut)
	if err != nil {
		return err
	}
	if set.JID == "" {
		return story(ctx, out)
	}
	var print printer = people{out}
	if set.json {
		print = lines{out}
	}
	return open(ctx, set, print)
}

func parse(args []string, errOut io.Writer) (settings, error) {
	var set settings
	flags := command.NewFlags("openchat", "[contact …]")
	flags.StringVar(&set.JID, "jid", "", "the account's `address`; without it, the story is played on an embedded server")
	flags.StringVar(&set.Password, "password", "", "the account's password (default $XMPP_PASSWORD)")
	flags.StringVar(&set.Addr, "addr", "", "the server's `host:port` or WebSocket URL (default: looked up)")
	flags.StringVar(&set.TLS, "tls", "starttls", "starttls, direct, insecure (StartTLS with any certificate) or none")
	flags.DurationVar(&set.timeout, "timeout", 10*time.Second, "how long to wait for each answer")
	flags.BoolVar(&set.json, "json", false, "print one JSON object a line")
	flags.StringVar(&set.uptime, "uptime", "", "ask since when this server or component is up")
	if err := flags.Parse(args, errOut); err != nil {
		return set, err
	}
	if set.Password == "" {
		set.Password = os.Getenv("XMPP_PASSWORD")
	}
	set.contacts = flags.Args()
	switch set.TLS {
	case "starttls", "direct", "insecure", "none":
	default:
		return set, flags.Wrong("-tls %q: want starttls, direct, insecure or none", set.TLS)
	}
	if set.JID == "" && (len(set.contacts) > 0 || set.uptime != "" || set.json) {
		return set, flags.Wrong("contacts, -uptime and -json need an account: -jid")
	}
	return set, nil
}

// open logs in, asks what the command line wants to know, and prints it.
func open(ctx context.Context, set settings, print printer) error {
	addresses, err := parseAll(set.contacts)
	if err != nil {
		return err
	}
	client, err := logIn(ctx, set)
	if err != nil {
		return err
	}
	defer client.close()
	if set.uptime != "" {
		err = errors.Join(err, client.uptime(ctx, set.uptime, set.timeout, print))
	} else if len(addresses) == 0 {
		print.roster(client.contacts)
	}
	for _, contact := range addresses {
		err = errors.Join(err, client.open(ctx, contact, set.timeout, print))
	}
	return err
}

func parseAll(contacts []string) ([]jid.JID, error) {
	addresses := make([]jid.JID, 0, len(contacts))
	for _, s := range contacts {
		j, err := jid.Parse(s)
		if err != nil {
			return nil, fmt.Errorf("contact %q is no address: %w", s, err)
		}
		addresses = append(addresses, j)
	}
	return addresses, nil
}
