package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

// version is set by the Makefile, from git.
var version = "devel"

const about = `tpk packs a directory into an ordinary .tar.gz that every tar extracts, laid out so that each
file's compressed bytes can be sent or read straight out of it.

Flags may stand before or after the arguments; after "--" everything is an argument.

Exit codes: 0 all went well, 1 something failed or differs, 2 wrong usage,
128 + n stopped by signal n (130 Ctrl-C, 141 the reader of our output went away, 143 kill).`

// newApp puts the commands together. stdout gets what was asked for, stderr what there is to say about it.
func newApp(stdout, stderr io.Writer) *cli.App {
	app := &cli.App{
		Name:        "tpk",
		HelpName:    "tpk",
		Usage:       "one .tar.gz that any tar extracts and a server sends from",
		UsageText:   "tpk COMMAND [flags] ARGUMENTS",
		Description: about + examples("tpk pack site site.tar.gz", "tpk serve site.tar.gz", "tpk help pack"),
		Version:     fmt.Sprintf("%s (archive format %d, %s, %s/%s)", version, format.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH),
		Writer:      stdout,
		ErrWriter:   stderr,
		Commands: []*cli.Command{
			packCommand(),
			lsCommand(),
			catCommand(),
			extractCommand(),
			verifyCommand(),
			indexCommand(),
			infoCommand(),
			exportCommand(),
			updateCommand(),
			addCommand(),
			rmCommand(),
			compactCommand(),
			mergeCommand(),
			diffCommand(),
			splitCommand(),
			initCommand(),
			convertCommand(),
			repairCommand(),
			serveCommand(),
			completionCommand(),
			completeCommand(),
		},
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usagef("%s: no such command: see 'tpk --help'", quoteName(c.Args().First()))
			}
			return usagef("no command given: see 'tpk --help'")
		},
		OnUsageError:              onUsageError,
		ExitErrHandler:            func(*cli.Context, error) {}, // run does it
		DisableSliceFlagSeparator: true,                         // a glob may have commas: {a,b}
	}
	for _, cmd := range app.Commands {
		cmd.OnUsageError = onUsageError
		cmd.HideHelpCommand = true // or `tpk ls help` could not list an archive named "help"
	}
	return app
}

// examples is the last part of a help text.
func examples(lines ...string) string {
	return "\n\nExamples:\n   " + strings.Join(lines, "\n   ")
}

// arguments returns a command's arguments, of which there must be at least min, and at most max unless that is -1.
func arguments(c *cli.Context, min, max int) ([]string, error) {
	return countArguments(c, c.Args().Slice(), min, max)
}

// readArguments is arguments for commands that read archives: several shards of a set, as a shell makes them of a glob, are one.
func readArguments(c *cli.Context, min, max int) ([]string, error) {
	return countArguments(c, tarpack.JoinShards(c.Args().Slice()), min, max)
}

func countArguments(c *cli.Context, args []string, min, max int) ([]string, error) {
	switch {
	case len(args) < min:
		return nil, usagef("%s: too few arguments: usage: %s", c.Command.Name, c.Command.UsageText)
	case max >= 0 && len(args) > max:
		return nil, usagef("%s: too many arguments, the first is %s: usage: %s",
			c.Command.Name, quoteName(args[max]), c.Command.UsageText)
	}
	return args, nil
}
