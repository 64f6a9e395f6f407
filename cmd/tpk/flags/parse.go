package flags

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/cmd/tpk/report"
)

// OnUsageError returns an error of parsing flags in our words, with the command that shows help.
// It is a [cli.OnUsageErrorFunc].
func OnUsageError(c *cli.Context, err error, _ bool) error {
	what, help := "", "tpk --help"
	if c.Command != nil && c.Command.Name != "" && c.Command.Name != c.App.Name {
		what, help = c.Command.Name+": ", "tpk "+c.Command.Name+" --help"
	}
	message := report.OneLine(err.Error())
	if name, ok := strings.CutPrefix(message, "flag provided but not defined: -"); ok {
		message = "no such flag: " + Dashed(name)
		if c.Command != nil {
			if flag := suggestFlag(c.Command.Flags, name); flag != "" {
				message += ": did you mean " + Dashed(flag) + "?"
				return report.Usagef("%s%s", what, message)
			}
		}
	} else if name, ok := strings.CutPrefix(message, "flag needs an argument: -"); ok {
		message = "flag needs a value: " + Dashed(name)
	} else if before, name, ok := strings.Cut(message, " for flag -"); ok {
		// invalid value "ten" for flag -level: parse error
		name, _, _ = strings.Cut(name, ":")
		message = before + " for " + Dashed(name)
	}
	return report.Usagef("%s%s: see '%s'", what, message, help)
}

// Dashed returns the name of a flag as it is typed: -l, --json.
func Dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}
