package flags

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
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

// EditArguments is [Arguments] for commands that change the archive that comes first. Several
// shards of a set in its place, as a shell's glob expands to, count as one argument, except with
// --single.
func EditArguments(c *cli.Context, least, most int) ([]string, error) {
	args := c.Args().Slice()
	if len(args) > 1 && !c.Bool("single") {
		name, n := tarpack.JoinFirst(args)
		args = append([]string{name}, args[n:]...)
	}
	return count(c, args, least, most)
}

// otherFormats are endings of names of archives that tpk does not write, or writes by export only.
var otherFormats = []string{
	".zip", ".jar", ".tar", ".tar.bz2", ".tbz", ".tbz2", ".tar.xz", ".txz", ".tar.lzma", ".tlz",
	".tar.zst", ".tzst", ".tar.lz4", ".tar.lz", ".tar.br", ".tar.z", ".cpio", ".7z", ".rar", ".iso",
	".bz2", ".xz", ".zst", ".lz4",
}

// CheckOutputName refuses the name of a new file that is one for the index of an archive or the
// list of a shard set: the file would replace it.
func CheckOutputName(c *cli.Context, name string) error {
	lower := strings.ToLower(name)
	for ending, what := range map[string]string{
		format.SidecarSuffix: "the index of an archive", format.ListSuffix: "the list of a shard set",
	} {
		if strings.HasSuffix(lower, ending) {
			return report.Usagef("%s: %s: a name that ends in %s is that of %s: choose another",
				c.Command.Name, report.Quote(name), ending, what)
		}
	}
	return nil
}

// CheckArchiveName is [CheckOutputName] for an archive. It also refuses names of other formats.
func CheckArchiveName(c *cli.Context, name string) error {
	if err := CheckOutputName(c, name); err != nil {
		return err
	}
	lower := strings.ToLower(name)
	for _, ending := range otherFormats {
		if !strings.HasSuffix(lower, ending) || strings.HasPrefix(name, "/dev/") {
			continue
		}
		why := report.Quote(name) + ": " + c.Command.Name + " writes .tar.gz, not " + ending +
			": choose a name that ends in .tar.gz"
		if ending == ".zip" {
			why += "; 'tpk export' makes a zip of an archive"
		}
		return report.Usagef("%s: %s", c.Command.Name, why)
	}
	return nil
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
	return args, checkOrder(c, args)
}
