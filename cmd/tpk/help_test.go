package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
)

// TestHelp prints the help of tpk and of every command in all three ways. No line is too wide, and
// there are exit codes, examples of this command, and every flag with its usage.
func TestHelp(t *testing.T) {
	commands := newApp(io.Discard, io.Discard).Commands
	if len(commands) < 20 {
		t.Fatalf("%d commands", len(commands))
	}
	checkHelp(t, "tpk --help", nil)
	checkHelp(t, "tpk help", nil)
	for _, cmd := range commands {
		if cmd.Hidden {
			continue
		}
		for _, line := range []string{"tpk help %", "tpk % --help", "tpk % -h"} {
			checkHelp(t, strings.ReplaceAll(line, "%", cmd.Name), cmd)
		}
	}
	checkHelp(t, "tpk help help", &cli.Command{Name: "help"})
}

// checkHelp runs a command line that prints the help of cmd, or of tpk if it is nil.
func checkHelp(t *testing.T, line string, cmd *cli.Command) {
	t.Helper()
	var out bytes.Buffer
	app := newApp(io.Discard, io.Discard)
	help.Install(app, &out)
	if err := app.Run(flags.Interspersed(app, strings.Fields(line))); err != nil {
		t.Errorf("%s: %v", line, err)
	}
	text := out.String()
	for l := range strings.Lines(text) {
		l = strings.TrimSuffix(l, "\n")
		if n := utf8.RuneCountInString(l); n > help.Width {
			t.Errorf("%s: %d columns: %s", line, n, l)
		}
		if strings.TrimRight(l, " ") != l || strings.ContainsAny(l, "\t\x00") {
			t.Errorf("%s: white space in %q", line, l)
		}
	}
	wanted := []string{"NAME:\n   tpk ", "USAGE:\n   tpk "}
	if cmd == nil {
		wanted = append(wanted, "VERSION:\n", "COMMANDS:\n   pack  ",
			"GLOBAL OPTIONS:\n   --help, -h ")
	} else if cmd.Name == "help" {
		wanted = wanted[:1]
	} else {
		wanted[0] += cmd.Name + " - " + cmd.Usage
		wanted[1] += cmd.Name + " "
		wanted = append(wanted, "Examples:\n      tpk "+cmd.Name, "\nOPTIONS:\n",
			"--help, -h", "\n      128+n  stopped by signal n\n")
		for _, f := range cmd.Flags {
			wanted = append(wanted, "   "+flags.Dashed(f.Names()[0]))
		}
	}
	if cmd == nil || cmd.Name != "help" {
		wanted = append(wanted, "Exit codes:\n      0      success\n      1      ", "Examples:\n")
	}
	for _, w := range wanted {
		if !strings.Contains(text, w) {
			t.Errorf("%s: no %q in\n%s", line, w, text)
		}
	}
}
