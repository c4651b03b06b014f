package command_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"

	"example.org/lastpresence/examples/internal/command"
)

func TestFlagsAreExplainedOnlyOnRequest(t *testing.T) {
	for _, tc := range []struct {
		name, operands string
		args           []string
		err            string
		status         int
		help           bool
	}{
		{"flags", "", []string{"-n=5"}, "", 0, false},
		{"an operand", "[contact …]", []string{"-n=5", "romeo@montague.lit"}, "", 0, false},
		{"an unknown flag", "", []string{"-x"}, "try: flag provided but not defined: -x\nusage: try [flags] (see try -help)\n", 2, false},
		{"a flag without its value", "", []string{"-n"}, "needs an argument: -n\n", 2, false},
		{"a malformed value", "", []string{"-n=many"}, "invalid value", 2, false},
		{"an operand too many", "", []string{"romeo"}, `"romeo": there are no arguments, only flags`, 2, false},
		{"a flag behind an operand", "[contact …]", []string{"romeo@montague.lit", "-n=5"},
			`-n=5 comes after "romeo@montague.lit": flags come first` + "\nusage: try [flags] [contact …] (see try -help)\n", 2, false},
		{"an operand with a dash behind --", "[contact …]", []string{"-n=5", "--", "romeo", "-n"}, "", 0, false},
		{"help", "[contact …]", []string{"-help"}, "", 0, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			flags := command.NewFlags("try", tc.operands)
			flags.Int("n", 0, "how `many`")
			var out, report strings.Builder
			err := flags.Parse(tc.args, &out)
			if got := command.Report("try", err, &report); got != tc.status || !strings.Contains(report.String(), tc.err) || (report.Len() > 0) != (tc.status > 0) {
				t.Errorf("status %d, reported %q, want %d and %q", got, report.String(), tc.status, tc.err)
			}
			if errors.Is(err, flag.ErrHelp) != tc.help || strings.Contains(out.String(), "how many") != tc.help {
				t.Errorf("%v, and it wrote %q", err, out.String())
			}
		})
	}
}

func TestWhatFailedIsOneLineAndStatusOne(t *testing.T) {
	for want, err := range map[string]error{
		"try: first; second\n": errors.Join(errors.New("first"), errors.New("second")),
		"try: interrupted\n":   fmt.Errorf("log in: %w", context.Canceled),
	} {
		var out strings.Builder
		if status := command.Report("try", err, &out); status != 1 || out.String() != want {
			t.Errorf("%v: status %d, reported %q, want %q", err, status, out.String(), want)
		}
	}
}

func TestPeersTextStaysInItsLine(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                   "plain",
		"two\nlines\r\n":          "two lines",
		"\x1b[2Jcleared\x07":      "[2Jcleared",
		"C1: \u009b2J":            "C1:  2J",
		"tab\tand\u0085break":     "tab and break",
		"para\u2029graph\u2028s":  "para graph s",
		"\u202egnp.exe":           "gnp.exe",
		"\u2067open\u2069 \u202a": "open ",
		"שלום\u200f!":             "שלום\u200f!",
		"👩\u200d🚀":                "👩\u200d🚀",
	} {
		if got := command.OneLine(in); got != want {
			t.Errorf("OneLine(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestAddressErrorsAreInWords(t *testing.T) {
	for in, want := range map[string]string{
		"romeo@montague.lit":      "",
		"montague.lit":            "",
		"romeo@montague.lit/a@b":  "",
		"":                        "it is empty",
		"@":                       "there is nothing before the @",
		"@montague.lit":           "there is nothing before the @",
		"romeo@":                  "there is nothing after the @",
		"romeo@montague@lit":      "more than one @",
		"romeo@@montague.lit":     "more than one @",
		"romeo@montague.lit/":     "there is nothing after the /",
		"/orchard":                "there is no server",
		"ro meo@montague.lit":     "a space",
		"romeo@montague lit":      "a space",
		"xmpp:romeo@montague.lit": "a link",
		"https://montague.lit":    "a link",
		"romeo@montague.lit:5222": "a port",
		"ro<meo@montague.lit":     "before the @",
		"ro\u202emeo@montague.li": "a character before the @ is not allowed",
		"romeo@mon_tague.lit":     `"mon_tague.lit" is not the name of a server`,
		strings.Repeat("a", 1030) + "@montague.lit": "longer than 1023 bytes",
	} {
		_, err := command.Address(in)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("Address(%q): %v, want %q", in, err, want)
		}
	}
}
