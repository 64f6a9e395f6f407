package flags

import (
	"slices"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/report"
)

// CheckHabits returns an error that names tpk's own form if a command line is written as for
// another program: with tar's letters, or with a flag of a command before the command. It also
// refuses help about a command that does not exist. args[0] is the program.
func CheckHabits(app *cli.App, args []string) error {
	words := args[1:]
	if len(words) > 1 && words[0] == "tar" {
		words = words[1:]
		if mode := tarMode(words[0], true); mode != "" {
			return tarError(app.Command(mode), "tar "+words[0], words[0], words[1:])
		}
	}
	if len(words) == 0 {
		return nil
	}
	first := words[0]
	cmd := app.Command(first)
	switch {
	case first == "help" || first == "h":
		return checkTopic(app, words[1:])
	case cmd == nil:
		if mode := tarMode(first, len(words) > 1); mode != "" {
			return tarError(app.Command(mode), first, first, words[1:])
		}
		if err := checkFlagFirst(app, words); err != nil {
			return err
		}
		return checkLetters(&cli.Command{Flags: app.Flags}, words[:1])
	case cmd.SkipFlagParsing:
		return nil
	case slices.Contains([]string{"pack", "ls", "extract", "add", "update"}, cmd.Name):
		if err := checkTarLetters(cmd, words[1:]); err != nil {
			return err
		}
	}
	return checkLetters(cmd, words[1:])
}

// checkTopic returns an error if the words after help are not the name of a command.
func checkTopic(app *cli.App, words []string) error {
	for _, word := range words {
		switch {
		case slices.Contains([]string{"help", "h", "-h", "--help", "-q", "--quiet", "--"}, word):
		case IsFlag(word):
			return report.Usagef("help: no such flag: %s: see 'tpk --help'", report.Quote(word))
		case app.Command(word) == nil:
			name := SuggestCommand(app, word)
			if name == "" {
				return report.Usagef("help: %s: no such command: see 'tpk --help'", report.Quote(word))
			}
			return report.Usagef("help: %s: no such command: did you mean 'tpk help %s'?",
				report.Quote(word), name)
		default:
			return nil
		}
	}
	return nil
}

// checkFlagFirst returns an error for a flag before the command that belongs behind it.
func checkFlagFirst(app *cli.App, words []string) error {
	first := words[0]
	if !IsFlag(first) {
		return nil
	}
	name, _, _ := strings.Cut(strings.TrimLeft(first, "-"), "=")
	if hasFlag(&cli.Command{Flags: app.Flags}, name) {
		return nil
	}
	for _, word := range words[1:] {
		if cmd := app.Command(word); cmd != nil && hasFlag(cmd, name) {
			return report.Usagef("%s: flags of a command come after it: 'tpk %s %s ...'",
				report.Quote(first), cmd.Name, report.Quote(first))
		}
	}
	return nil
}

// checkTarLetters returns an error for a word such as -xvf among the flags of a command that has no
// such letters.
func checkTarLetters(cmd *cli.Command, words []string) error {
	for i := 0; i < len(words) && words[i] != "--"; i++ {
		word := words[i]
		switch {
		case !IsFlag(word) || word == "-h":
		case TakesValue(cmd, word):
			i++
		case isTarLetters(word[1:]) && !hasFlag(cmd, word[1:]) && splitLetters(cmd, word) == nil:
			rest := slices.Concat(words[:i], words[i+1:])
			return tarError(cmd, cmd.Name+": "+word, word, rest)
		}
	}
	return nil
}

// tarModes are the letters and words by which tar is told what to do, and our commands.
var tarModes = map[string]string{
	"c": "pack", "t": "ls", "x": "extract", "r": "add", "u": "update",
	"create": "pack", "list": "ls", "extract": "extract", "get": "extract", "append": "add",
	"update": "update",
}

// isTarLetters reports whether the letters may be flags of tar that are put together, as in -xzvf.
func isTarLetters(letters string) bool {
	return letters != "" && strings.Trim(letters, "ctxruzjJZvfpkhwaPSOm") == ""
}

// tarMode returns the command that a word of tar stands for, or "". A word without a dash needs an
// f, and arguments.
func tarMode(word string, hasArguments bool) (mode string) {
	if long, ok := strings.CutPrefix(word, "--"); ok && len(long) > 1 {
		return tarModes[long]
	}
	letters, dashed := strings.CutPrefix(word, "-")
	_, isName := otherNames[word]
	if !isTarLetters(letters) || isName ||
		!dashed && (!hasArguments || !strings.Contains(letters, "f")) {
		return ""
	}
	for _, letter := range strings.Split(letters, "") {
		name := tarModes[letter]
		if name != "" && mode != "" {
			return "" // tar takes one
		}
		mode += name
	}
	return mode
}

// tarError returns the error about a word of tar, which stands where that says. Rest is the command
// line without it.
func tarError(cmd *cli.Command, where, word string, rest []string) error {
	use := "usage: " + cmd.UsageText
	if line := tpkLine(cmd, word, rest); line != nil {
		use = "use '" + strings.Join(line, " ") + "'"
	}
	return report.Usagef("%s: tpk has commands in place of tar's letters: %s",
		report.Quote(where), use)
}

// tpkLine returns the command line that is meant, or nil if it has another number of arguments than
// the command takes.
func tpkLine(cmd *cli.Command, word string, rest []string) []string {
	line := []string{"tpk", cmd.Name}
	letters := strings.TrimLeft(word, "-")
	if same := map[string]string{"extract": "-v", "ls": "-l"}[cmd.Name]; same != "" &&
		isTarLetters(letters) && strings.Contains(letters, "v") {
		line = append(line, same)
	}
	var names []string
	for i := 0; i < len(rest); i++ {
		switch {
		case rest[i] == "-f" || rest[i] == "--file" || rest[i] == "--":
		case !IsFlag(rest[i]):
			names = append(names, rest[i])
		case TakesValue(cmd, rest[i]) && i+1 < len(rest):
			line = append(line, rest[i], rest[i+1])
			i++
		default:
			line = append(line, rest[i])
		}
	}
	least, most := 1, len(names)
	switch cmd.Name {
	case "pack":
		least, most = 2, 2
		if len(names) == 2 && !isDir(names[0]) {
			names[0], names[1] = names[1], names[0] // tar's archive comes first
		}
	case "update":
		least, most = 2, 2
	case "add":
		least = 2
	}
	if len(names) < least || len(names) > most {
		return nil
	}
	for _, name := range names {
		line = append(line, shellWord(name))
	}
	return line
}

// shellWord returns an argument as it is typed in a shell.
func shellWord(word string) string {
	if strings.ContainsAny(word, " \t\n'\"\\*?[]$&|;<>()`!#~") || word == "" {
		return `"` + report.Quote(word) + `"`
	}
	return report.Quote(word)
}
