package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/tarpack/bundle"
)

const aboutBundled = `
This program has an archive in it: files, already compressed, and their index. It was made with
'tpk bundle'. Started without a command, it serves the files on http://127.0.0.1:8080/.
It takes the flags of serve, such as --listen.

Exit codes:
   0      success
   1      an error
   2      wrong usage
   128+n  stopped by signal n: 130 is Ctrl-C

`

// bundledCommand is what a command of a bundle has instead of the texts of tpk's own.
type bundledCommand struct {
	usage   string // what follows the name of the command
	about   string
	failure string // what exit code 1 means
	example string // what follows the name of the program
}

// bundledCommands are the commands of a bundle.
var bundledCommands = map[string]bundledCommand{
	"serve": {"[flags]", "Serves the files over HTTP, until Ctrl-C.",
		"the address can't be used", "serve --listen :8000"},
	"ls": {"[-l|--json|--sha256] [PATH|GLOB...]",
		"Lists all entries, or each PATH and everything below it.", "a PATH is missing", "ls -l"},
	"cat": {"[--entry N]... [PATH|GLOB...]", "Writes files to standard output.",
		"a file is missing or damaged", "cat index.html"},
	"grep": {"[flags] PATTERN [PATH|GLOB...]",
		"Prints the lines that match PATTERN, of all files or of each PATH.", "no line matches",
		"grep -n TODO"},
	"extract": {"[flags] [PATH|GLOB...]",
		"Extracts everything, or each PATH and everything below it, into DIR.",
		"an entry was not extracted", "extract -C /srv/www"},
	"export": {"[flags] [PATH] OUT.tar.gz|OUT.zip",
		"Writes the directory PATH, or everything, as an archive, without compressing again.",
		"OUT can't be written", "export docs docs.zip"},
	"verify": {"[flags]", "Compares all that is in the bundle with its checksums. With --sample, a " +
		"random sample of the entries is decompressed and compared instead.",
		"something is damaged", "verify"},
	"info": {"[--json] [--sha256]", "Prints a summary of the archive.",
		"the archive can't be read", "info"},
	"version": {"[--json]", "Prints the version of the tpk in the bundle.",
		"the version can't be printed", "version"},
}

// newBundledApp is newApp for a bundle that was started by the name program.
func newBundledApp(program string, stdout, stderr io.Writer) *cli.App {
	app := newApp(stdout, stderr)
	app.Name, app.HelpName = program, program
	app.Usage = "files that serve themselves"
	app.UsageText = program + " [flags]\n\n" + program + " COMMAND [flags] [ARGUMENTS]"
	app.Description = aboutBundled + help.Examples(program, program+" --listen :8000",
		program+" extract -C DIR")
	app.Commands = slices.DeleteFunc(app.Commands, func(cmd *cli.Command) bool {
		_, ok := bundledCommands[cmd.Name]
		return !ok
	})
	for _, cmd := range app.Commands {
		b := bundledCommands[cmd.Name]
		cmd.Flags = slices.DeleteFunc(cmd.Flags, isElsewhere)
		cmd.UsageText = program + " " + cmd.Name + " " + b.usage
		cmd.Description = help.Text(b.about, b.failure, program+" "+b.example)
	}
	return app
}

// isElsewhere reports whether a flag is about archives on servers, or those of other programs.
func isElsewhere(f cli.Flag) bool {
	name := f.Names()[0]
	return name == flags.NoConvertName || slices.ContainsFunc(flags.Remote(), func(r cli.Flag) bool {
		return r.Names()[0] == name
	})
}

// bundled is prepare for a program that has an archive in it.
func (r *runner) bundled() error {
	name, err := os.Executable()
	if err != nil {
		return err
	}
	given := r.args[0]
	if fi, err := os.Stat(given); err == nil && strings.ContainsAny(given, `/\`) {
		if own, err := os.Stat(name); err == nil && os.SameFile(fi, own) {
			name = given // for messages
		}
	}
	b, err := bundle.OpenFile(name)
	if errors.Is(err, bundle.ErrNone) {
		err = fmt.Errorf("%s: %w: the archive is not at its end any more: strip, upx or another "+
			"program has removed it, or the file was cut short", name, bundle.ErrDamaged)
	}
	if err != nil {
		return err
	}
	if err := b.Close(); err != nil {
		return err
	}
	r.app = newBundledApp(filepath.Base(given), r.stdout, r.stderr)
	r.args = bundledArguments(r.app, r.args, name)
	return nil
}

// bundledArguments returns the command line of tpk that that of a bundle stands for.
func bundledArguments(app *cli.App, args []string, name string) []string {
	info := []string{"-h", "--help", "-v", "--version"}
	if len(args) == 1 || flags.IsFlag(args[1]) && !slices.Contains(info, args[1]) {
		args = slices.Insert(slices.Clone(args), 1, "serve")
	}
	return flags.InterspersedWith(app, args, func(command string, words []string) []string {
		switch {
		case command == "version":
			return words
		case command == "grep" && len(words) > 0:
			return slices.Insert(words, 1, name)
		case command == "export" && len(words) > 1:
			return slices.Concat([]string{name + ":" + words[0]}, words[1:])
		}
		return slices.Insert(words, 0, name)
	})
}
