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

// wishes are what can be written to the plain client.
const wishes = "contacts, open ADDRESS, say ADDRESS TEXT, quit"

// plain prints what happens, a line each, and takes a line for each wish.
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
	lines := readLines(ctx, in)
	p := printer{client: c, model: newModel(c), out: out}
	for {
		wished := lines
		if !p.ready {
			wished = nil // wishes wait until it is connected
		}
		select {
		case err := <-done:
			if errors.Is(err, context.Canceled) {
				return nil
			}
			return err
		case e := <-events:
			p.event(e)
		case wish, ok := <-wished:
			if !ok || strings.TrimSpace(wish) == "quit" {
				cancel()
				<-done
				fmt.Fprintln(out, c.summary())
				return nil
			}
			p.grant(ctx, wish)
		}
	}
}

// readLines returns the lines of in, as they come.
func readLines(ctx context.Context, in io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(in); s.Scan(); {
			select {
			case lines <- s.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// printer is the plain client's output.
type printer struct {
	client *client
	model  model // for its words
	out    io.Writer
	ready  bool // it was connected
}

func (p *printer) show(contact roster.Contact) {
	fmt.Fprintf(p.out, "%s (%s): %s\n", title(contact), contact.JID, p.model.describe(contact))
}

func (p *printer) showAll() {
	for _, contact := range p.client.all() {
		p.show(contact)
	}
}

// event prints what happened.
func (p *printer) event(e event) {
	switch e := e.(type) {
	case connected:
		switch {
		case e.err != nil:
			p.failed(e.err)
		case p.ready:
			fmt.Fprintln(p.out, "connected again")
		default:
			p.ready = true
			fmt.Fprintln(p.out, "connected; write: "+wishes)
			p.showAll()
		}
	case news:
		if p.ready {
			p.show(e.contact)
		}
	case unkept:
		p.failed(e.err)
	case message:
		fmt.Fprintf(p.out, "%s says: %s\n", e.from, e.body)
	}
}

func (p *printer) failed(err error) {
	fmt.Fprintln(p.out, command.OneLine(err.Error()))
}

// grant does what was wished for.
func (p *printer) grant(ctx context.Context, wish string) {
	verb, rest, _ := strings.Cut(strings.TrimSpace(wish), " ")
	address, text, _ := strings.Cut(strings.TrimSpace(rest), " ")
	switch verb {
	case "contacts":
		p.showAll()
		return
	case "open", "say":
	default:
		fmt.Fprintf(p.out, "%q is not known; write: %s\n", verb, wishes)
		return
	}
	j, err := jid.Parse(address)
	if err != nil {
		fmt.Fprintf(p.out, "%q is no address: %v\n", address, err)
		return
	}
	if verb == "say" {
		if err := p.client.say(ctx, j, text); err != nil {
			p.failed(err)
		}
		return
	}
	o := p.client.open(ctx, j)
	p.show(o.contact)
	if note := explain(o.err); note != "" {
		fmt.Fprintln(p.out, note)
	}
}
