package main

import (
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

var (
	//go:embed completion/tpk.bash
	bashCompletion string
	//go:embed completion/tpk.zsh
	zshCompletion string
	//go:embed completion/tpk.fish
	fishCompletion string
)

func completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print a script that completes commands and flags in a shell",
		UsageText: "tpk completion bash|zsh|fish",
		Description: "Prints the script to standard output." + examples(
			"tpk completion bash > ~/.local/share/bash-completion/completions/tpk",
			`tpk completion zsh > "${fpath[1]}/_tpk"`,
			"tpk completion fish > ~/.config/fish/completions/tpk.fish"),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 1, 1)
			if err != nil {
				return err
			}
			script, ok := map[string]string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}[args[0]]
			if !ok {
				return usagef("completion: %s: no such shell: bash, zsh and fish are known", quoteName(args[0]))
			}
			_, err = io.WriteString(c.App.Writer, script)
			return err
		},
	}
}

// completeCommand is what the scripts call with the words after "tpk", the last of which is being typed.
// It prints the candidates, one a line, each with a tab and a word about it; nothing where a file is due.
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
			for _, candidate := range complete(c.App, words[:len(words)-1], words[len(words)-1]) {
				if _, err := fmt.Fprintln(c.App.Writer, candidate); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// complete returns what may stand in place of the word current, which begins with it.
func complete(app *cli.App, before []string, current string) []string {
	var candidates []string
	add := func(word, about string) {
		if strings.HasPrefix(word, current) {
			candidates = append(candidates, word+"\t"+about)
		}
	}
	if len(before) == 0 {
		for _, cmd := range app.VisibleCommands() {
			add(cmd.Name, cmd.Usage)
		}
		return candidates
	}
	cmd := app.Command(before[0])
	switch {
	case cmd == nil || slices.Contains(before, "--"):
	case before[0] == "completion":
		for _, shell := range []string{"bash", "zsh", "fish"} {
			add(shell, "")
		}
	case before[0] == "help":
		return complete(app, nil, current)
	case takesValue(cmd, before[len(before)-1]):
		for _, value := range flagValues[strings.TrimLeft(before[len(before)-1], "-")] {
			add(value, "")
		}
	case isFlag(current) || current == "-":
		for _, f := range cmd.VisibleFlags() {
			about := strings.ReplaceAll(usageOf(f), "`", "")
			for _, name := range f.Names() {
				add(dashed(name), about)
			}
		}
		add("--help", "show help")
	}
	return candidates
}

// flagValues are those of flags that take one of a few.
var flagValues = map[string][]string{
	"dedup":    dedupNames,
	"level":    {"1", "2", "3", "4", "5", "6", "7", "8", "9"},
	"progress": progressNames,
}

func usageOf(f cli.Flag) string {
	if d, ok := f.(cli.DocGenerationFlag); ok {
		return d.GetUsage()
	}
	return ""
}

func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}
