// Command openchat opens chats with contacts, as a chat client does. For those
// who are offline it prints when they were last seen and their last status.
//
// Without flags it runs a demo on an XMPP server inside the program. With -jid
// it does the same on a real account:
//
//	openchat -jid juliet@capulet.lit -password … romeo@montague.lit
//	openchat -jid juliet@capulet.lit -uptime montague.lit
//
// The exit status is 0 if the state of every contact was learnt, 1 if it was not
// or something failed, and 2 if the command line is wrong.
package main

import (
	"context"
	"errors"
	"flag"
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
	uptime   jid.JID // of which server or component; zero: not asked
	contacts []jid.JID
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
	flags.StringVar(&set.JID, "jid", "", "the account's `address`; without it, a demo runs on an embedded server")
	flags.StringVar(&set.Password, "password", "", "the account's `password` (default $XMPP_PASSWORD)")
	flags.StringVar(&set.Addr, "addr", "", "the server's `host:port` or WebSocket URL (default: looked up)")
	flags.StringVar(&set.TLS, "tls", "starttls", "`how` to encrypt: starttls, direct, insecure (StartTLS with any certificate) or none")
	flags.DurationVar(&set.timeout, "timeout", 10*time.Second, "how `long` to wait for each answer")
	flags.BoolVar(&set.json, "json", false, "print one JSON object per line")
	uptime := flags.String("uptime", "", "ask this server or component (its `host` name) for its start time")
	if err := flags.Parse(args, errOut); err != nil {
		return set, err
	}
	if set.Password == "" {
		set.Password = os.Getenv("XMPP_PASSWORD")
	}
	given := make(map[string]bool)
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if set.timeout <= 0 {
		return set, flags.Wrong("-timeout %v: want more than 0, such as 5s", set.timeout)
	}
	if !given["jid"] && (flags.NArg() > 0 || given["uptime"] || given["json"]) {
		return set, flags.Wrong("contacts, -uptime and -json need an account: -jid")
	}
	var err error
	if given["uptime"] {
		if set.uptime, err = host(*uptime); err != nil {
			return set, flags.Wrong("-uptime: %w", err)
		}
	}
	if set.contacts, err = addresses(flags.Args()); err != nil {
		return set, flags.Wrong("%w", err)
	}
	check := set.Settings
	if !given["jid"] {
		check.JID = "nobody@example.org" // the other flags are to be right all the same
	}
	if err := check.Check(); err != nil {
		return set, flags.Wrong("%w", err)
	}
	if given["jid"] && set.Password == "" {
		return set, flags.Wrong("there is no password: set XMPP_PASSWORD or use -password")
	}
	return set, nil
}

// host parses the address of a server or component.
func host(s string) (jid.JID, error) {
	j, err := command.Address(s)
	if err == nil && j.Localpart() != "" {
		err = fmt.Errorf("%q is an account: want a server or component, such as %s", s, j.Domainpart())
	}
	return j.Domain(), err
}

func addresses(contacts []string) ([]jid.JID, error) {
	list := make([]jid.JID, 0, len(contacts))
	for _, s := range contacts {
		j, err := command.Address(s)
		if err != nil {
			return nil, err
		}
		list = append(list, j)
	}
	return list, nil
}

// open logs in, asks what the command line wants to know, and prints it.
func open(ctx context.Context, set settings, print printer) error {
	client, err := logIn(ctx, set)
	if err != nil {
		return err
	}
	defer client.close()
	if asked := !set.uptime.Equal(jid.JID{}); asked {
		err = client.uptime(ctx, set.uptime, set.timeout, print)
	} else if len(set.contacts) == 0 {
		print.roster(client.contacts)
	}
	for _, contact := range set.contacts {
		err = errors.Join(err, client.open(ctx, contact, set.timeout, print))
	}
	return err
}
