package main

import (
	"io"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/internal/edition"
)

const about = `
tpk packs a directory into an ordinary .tar.gz file, which any tar extracts. Each file is compressed
on its own, so that tpk can read or serve any of them without decompressing the rest.

Flags may be given before or after the arguments. After "--", everything is an argument. Flags of
one letter may be put together: -qC DIR.

Exit codes:
   0      success
   1      an error, or a difference for diff
   2      wrong usage, or trouble for diff
   128+n  stopped by signal n: 130 is Ctrl-C, 143 kill; 141 is a closed pipe

`

// commands returns the commands in the order of help.
func commands() []*cli.Command {
	if edition.Minimal {
		return minimalCommands()
	}
	return []*cli.Command{
		packCommand(),
		lsCommand(),
		catCommand(),
		grepCommand(),
		extractCommand(),
		verifyCommand(),
		signCommand(),
		indexCommand(),
		variantsCommand(),
		infoCommand(),
		exportCommand(),
		bundleCommand(),
		updateCommand(),
		addCommand(),
		rmCommand(),
		compactCommand(),
		mergeCommand(),
		diffCommand(),
		splitCommand(),
		planCommand(),
		initCommand(),
		convertCommand(),
		repairCommand(),
		pullCommand(),
		patchCommand(),
		deployCommand(),
		serveCommand(),
		webCommand(),
		mountCommand(),
		umountCommand(),
		completionCommand(),
		versionCommand(),
		completeCommand(),
		manCommand(),
	}
}

// minimalCommands returns the commands of the small build (package edition), and an absentCommand
// for each of the others. Manual pages are made by the full one.
func minimalCommands() []*cli.Command {
	all := []*cli.Command{
		packCommand(),
		lsCommand(),
		catCommand(),
		grepCommand(),
		extractCommand(),
		verifyCommand(),
		signCommand(),
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
		versionCommand(),
		completeCommand(),
	}
	for _, name := range absent {
		all = append(all, absentCommand(name))
	}
	return all
}

// newApp returns the application with all commands. Results go to stdout, messages to stderr.
func newApp(stdout, stderr io.Writer) *cli.App {
	app := &cli.App{
		Name:      "tpk",
		HelpName:  "tpk",
		Usage:     "pack, read and serve .tar.gz archives with an index",
		UsageText: "tpk COMMAND [flags] ARGUMENTS",
		Description: about + help.Examples(
			"tpk pack site site.tar.gz",
			"tpk serve site.tar.gz",
			"tpk help pack"),
		Version:   thisBuild().String(),
		Writer:    stdout,
		ErrWriter: stderr,
		Commands:  commands(),
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				word := c.Args().First()
				if name := flags.SuggestCommand(c.App, word); name != "" {
					return report.Usagef("%s: no such command: did you mean '%s %s'?",
						report.Quote(word), c.App.HelpName, name)
				}
				return report.Usagef("%s: no such command: see '%s --help'", report.Quote(word),
					c.App.HelpName)
			}
			return report.Usagef("no command given: see 'tpk --help'")
		},
		OnUsageError: flags.OnUsageError,
	}
	quiet := flags.Quiet()
	quiet.Hidden = true // it is in the help of each command
	app.Flags = []cli.Flag{quiet}
	for _, cmd := range app.Commands {
		if !cmd.SkipFlagParsing {
			cmd.Flags = append(cmd.Flags, flags.Quiet())
		}
	}
	reduce(app, optionals())
	return app
}

// action returns the action of a command. parse reads the command line, run does the work.
func action[O any](
	parse func(*cli.Context) (O, error), run func(*cli.Context, O) error,
) cli.ActionFunc {
	return func(c *cli.Context) error {
		o, err := parse(c)
		if err != nil {
			return err
		}
		return run(c, o)
	}
}

// readArgument is the parse function of commands that take one archive and read it.
func readArgument(c *cli.Context) (string, error) {
	args, err := flags.ReadArguments(c, 1, 1)
	if err != nil {
		return "", err
	}
	return args[0], nil
}
