package flags

import (
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/report"
)

// checkLetters returns an error for a word such as -qz that has a letter that is no flag of the
// command, or that is one misspelled flag with a single dash. The parser would name it --qz, as
// nobody has typed it. cmd has no name for the flags before the command.
func checkLetters(cmd *cli.Command, words []string) error {
	for i := 0; i < len(words) && words[i] != "--"; i++ {
		switch word := words[i]; {
		case !IsFlag(word):
		case TakesValue(cmd, word):
			i++
		default:
			if what := wrongLetter(cmd, word); what != "" {
				where, help := "", "tpk --help"
				if cmd.Name != "" {
					where, help = cmd.Name+": ", "tpk "+cmd.Name+" --help"
				}
				if !strings.HasSuffix(what, "?") {
					what += ": see '" + help + "'"
				}
				return report.Usagef("%sno such flag: %s", where, what)
			}
		}
	}
	return nil
}

// wrongLetter returns the message about a wrong flag in a word with one dash. It returns "" if all
// are right, or if the parser's message is as good.
func wrongLetter(cmd *cli.Command, word string) string {
	name, _, _ := strings.Cut(word[1:], "=")
	if len(name) < 2 || name[0] == '-' || name == "help" || name == "version" ||
		hasFlag(cmd, name) || splitLetters(cmd, word) != nil {
		return ""
	}
	at := 0
	for at < len(name) && (name[at] == 'h' || hasFlag(cmd, name[at:at+1])) {
		at++
	}
	known, rest := name[:at], name[at:]
	word = report.Quote("-" + name)
	switch other := suggestFlag(cmd.Flags, name); {
	case known != "" && len(rest) > 1 && hasFlag(cmd, rest):
		return word + ": did you mean -" + known + " --" + rest + "?"
	case other != "":
		return word + ": did you mean " + Dashed(other) + "?"
	case known == "" && len(name) > 2:
		return word // of a long flag
	case rest == "":
		return ""
	}
	letter := []rune(rest)[:1]
	what := report.Quote("-"+string(letter)) + ", in " + word
	if other := suggestFlag(cmd.Flags, string(letter)); other != "" {
		what += ": did you mean " + Dashed(other) + "?"
	}
	return what
}
