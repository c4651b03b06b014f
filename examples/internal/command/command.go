// Package command is what the example programs have in common as commands: how
// they begin, read their flags, and fail.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"unicode"
)

// Main runs a program until it ends, or is interrupted. An error is one line on
// standard error, and the exit status 1.
func Main(name string, run func(ctx context.Context, args []string, out, errOut io.Writer) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return
	}
	fmt.Fprintf(os.Stderr, "%s: %s\n", name, OneLine(strings.ReplaceAll(err.Error(), "\n", "; ")))
	stop()
	os.Exit(1)
}

// Parse reads flags. It writes to errOut only what they are, and only if
// that is what was asked for, and returns [flag.ErrHelp] then.
func Parse(flags *flag.FlagSet, args []string, errOut io.Writer) error {
	flags.SetOutput(io.Discard)
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(errOut)
		flags.Usage()
	case err != nil:
		return fmt.Errorf("%w (see %s -help)", err, flags.Name())
	}
	return err
}

// OneLine keeps a peer's text from breaking out of its line, or from moving the
// cursor.
func OneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, unicode.IsControl), " ")
}
