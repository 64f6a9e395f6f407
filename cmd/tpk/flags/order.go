package flags

import (
	"flag"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// Interspersed returns the command line with the flags of the command before its arguments.
// urfave/cli stops at the first argument, but people write `tpk serve site.tar.gz --listen :80`.
// After "--" everything is an argument. args[0] is the program. An unknown flag stays a flag, so
// that the parser refuses it.
func Interspersed(app *cli.App, args []string) []string {
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
	if help { // with an argument, the library would look for help on that
		return append(slices.Clone(args[:at+1]), "--help")
	}
	return slices.Concat(args[:at+1], flags, []string{"--"}, rest)
}

// IsFlag reports whether a word of a command line is a flag. A single "-" is none: it stands for
// standard input or output.
func IsFlag(word string) bool { return len(word) > 1 && word[0] == '-' }

// TakesValue reports whether the word after this flag is its value.
func TakesValue(cmd *cli.Command, word string) bool {
	name := strings.TrimLeft(word, "-")
	for _, f := range cmd.Flags {
		if slices.Contains(f.Names(), name) {
			return !isBool(f)
		}
	}
	return false // unknown, or --name=value
}

// isBool reports whether a flag has no value.
func isBool(f cli.Flag) bool {
	set := flag.NewFlagSet("", flag.ContinueOnError)
	if f.Apply(set) != nil {
		return false
	}
	b, ok := set.Lookup(f.Names()[0]).Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}
