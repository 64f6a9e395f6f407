// Package completion completes command lines in bash, zsh and fish. The shells' scripts, beside
// this file, run a hidden command that prints the candidates.
package completion

import (
	_ "embed"
	"slices"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
)

var (
	//go:embed tpk.bash
	bash string
	//go:embed tpk.zsh
	zsh string
	//go:embed tpk.fish
	fish string
)

// Shells are the shells that have a script.
var Shells = []string{"bash", "zsh", "fish"}

// Script returns the script for a shell, or "" if there is none.
func Script(shell string) string {
	return map[string]string{"bash": bash, "zsh": zsh, "fish": fish}[shell]
}

// Candidates returns the words that begin with current and may follow the words before it, which
// exclude "tpk". Each has a tab and a description after it. A file name is not completed.
func Candidates(app *cli.App, before []string, current string) []string {
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
	cmd, last := app.Command(before[0]), before[len(before)-1]
	switch {
	case cmd == nil || slices.Contains(before, "--"):
	case before[0] == "completion":
		for _, shell := range Shells {
			add(shell, "")
		}
	case before[0] == "help":
		return Candidates(app, nil, current)
	case flags.TakesValue(cmd, last):
		for _, value := range flags.Words(strings.TrimLeft(last, "-")) {
			add(value, "")
		}
	case flags.IsFlag(current) || current == "-":
		for _, f := range cmd.VisibleFlags() {
			about := strings.ReplaceAll(f.About().Usage, "`", "")
			for _, name := range f.Names() {
				add(flags.Dashed(name), about)
			}
		}
	}
	return candidates
}
