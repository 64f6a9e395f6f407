package flags

import (
	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/tarpack"
)

// Arguments returns the arguments of a command. There must be at least least, and at most most
// unless that is -1.
func Arguments(c *cli.Context, least, most int) ([]string, error) {
	return count(c, c.Args().Slice(), least, most)
}

// ReadArguments is [Arguments] for commands that read archives. Several shards of a set, as a
// shell's glob expands to, count as one argument.
func ReadArguments(c *cli.Context, least, most int) ([]string, error) {
	return count(c, tarpack.JoinShards(c.Args().Slice()), least, most)
}

func count(c *cli.Context, args []string, least, most int) ([]string, error) {
	switch {
	case len(args) < least:
		return nil, report.Usagef("%s: too few arguments: usage: %s",
			c.Command.Name, c.Command.UsageText)
	case most >= 0 && len(args) > most:
		return nil, report.Usagef("%s: too many arguments, starting with %s: usage: %s",
			c.Command.Name, report.Quote(args[most]), c.Command.UsageText)
	}
	return args, nil
}
