package flags

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/report"
)

// OnUsageError returns an error of parsing flags in our words, with the command that shows help.
// It is a [cli.OnUsageErrorFunc].
func OnUsageError(c *cli.Context, err error) error {
	what, help := "", c.App.HelpName+" --help"
	if c.Command != nil && c.Command.Name != "" && c.Command.Name != c.App.Name {
		what, help = c.Command.Name+": ", c.App.HelpName+" "+c.Command.Name+" --help"
	}
	message := report.OneLine(err.Error())
	if rest, ok := strings.CutPrefix(message, "invalid boolean value "); ok { // of a switch
		message = "invalid value " + strings.Replace(rest, " for -", " for flag -", 1)
	}
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
		value, _ := strconv.Unquote(strings.TrimPrefix(before, "invalid value "))
		if hint := hintFor(c.Command, name, value); hint != "" {
			message = Dashed(name) + " " + report.Quote(value) + ": " + hint
		}
	}
	return report.Usagef("%s%s: see '%s'", what, message, help)
}

// hintFor returns the valueHint of a command's flag by its name.
func hintFor(cmd *cli.Command, name, value string) string {
	if cmd == nil {
		return ""
	}
	for _, f := range cmd.Flags {
		if slices.Contains(f.Names(), name) {
			return valueHint(f, value)
		}
	}
	return ""
}

// valueHint returns what a value that a flag does not accept must be, or "" if the flag parser's
// words do.
func valueHint(f cli.Flag, value string) string {
	switch f.(type) {
	case *cli.BoolFlag:
		return "must be true or false"
	case *cli.IntFlag, *cli.Int64Flag:
		return "must be a whole number"
	case *cli.DurationFlag:
	default:
		return ""
	}
	if _, err := strconv.ParseFloat(value, 64); err == nil {
		return "the unit is missing: " + value + "s is seconds, " + value + "m minutes"
	}
	return "must be a time, such as 500ms, 30s or 5m"
}

// Dashed returns the name of a flag as it is typed: -l, --json.
func Dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}
