package flags

import (
	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/tarpack/format"
)

var (
	dedupNames    = []string{"content", "strict", "off"}
	progressNames = []string{"auto", "always", "never"}
	levelNames    = []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}
)

// Words returns the values of a flag that takes one of a few, for completion, or nil.
func Words(flag string) []string {
	return map[string][]string{
		"dedup":    dedupNames,
		"index":    indexNames,
		"level":    levelNames,
		"progress": progressNames,
	}[flag]
}

// Switch returns a flag without a value.
func Switch(name, usage string) cli.Flag {
	return &cli.BoolFlag{Name: name, Usage: usage}
}

// Workers returns the flag for the number of goroutines that compress.
func Workers() cli.Flag {
	return &cli.IntFlag{
		Name: "workers", DefaultText: "one per CPU", Action: InRange("workers", 0, 1024),
		Usage: "use `N` threads",
	}
}

// Dedup returns the flag of every command that looks for files with equal content.
func Dedup() cli.Flag {
	return &cli.StringFlag{
		Name: "dedup", Value: "content", Action: OneOf("dedup", dedupNames),
		Usage: "store duplicate files as hard links; `MODE` is content (same content" +
			" and permissions), strict (same modification time, too) or off",
	}
}

// DedupMode returns the value of [Dedup].
func DedupMode(c *cli.Context) format.DedupMode {
	switch c.String("dedup") {
	case "strict":
		return format.DedupStrict
	case "off":
		return format.DedupOff
	}
	return format.DedupContent
}

// SHA256 returns the flag of the commands that can put sums into an index.
func SHA256() cli.Flag { return Switch("sha256", "put the SHA-256 of each file into the index") }

// DryRun returns the flag of every command that changes or writes an archive.
func DryRun() cli.Flag { return Switch("dry-run", "change nothing; print what would change") }

// NoConvertName is the name of the flag [NoConvert].
const NoConvertName = "no-convert"

// NoConvert returns the flag of every command that reads tar and zip files by converting them.
func NoConvert() cli.Flag {
	return Switch(NoConvertName, "refuse a file that is not a tpk archive")
}

// Single returns the flag of every command that changes an archive or a shard set.
func Single() cli.Flag {
	return Switch("single", "change one shard of a set as an archive of its own")
}

// Quiet returns the flag that all commands have, and tpk before the command.
func Quiet() *cli.BoolFlag {
	return &cli.BoolFlag{
		Name: "quiet", Aliases: []string{"q"},
		Usage: "print only errors and the results that were asked for",
	}
}

// Progress returns the flag of every command that may take long.
func Progress() cli.Flag {
	return &cli.StringFlag{
		Name: "progress", Value: "auto", Action: OneOf("progress", progressNames),
		Usage: "show progress on standard error; `WHEN` is auto (on a terminal), always" +
			" (as lines if it is not a terminal) or never",
	}
}
