package main

import (
	"flag"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// interspersed puts the flags of a command before its arguments: urfave/cli stops at the first argument,
// and `tpk serve site.tar.gz --listen :80` is how people write it. After "--" everything is an argument.
// args[0] is the program. Flags that nobody knows stay flags, for the parser to refuse.
func interspersed(app *cli.App, args []string) []string {
	at := slices.IndexFunc(args[1:], func(a string) bool { return !isFlag(a) }) + 1
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
		case !isFlag(word):
			rest = append(rest, word)
		case word == "-h" || word == "--help":
			help = true
		case takesValue(cmd, word):
			if len(words) == 0 { // the parser says so, unless something follows
				return slices.Concat(args[:at+1], flags, []string{word})
			}
			flags = append(flags, word, words[0])
			words = words[1:]
		default:
			flags = append(flags, word)
		}
	}
	if help { // the library would look for help about the first argument
		return append(slices.Clone(args[:at+1]), "--help")
	}
	return slices.Concat(args[:at+1], flags, []string{"--"}, rest)
}

// isFlag says whether a word of a command line is a flag: a lone "-" is standard input or output.
func isFlag(word string) bool { return len(word) > 1 && word[0] == '-' }

// takesValue says whether the next word belongs to this flag.
func takesValue(cmd *cli.Command, word string) bool {
	name := strings.TrimLeft(word, "-")
	for _, f := range cmd.Flags {
		if slices.Contains(f.Names(), name) {
			return !isBool(f)
		}
	}
	return false // unknown, or --name=value
}

// isBool says whether a flag stands alone.
func isBool(f cli.Flag) bool {
	set := flag.NewFlagSet("", flag.ContinueOnError)
	if f.Apply(set) != nil {
		return false
	}
	b, ok := set.Lookup(f.Names()[0]).Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}
