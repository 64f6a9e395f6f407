package flags

import (
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/remote"
)

// Arguments returns the arguments of a command. There must be at least least, and at most most
// unless that is -1.
func Arguments(c *cli.Context, least, most int) ([]string, error) {
	return count(c, c.Args().Slice(), least, most)
}

// ReadArguments is [Arguments] for commands that read the archive that comes first. All shards of a
// set, as a shell's glob expands to, count as one argument. Some of them are refused.
func ReadArguments(c *cli.Context, least, most int) ([]string, error) {
	args := c.Args().Slice()
	if err := refuseSome(c, args); err != nil {
		return nil, err
	}
	return count(c, tarpack.JoinShards(args), least, most)
}

// ManyArguments is [ReadArguments] for commands that read several archives. Some shards of a set
// are archives of their own.
func ManyArguments(c *cli.Context, least, most int) ([]string, error) {
	return count(c, tarpack.JoinShards(c.Args().Slice()), least, most)
}

// EditArguments is [ReadArguments] for commands that change the archive that comes first. With
// --single shards are not joined.
func EditArguments(c *cli.Context, least, most int) ([]string, error) {
	args := c.Args().Slice()
	if len(args) > 1 && !c.Bool("single") {
		if err := refuseSome(c, args); err != nil {
			return nil, err
		}
		if name, n, whole := tarpack.JoinFirst(args); whole {
			args = append([]string{name}, args[n:]...)
		}
	}
	return count(c, args, least, most)
}

// refuseURLs refuses archives on servers if the command does not read them. What is written comes
// last. No command reads or writes other files and directories on servers.
func refuseURLs(c *cli.Context, args []string) error {
	for _, flag := range []string{"base", "directory", "from", "output"} {
		if value := c.String(flag); remote.IsURL(value) {
			return report.Usagef("%s: --%s %s: must be on this machine", c.Command.Name, flag,
				report.Quote(value))
		}
	}
	if hasFlag(c.Command, "http-header") {
		return nil
	}
	does := "works on"
	if hasFlag(c.Command, "part-size") && len(args) > 0 {
		does, args = "reads", args[:len(args)-1]
	}
	for _, name := range args {
		if remote.IsURL(name) {
			return report.Usagef("%s: %s: it %s files only: 'tpk pull' downloads an archive",
				c.Command.Name, report.Quote(name), does)
		}
	}
	return nil
}

// refuseSome refuses arguments that begin with several shards of a set, but not with all. The first
// one may stand for the set, and the others are no paths in it.
func refuseSome(c *cli.Context, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if first, n, whole := tarpack.JoinFirst(args); n > 1 && !whole {
		return SomeShards(c, first, n)
	}
	return nil
}

// SomeShards returns the error for n shards of a set that are named, but not all. The first one is
// named first.
func SomeShards(c *cli.Context, first string, n int) error {
	set, _, _ := format.ParseShardName(first)
	return report.Usagef(
		"%s: %s: %d of %d shards named: name the first one for the set%s",
		c.Command.Name, report.Quote(first), n, set.N, orSingle(c))
}

func orSingle(c *cli.Context) string {
	if hasFlag(c.Command, "single") {
		return ", or use --single"
	}
	return ""
}

// otherFormats are endings of names of archives that tpk does not write, or writes by export only.
var otherFormats = []string{
	".zip", ".jar", ".tar", ".tar.bz2", ".tbz", ".tbz2", ".tar.xz", ".txz", ".tar.lzma", ".tlz",
	".tar.zst", ".tzst", ".tar.lz4", ".tar.lz", ".tar.br", ".tar.z", ".cpio", ".7z", ".rar", ".iso",
	".bz2", ".xz", ".zst", ".lz4",
}

// CheckOutputName refuses a name for a new file that ends as those of indexes of archives or lists
// of shard sets do: the file would replace one of these. It also refuses URLs.
func CheckOutputName(c *cli.Context, name string) error {
	if err := RefuseURL(c, name); err != nil {
		return err
	}
	return checkEnding(c, name)
}

// RefuseURL refuses the URL of what can only be a file or a directory.
func RefuseURL(c *cli.Context, name string) error {
	if remote.IsURL(name) {
		return report.Usagef("%s: %s: it writes files only", c.Command.Name, report.Quote(name))
	}
	return nil
}

func checkEnding(c *cli.Context, name string) error {
	lower := strings.ToLower(name)
	for ending, what := range map[string]string{
		format.SidecarSuffix: "indexes of archives", format.ListSuffix: "lists of shard sets",
		format.VariantsSuffix: "variants of archives",
	} {
		if strings.HasSuffix(lower, ending) {
			return report.Usagef("%s: %s: names that end in %s are for %s: choose another",
				c.Command.Name, report.Quote(name), ending, what)
		}
	}
	return nil
}

// CheckArchiveName is [CheckOutputName] for an archive that is a file. It also refuses names of
// other formats, and standard output.
func CheckArchiveName(c *cli.Context, name string) error {
	if name == "-" {
		return report.Usagef("%s: '-': it doesn't write to standard output:"+
			" name a file, or ./- for one of that name", c.Command.Name)
	}
	if err := CheckOutputName(c, name); err != nil {
		return err
	}
	return checkFormat(c, name)
}

// CheckUploadName is [CheckArchiveName] for the name of an object in S3.
func CheckUploadName(c *cli.Context, name string) error {
	if err := checkEnding(c, name); err != nil {
		return err
	}
	return checkFormat(c, name)
}

// checkFormat refuses names of other formats.
func checkFormat(c *cli.Context, name string) error {
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
	if err := refuseURLs(c, args); err != nil {
		return nil, err
	}
	return args, checkOrder(c, args)
}
