package command

import (
	"errors"
	"flag"
	"strings"
	"testing"
)

func TestFlagsAreExplainedOnlyIfAskedFor(t *testing.T) {
	for _, tc := range []struct {
		name, arg, err string
		help           bool
	}{
		{"fine", "-n=5", "", false},
		{"no such flag", "-x", "not defined: -x (see try -help)", false},
		{"a flag without its value", "-n", "needs an argument: -n (see try -help)", false},
		{"a value that is none", "-n=many", "invalid value", false},
		{"help", "-help", "help", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			flags := flag.NewFlagSet("try", flag.ContinueOnError)
			flags.Int("n", 0, "how `many`")
			var out strings.Builder
			err := Parse(flags, []string{tc.arg}, &out)
			if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Errorf("Parse: %v, want %q", err, tc.err)
			}
			if errors.Is(err, flag.ErrHelp) != tc.help || strings.Contains(out.String(), "how many") != tc.help {
				t.Errorf("%v, and it wrote %q", err, out.String())
			}
		})
	}
}

func TestOneLine(t *testing.T) {
	for in, want := range map[string]string{
		"plain":               "plain",
		"two\nlines\r\n":      "two lines",
		"\x1b[2Jcleared\x07":  "[2Jcleared",
		"C1: \u009b2J":        "C1:  2J",
		"tab\tand\u0085break": "tab and break",
	} {
		if got := OneLine(in); got != want {
			t.Errorf("OneLine(%q) = %q, want %q", in, got, want)
		}
	}
}
