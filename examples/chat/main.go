// Command chat is a small chat client for the terminal: contacts with their
// presence, and of those who are offline since when and with which words. A chat
// that is opened asks, where something is lacking.
//
// Without flags it starts an XMPP server inside the program, with contacts who
// come, go and answer. With -jid it is a client for a real account:
//
//	chat -jid juliet@capulet.lit
//	chat -jid juliet@capulet.lit -password-command 'pass show xmpp'
//
// What is known survives a restart. Connections go through the proxy that
// ALL_PROXY names. Where the output is no terminal, or with -plain, it prints
// lines and reads lines, as a screen reader likes it.
package main

import (
	"context"
	"errors"
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
	"example.org/lastpresence/roster"
	"example.org/lastpresence/roster/filestore"
)

// settings is what the command line says.
type settings struct {
	account.Settings
	command string
	store   string
	plain   bool
	picture string
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
	if set.picture != "" {
		f, err := os.Create(set.picture)
		if err != nil {
			return err
		}
		return errors.Join(picture(ctx, f), f.Close())
	}
	var login func(context.Context) (session, error)
	var store roster.Store
	if set.JID == "" {
		d, err := newDemo()
		if err != nil {
			return err
		}
		defer d.close()
		login = d.login
	} else {
		if set.Password, err = password(set, in, errOut); err != nil {
			return err
		}
		if store, err = filestore.New(set.store); err != nil {
			return err
		}
		login = func(ctx context.Context) (session, error) { return account.Connect(ctx, set.Settings) }
	}
	c := newClient(login, store)
	if set.plain || !isTerminal(out) {
		return plain(ctx, c, in, out)
	}
	p := tea.NewProgram(newModel(c), tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(out))
	done := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		done <- c.run(ctx, func(e event) { p.Send(e) })
		p.Quit()
	}()
	_, err = p.Run()
	cancel()
	if failed := <-done; failed != nil && !errors.Is(failed, context.Canceled) {
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
	flags.StringVar(&set.JID, "jid", "", "the account's `address`; without it, contacts are played on an embedded server")
	flags.StringVar(&set.command, "password-command", "", "a `command` that prints the password (default: $XMPP_PASSWORD, else it is asked for)")
	flags.StringVar(&set.Addr, "addr", "", "the server's `host:port` or WebSocket URL (default: looked up)")
	flags.StringVar(&set.TLS, "tls", "starttls", "starttls, direct, insecure (StartTLS with any certificate) or none")
	flags.StringVar(&set.store, "store", "", "the `folder` that keeps what is known (default: lastpresence in the user's cache)")
	flags.BoolVar(&set.plain, "plain", false, "print and read lines instead of drawing a screen")
	flags.StringVar(&set.picture, "picture", "", "play a scene on the embedded server, and draw the screen into this SVG `file`")
	if err := flags.Parse(args, errOut); err != nil {
		return set, err
	}
	switch set.TLS {
	case "starttls", "direct", "insecure", "none":
	default:
		return set, flags.Wrong("-tls %q: want starttls, direct, insecure or none", set.TLS)
	}
	if set.store == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return set, err
		}
		set.store = filepath.Join(dir, "lastpresence")
	}
	return set, nil
}

// password returns the password from wherever it is, asked for without echo at
// last.
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
		return "", errors.New("there is no password: set XMPP_PASSWORD or use -password-command")
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
