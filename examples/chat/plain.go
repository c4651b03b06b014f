package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"mellium.im/xmpp/jid"

	"example.org/lastpresence/examples/internal/command"
	"example.org/lastpresence/roster"
)

// plain prints what happens, a line each, and takes a line for each wish:
// contacts, open ADDRESS, say ADDRESS TEXT, quit.
func plain(ctx context.Context, c *client, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events := make(chan event)
	tell := func(e event) {
		select {
		case events <- e:
		case <-ctx.Done():
		}
	}
	done := make(chan error, 1)
	go func() { done <- c.run(ctx, tell) }()
	wishes := make(chan string)
	go func() {
		defer close(wishes)
		for s := bufio.NewScanner(in); s.Scan(); {
			select {
			case wishes <- s.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	m := newModel(c)
	show := func(contact roster.Contact) {
		fmt.Fprintf(out, "%s (%s): %s\n", title(contact), contact.JID, m.describe(contact))
	}
	ready := false
	var queue chan string // nil until it is connected, then wishes
	for {
		select {
		case err := <-done:
			if errors.Is(err, context.Canceled) {
				return nil
			}
			return err
		case e := <-events:
			switch e := e.(type) {
			case connected:
				if e.err != nil {
					fmt.Fprintln(out, command.OneLine(e.err.Error()))
					continue
				}
				if ready {
					fmt.Fprintln(out, "connected again")
				} else {
					ready = true
					fmt.Fprintln(out, "connected; write: contacts, open ADDRESS, say ADDRESS TEXT, quit")
					for _, contact := range c.all() {
						show(contact)
					}
					queue = wishes
				}
			case news:
				if ready {
					show(e.contact)
				}
			case message:
				fmt.Fprintf(out, "%s says: %s\n", e.from, e.body)
			}
		case wish, ok := <-queue:
			verb, rest, _ := strings.Cut(strings.TrimSpace(wish), " ")
			address, text, _ := strings.Cut(strings.TrimSpace(rest), " ")
			switch {
			case !ok || verb == "quit":
				cancel()
				<-done
				fmt.Fprintln(out, c.summary())
				return nil
			case verb == "contacts":
				for _, contact := range c.all() {
					show(contact)
				}
				continue
			case verb != "open" && verb != "say":
				fmt.Fprintf(out, "%q is not known; write: contacts, open ADDRESS, say ADDRESS TEXT, quit\n", verb)
				continue
			}
			j, err := jid.Parse(address)
			if err != nil {
				fmt.Fprintf(out, "%q is no address: %v\n", address, err)
				continue
			}
			if verb == "say" {
				if err := c.say(ctx, j, text); err != nil {
					fmt.Fprintln(out, command.OneLine(err.Error()))
				}
				continue
			}
			o := c.open(ctx, j)
			show(o.contact)
			if note := explain(o.err); note != "" {
				fmt.Fprintln(out, note)
			}
		}
	}
}
