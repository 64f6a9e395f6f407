package flags

import (
	"os"
	"slices"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/report"
)

// Variable returns the environment variable that sets a flag: TPK_MAX_CONNS for max-conns.
func Variable(name string) string {
	return "TPK_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// InEnvironment reports whether [FromEnvironment] would set the flag of a command.
func InEnvironment(cmd *cli.Command, name string) bool {
	return os.Getenv(Variable(name)) != "" &&
		slices.ContainsFunc(cmd.Flags, func(f cli.Flag) bool { return f.Names()[0] == name })
}

// FromEnvironment sets each flag of the command that was not given from its variable. An
// empty variable counts as unset. A repeatable flag takes one value per line.
func FromEnvironment(c *cli.Context) error {
	for _, f := range c.Command.Flags {
		name := f.Names()[0]
		variable := Variable(name)
		value := os.Getenv(variable)
		if value == "" || c.IsSet(name) || name == "help" {
			continue
		}
		values := []string{value}
		if _, repeatable := f.(*cli.StringSliceFlag); repeatable {
			values = strings.Split(strings.TrimSuffix(value, "\n"), "\n")
		}
		for _, v := range values {
			if err := c.Set(name, v); err != nil {
				why := err.Error()
				if hint := valueHint(f, v); hint != "" {
					why = hint
				}
				return report.Usagef("%s: %s=%s: %s",
					c.Command.Name, variable, report.Quote(v), why)
			}
		}
		if err := f.RunAction(c); err != nil {
			return err
		}
	}
	return nil
}
