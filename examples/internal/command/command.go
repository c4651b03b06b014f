// Package command has what the example programs share as commands: how they
// start, read their flags and addresses, and report errors.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Main runs a program until it ends or is interrupted. It writes an error to
// standard error and exits with status 1, or with status 2 and the usage line
// where the program was called the wrong way.
func Main(name string, run func(ctx context.Context, args []string, out, errOut io.Writer) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(Report(name, err, os.Stderr))
}

// Report writes an error to errOut, if there is one, and returns the exit status
// that it means.
func Report(name string, err error, errOut io.Writer) (status int) {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	fmt.Fprintf(errOut, "%s: %s\n", name, Message(err))
	var wrong *Misuse
	if errors.As(err, &wrong) {
		fmt.Fprintf(errOut, "usage: %s (see %s -help)\n", wrong.usage, name)
		return 2
	}
	return 1
}

// Misuse is the error of a program that was called the wrong way.
type Misuse struct {
	usage string
	err   error
}

// Error returns what is wrong.
func (m *Misuse) Error() string { return m.err.Error() }

// Unwrap returns the cause.
func (m *Misuse) Unwrap() error { return m.err }

// Flags are the flags of a program and the names of its operands.
type Flags struct {
	*flag.FlagSet
	operands string
}

// NewFlags returns a program's flags. The operands are as the usage line names
// them, such as "[contact …]", and empty for a program that takes none.
func NewFlags(name, operands string) *Flags {
	f := &Flags{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError), operands: operands}
	f.FlagSet.Usage = f.help
	return f
}

// Parse reads the flags and operands. For -help it writes the flags to errOut
// and returns [flag.ErrHelp]. Every other error is a [Misuse].
func (f *Flags) Parse(args []string, errOut io.Writer) error {
	f.SetOutput(io.Discard)
	err := f.FlagSet.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		f.SetOutput(errOut)
		f.help()
		return err
	case err != nil:
		return f.Wrong("%w", err)
	case f.operands == "" && f.NArg() > 0:
		return f.Wrong("%q: there are no arguments, only flags", f.Arg(0))
	}
	if consumed := len(args) - f.NArg(); consumed > 0 && args[consumed-1] == "--" {
		return nil // what follows is operands, whatever it looks like
	}
	for _, arg := range f.Args() {
		if len(arg) > 1 && arg[0] == '-' {
			return f.Wrong("%s comes after %q: flags come first", arg, f.Arg(0))
		}
	}
	return nil
}

// Wrong returns a [Misuse] error.
func (f *Flags) Wrong(format string, args ...any) error {
	return &Misuse{f.usage(), fmt.Errorf(format, args...)}
}

func (f *Flags) usage() string {
	if f.operands == "" {
		return f.Name() + " [flags]"
	}
	return f.Name() + " [flags] " + f.operands
}

func (f *Flags) help() {
	fmt.Fprintf(f.Output(), "usage: %s\n", f.usage())
	f.VisitAll(func(v *flag.Flag) {
		name, usage := flag.UnquoteUsage(v)
		fmt.Fprintf(f.Output(), "  -%s %s\n    \t%s\n", v.Name, name, usage)
	})
}
