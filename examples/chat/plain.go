package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"example.org/lastpresence/examples/internal/command"
	"example.org/lastpresence/examples/internal/words"
	"example.org/lastpresence/roster"
	"example.org/lastpresence/roster/ago"
)

// wishes are the commands of the plain client.
const wishes = "contacts, open ADDRESS, say ADDRESS TEXT, quit"

// plain prints what happens, one line each, and reads a command from each line
// of input. Commands wait until the first attempt to connect has ended; quit
// does not. The end of the input ends the program, with an error if there never
// was a connection.
func plain(ctx context.Context, c *client, times *ago.Language, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events := make(chan event)
	done := make(chan error, 1)
	go func() {
		done <- c.run(ctx, func(e event) {
			select {
			case events <- e:
			case <-ctx.Done():
			}
		})
	}()
	p := newPrinter(c, times, out)
	lines, granted := readLines(ctx, in), make(chan func() string, 1)
	var waiting []string // wishes
	var busy, over bool  // a wish is being granted; there are no more lines
	for {
		if !busy && p.tried && len(waiting) > 0 {
			wish := waiting[0]
			waiting, busy = waiting[1:], true
			go func() { granted <- grant(ctx, p, wish) }()
		}
		if over && !busy && p.tried && len(waiting) == 0 {
			cancel()
			<-done
			fmt.Fprintln(out, c.summary())
			return p.never
		}
		select {
		case err := <-done:
			if errors.Is(err, context.Canceled) {
				return nil
			}
			return err
		case e := <-events:
			p.event(e)
		case answer := <-granted:
			fmt.Fprint(out, answer())
			busy = false
		case line, ok := <-lines:
			switch line = strings.TrimSpace(line); {
			case !ok:
				over, lines = true, nil
			case line == "quit" && len(waiting) == 0 && !busy:
				cancel()
				<-done
				fmt.Fprintln(out, c.summary())
				return nil
			case line == "quit":
				over, lines, p.never = true, nil, nil
			case line != "":
				waiting = append(waiting, line)
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
	model model // for its words
	out   io.Writer
	tried bool  // an attempt to connect has ended
	once  bool  // there was a connection
	never error // why there never was one
	began time.Time
	said  map[string]string // what was printed of each contact, as of began
}

func newPrinter(c *client, times *ago.Language, out io.Writer) *printer {
	return &printer{model: newModel(c, times), out: out, began: time.Now(), said: make(map[string]string)}
}

// line describes a contact.
func (p *printer) line(contact roster.Contact) string {
	p.said[contact.JID.String()] = p.timeless(contact)
	return fmt.Sprintf("%s (%s): %s\n", words.Title(contact), contact.JID, p.model.describe(contact))
}

// all describes every contact.
func (p *printer) all() string {
	var b strings.Builder
	for _, contact := range p.model.client.all() {
		b.WriteString(p.line(contact))
	}
	return b.String()
}

// event prints what happened.
func (p *printer) event(e event) {
	switch e := e.(type) {
	case connection:
		p.connection(e)
	case news:
		p.news(e.contact)
	case unkept:
		fmt.Fprintln(p.out, e)
	case message:
		fmt.Fprintf(p.out, "%s %s says: %s\n", p.model.clock(p.model.now()), e.from, e.body)
	case undelivered:
		fmt.Fprintf(p.out, "the message to %s was not delivered: %s\n", e.from, words.Undelivered(e.err))
	}
}

// news describes a contact if the reader does not know this yet. The reader
// knows that everything is stale without a connection. Contacts that were
// online then are described again.
func (p *printer) news(contact roster.Contact) {
	key, said := contact.JID.String(), p.timeless(contact)
	switch {
	case p.model.up && p.said[key] != said:
		fmt.Fprint(p.out, p.line(contact))
	case !p.model.up && contact.Online:
		p.said[key] = said
	}
}

// timeless describes a contact in words that stay the same as time passes.
func (p *printer) timeless(contact roster.Contact) string {
	return words.Describe(contact, p.model.times, p.began)
}

func (p *printer) connection(c connection) {
	p.model.connection(c)
	first := !p.tried
	p.tried = true
	switch {
	case c.err != nil:
		if !p.once {
			p.never = c.err
		}
		fmt.Fprintln(p.out, command.OneLine(p.model.plainState()))
		if first {
			fmt.Fprint(p.out, "write: "+wishes+"\n"+p.all())
		}
	case p.once:
		fmt.Fprintln(p.out, "connected again")
	default:
		p.once, p.never = true, nil
		fmt.Fprint(p.out, "connected; write: "+wishes+"\n"+p.all())
	}
}

// grant carries out a command, which may take a while. It returns a function
// that describes the result, for the goroutine that prints.
func grant(ctx context.Context, p *printer, wish string) func() string {
	verb, rest, _ := strings.Cut(wish, " ")
	address, text, _ := strings.Cut(strings.TrimSpace(rest), " ")
	switch verb {
	case "contacts":
		return p.all
	case "open", "say":
	default:
		return answer("%q is not known; write: %s\n", verb, wishes)
	}
	j, err := command.Address(address)
	if err != nil {
		return answer("%s\n", command.Message(err))
	}
	c := p.model.client
	if verb == "open" {
		o := c.open(ctx, j)
		return func() string { return p.opened(o) }
	}
	if strings.TrimSpace(text) == "" {
		return answer("there is nothing to say: write say ADDRESS TEXT\n")
	}
	if err := c.say(j, c.nextID(), text); err != nil {
		return answer("the message to %s was not sent: %s\n", j, words.Why(err))
	}
	return answer("")
}

func answer(format string, args ...any) func() string {
	return func() string { return fmt.Sprintf(format, args...) }
}

// opened is how opening a chat ended.
func (p *printer) opened(o opened) string {
	why := words.Why(o.err)
	o.contact.Err = nil // it is said below
	said := p.line(o.contact)
	if why != "" && !strings.Contains(said, why) {
		said += why + "\n"
	}
	return said
}
