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
			granted := make(chan string, 1)
			go func() { granted <- p.grant(ctx, wish) }()
			// The session, which brings the answer, waits for its news to be
			// taken.
			for waiting := true; waiting; {
				select {
				case e := <-events:
					p.event(e)
				case text := <-granted:
					fmt.Fprint(out, text)
					waiting = false
				}
			}
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

// line is what is known of a contact.
func (p *printer) line(contact roster.Contact) string {
	return fmt.Sprintf("%s (%s): %s\n", title(contact), contact.JID, p.model.describe(contact))
}

// all is what is known of every contact.
func (p *printer) all() string {
	var b strings.Builder
	for _, contact := range p.client.all() {
		b.WriteString(p.line(contact))
	}
	return b.String()
}

// event prints what happened.
func (p *printer) event(e event) {
	switch e := e.(type) {
	case connected:
		switch {
		case e.err != nil:
			fmt.Fprint(p.out, failure(e.err))
		case p.ready:
			fmt.Fprintln(p.out, "connected again")
		default:
			p.ready = true
			fmt.Fprint(p.out, "connected; write: "+wishes+"\n"+p.all())
		}
	case news:
		if p.ready {
			fmt.Fprint(p.out, p.line(e.contact))
		}
	case unkept:
		fmt.Fprint(p.out, failure(e.err))
	case message:
		fmt.Fprintf(p.out, "%s says: %s\n", e.from, e.body)
	}
}

func failure(err error) string {
	return command.OneLine(err.Error()) + "\n"
}

// grant does what was wished for, which may take a while, and returns what there
// is to say of it.
func (p *printer) grant(ctx context.Context, wish string) string {
	verb, rest, _ := strings.Cut(strings.TrimSpace(wish), " ")
	address, text, _ := strings.Cut(strings.TrimSpace(rest), " ")
	switch verb {
	case "contacts":
		return p.all()
	case "open", "say":
	default:
		return fmt.Sprintf("%q is not known; write: %s\n", verb, wishes)
	}
	j, err := jid.Parse(address)
	if err != nil {
		return fmt.Sprintf("%q is no address: %v\n", address, err)
	}
	if verb == "say" {
		if err := p.client.say(ctx, j, text); err != nil {
			return failure(err)
		}
		return ""
	}
	o := p.client.open(ctx, j)
	said := p.line(o.contact)
	if note := explain(o.err); note != "" {
		said += note + "\n"
	}
	return said
}
