// Command chat is a small chat client for the terminal. It shows the presence
// of contacts. For those who are offline it shows when they were last seen and
// their last status. Opening a chat asks the contact's server for what is
// missing.
//
// Without flags it starts an XMPP server inside the program, with contacts who
// come, go and answer. With -jid it is a client for a real account:
//
//	chat -jid juliet@capulet.lit
//	chat -jid juliet@capulet.lit -password-command 'pass show xmpp'
//
// What is known survives a restart, and is shown before there is a connection.
// Connections go through the proxy that ALL_PROXY names. Where the output is not a
// terminal, or with -plain, the program prints and reads lines, which suits a
// screen reader.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/term"

	"example.org/lastpresence/examples/internal/account"
	"example.org/lastpresence/examples/internal/command"
	"example.org/lastpresence/examples/internal/words"
	"example.org/lastpresence/roster"
	"example.org/lastpresence/roster/filestore"
)

// settings is what the command line says.
type settings struct {
	account.Settings
	command string
	store   string // empty: nothing is kept
	clock   string
	plain   bool
	picture string

	wrong func(format string, args ...any) error // makes the error of a wrong command line
}

func main() {
	command.Main("chat", func(ctx context.Context, args []string, out, errOut io.Writer) error {
		return run(ctx, args, os.Stdin, out, errOut)
	})
}

func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) error {
	set, err := parse(args, errOut)
	if err != nil {
		return err
	}
	times := words.Times(os.Getenv, set.clock)
	if set.picture != "" {
		f, err := os.Create(set.picture)
		if err != nil {
			return err
		}
		return errors.Join(picture(ctx, f), f.Close())
	}
	var c *client
	if set.JID == "" {
		d := newDemo()
		defer d.close()
		c = newClient(juliet, d.login, nil)
	} else if c, err = real(set, in, errOut); err != nil {
		return err
	}
	if set.plain || !isTerminal(out) {
		return plain(ctx, c, times, in, out)
	}
	return draw(ctx, newModel(c, times), in, out)
}

// real returns the client of a real account.
func real(set settings, in io.Reader, errOut io.Writer) (*client, error) {
	address, err := account.Address(set.JID)
	if err != nil {
		return nil, err
	}
	if set.Password, err = password(set, in, errOut); err != nil {
		return nil, err
	}
	var store roster.Store
	unkept := errors.New("nothing is kept, because HOME is not set; -store names a folder")
	if set.store != "" {
		unkept = nil
		if store, err = filestore.New(set.store); err != nil {
			return nil, err
		}
	}
	login := func(ctx context.Context) (session, error) { return account.Connect(ctx, set.Settings) }
	c := newClient(address, login, store)
	if unkept != nil {
		c.failed(unkept)
	}
	return c, nil
}

// draw shows the client on the screen until the user quits.
func draw(ctx context.Context, m model, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(out))
	done := make(chan error, 1)
	go func() {
		done <- m.client.run(ctx, func(e event) { p.Send(e) })
		p.Quit()
	}()
	_, err := p.Run()
	cancel()
	if failed := <-done; !errors.Is(failed, context.Canceled) {
		return failed
	}
	if errors.Is(err, tea.ErrProgramKilled) || errors.Is(err, tea.ErrInterrupted) {
		return nil
	}
	return err
}

func parse(args []string, errOut io.Writer) (settings, error) {
	var set settings
	flags := command.NewFlags("chat", "")
	flags.StringVar(&set.JID, "jid", "", "the account's `address`; without it, a demo runs on an embedded server")
	flags.StringVar(&set.command, "password-command", "", "a `command` that prints the password (default: $XMPP_PASSWORD, else it is asked for)")
	flags.StringVar(&set.Addr, "addr", "", "the server's `host:port` or WebSocket URL (default: looked up)")
	flags.StringVar(&set.TLS, "tls", "starttls", "`how` to encrypt: starttls, direct, insecure (StartTLS with any certificate) or none")
	flags.StringVar(&set.store, "store", "", "the `folder` that keeps what is known (default: lastpresence in the user's cache)")
	flags.StringVar(&set.clock, "clock", "", "12 or 24 `hours` (default: from your locale)")
	flags.BoolVar(&set.plain, "plain", false, "print and read lines instead of drawing a screen")
	flags.StringVar(&set.picture, "picture", "", "play a scene on the embedded server, and draw the screen to this SVG `file`")
	if err := flags.Parse(args, errOut); err != nil {
		return set, err
	}
	set.wrong = flags.Wrong
	check, given := set.Settings, false
	flags.Visit(func(f *flag.Flag) { given = given || f.Name == "jid" })
	if !given {
		check.JID = "nobody@example.org" // the other flags are to be right all the same
	}
	if err := check.Check(); err != nil {
		return set, flags.Wrong("%w", err)
	}
	if set.clock != "" && set.clock != "12" && set.clock != "24" {
		return set, flags.Wrong("-clock %q: want 12 or 24", set.clock)
	}
	if dir, err := os.UserCacheDir(); err == nil && set.store == "" {
		set.store = filepath.Join(dir, "lastpresence")
	}
	return set, nil
}

// password returns the password: of the command, of the environment, or what the
// user types, without echo.
func password(set settings, in io.Reader, errOut io.Writer) (string, error) {
	if set.command != "" {
		cmd := exec.Command("sh", "-c", set.command)
		cmd.Stderr = errOut
		out, err := cmd.Output()
		if err != nil {
			return "", fmt.Errorf("-password-command: %w", err)
		}
		first, _, _ := strings.Cut(string(out), "\n")
		return first, nil
	}
	if p := os.Getenv("XMPP_PASSWORD"); p != "" {
		return p, nil
	}
	f, ok := in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return "", set.wrong("there is no password: set XMPP_PASSWORD or use -password-command")
	}
	fmt.Fprintf(errOut, "Password of %s: ", set.JID)
	b, err := term.ReadPassword(int(f.Fd()))
	fmt.Fprintln(errOut)
	return string(b), err
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
