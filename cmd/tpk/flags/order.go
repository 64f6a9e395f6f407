package flags

import (
	"slices"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
)

// Interspersed returns the command line with the flags of the command before its arguments.
// Package cli stops at the first argument, but people write `tpk serve site.tar.gz --listen :80`.
// After "--" everything is an argument. args[0] is the program. An unknown flag stays a flag, so
// that the parser refuses it. Letters that are put together, as in -vC DIR, become flags of their
// own.
func Interspersed(app *cli.App, args []string) []string {
	return InterspersedWith(app, args, func(_ string, words []string) []string { return words })
}

// InterspersedWith is [Interspersed], with a function that returns other arguments of a command in
// place of those that were given.
func InterspersedWith(
	app *cli.App, args []string, change func(command string, words []string) []string,
) []string {
	at := slices.IndexFunc(args[1:], func(a string) bool { return !IsFlag(a) }) + 1
	if at == 0 {
		return args
	}
	cmd := app.Command(args[at])
	if cmd == nil || cmd.SkipFlagParsing {
		return args
	}
	var flags, rest []string
	help := false
	for words := args[at+1:]; len(words) > 0; {
		if split := splitLetters(cmd, words[0]); split != nil {
			words = slices.Concat(split, words[1:])
		}
		word := words[0]
		words = words[1:]
		switch {
		case word == "--":
			rest = append(rest, words...)
			words = nil
		case !IsFlag(word):
			rest = append(rest, word)
		case word == "-h" || word == "--help":
			help = true
		case TakesValue(cmd, word):
			if len(words) == 0 { // the parser reports it only if nothing follows
				return slices.Concat(args[:at+1], flags, []string{word})
			}
			flags = append(flags, word, words[0])
			words = words[1:]
		default:
			flags = append(flags, word)
		}
	}
	if help { // no argument must be in its way
		return append(slices.Clone(args[:at+1]), "--help")
	}
	return slices.Concat(args[:at+1], flags, []string{"--"}, change(cmd.Name, rest))
}

// splitLetters returns the flags of a word such as -vC, or -vCDIR, as in tar and curl. It returns
// nil if the word is one flag, or has a letter that the command does not have.
func splitLetters(cmd *cli.Command, word string) (split []string) {
	if len(word) < 3 || word[0] != '-' || word[1] == '-' || hasFlag(cmd, word[1:]) {
		return nil
	}
	for i := 1; i < len(word); i++ {
		letter := word[i : i+1]
		if letter != "h" && !hasFlag(cmd, letter) {
			return nil
		}
		split = append(split, "-"+letter)
		if TakesValue(cmd, letter) {
			if rest := word[i+1:]; strings.HasPrefix(rest, "=") {
				return nil
			} else if rest != "" {
				split = append(split, rest)
			}
			break
		}
	}
	return split
}

// hasFlag reports whether a command has a flag of that name.
func hasFlag(cmd *cli.Command, name string) bool {
	return slices.ContainsFunc(cmd.Flags, func(f cli.Flag) bool {
		return slices.Contains(f.Names(), name)
	})
}

// IsFlag reports whether a word of a command line is a flag. A single "-" is none: it stands for
// standard input or output.
func IsFlag(word string) bool { return len(word) > 1 && word[0] == '-' }

// TakesValue reports whether the word after this flag is its value.
func TakesValue(cmd *cli.Command, word string) bool {
	name := strings.TrimLeft(word, "-")
	for _, f := range cmd.Flags {
		if slices.Contains(f.Names(), name) {
			return f.About().TakesValue
		}
	}
	return false // unknown, or --name=value
}
