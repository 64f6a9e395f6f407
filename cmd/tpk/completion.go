package main

import (
	"fmt"
	"io"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/completion"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/report"
)

type completionOptions struct{ script string }

func completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print a shell script that completes commands and flags",
		UsageText: "tpk completion bash|zsh|fish",
		Description: help.Text(`
Prints the completion script for your shell to standard output.`,
			"standard output can't be written",
			"tpk completion bash >~/.local/share/bash-completion/completions/tpk",
			`tpk completion zsh >"${fpath[1]}/_tpk"`,
			"tpk completion fish >~/.config/fish/completions/tpk.fish"),
		Action: action(parseCompletion, runCompletion),
	}
}

func parseCompletion(c *cli.Context) (*completionOptions, error) {
	args, err := flags.Arguments(c, 1, 1)
	if err != nil {
		return nil, err
	}
	script := completion.Script(args[0])
	if script == "" {
		return nil, report.Usagef("completion: %s: unknown shell: must be bash, zsh or fish",
			report.Quote(args[0]))
	}
	return &completionOptions{script}, nil
}

func runCompletion(c *cli.Context, o *completionOptions) error {
	_, err := io.WriteString(c.App.Writer, o.script)
	return err
}

// completeCommand is what the completion scripts run, with the words after "tpk"; the last word is
// being typed. It prints the candidates, one per line, or nothing where a file name is expected.
func completeCommand() *cli.Command {
	return &cli.Command{
		Name:            "__complete",
		Hidden:          true,
		SkipFlagParsing: true,
		Action: func(c *cli.Context) error {
			words := c.Args().Slice()
			if len(words) == 0 {
				words = []string{""}
			}
			last := len(words) - 1
			for _, candidate := range completion.Candidates(c.App, words[:last], words[last]) {
				if _, err := fmt.Fprintln(c.App.Writer, candidate); err != nil {
					return err
				}
			}
			return nil
		},
	}
}
