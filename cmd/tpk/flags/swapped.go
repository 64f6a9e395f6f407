package flags

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/tarpack"
)

// checkOrder returns an error if the arguments of a command seem to be in the wrong order.
func checkOrder(c *cli.Context, args []string) error {
	if len(args) < 2 {
		return nil
	}
	first := args[0]
	switch name := c.Command.Name; name {
	case "pack":
		if !isDir(first) && isDir(args[1]) {
			return report.Usagef("pack: the directory comes first: 'tpk pack %s %s'",
				report.Quote(args[1]), report.Quote(first))
		}
	case "ls", "cat", "extract", "update", "add", "rm":
		if !isDir(first) && (exists(first) || hasArchiveName(first)) {
			return nil
		}
		for _, other := range args[1:] {
			if isFile(other) && hasArchiveName(other) {
				return report.Usagef("%s: the archive comes first: usage: %s", name, c.Command.UsageText)
			}
		}
	case "convert", "export", "repair":
		in, _, _ := strings.Cut(first, ":")
		if first != "-" && !exists(first) && !exists(in) && isFile(args[1]) &&
			!strings.ContainsAny(first, "*?[") {
			return report.WithHint(fmt.Errorf("%s: %w", first, syscall.ENOENT),
				"check the name; what is read comes first: "+c.Command.UsageText)
		}
	}
	return nil
}

// exists reports whether a name leads to a file, or stands for a shard set or perhaps for several.
func exists(name string) bool {
	if _, err := os.Stat(name); err == nil {
		return true
	}
	_, isSet, err := tarpack.SetList(name)
	return isSet || err != nil
}

func isDir(name string) bool {
	fi, err := os.Stat(name)
	return err == nil && fi.IsDir()
}

func isFile(name string) bool {
	fi, err := os.Stat(name)
	return err == nil && fi.Mode().IsRegular()
}

// hasArchiveName reports whether a name ends like that of an archive.
func hasArchiveName(name string) bool {
	lower := strings.ToLower(name)
	return strings.HasSuffix(lower, ".tar.gz") || strings.HasSuffix(lower, ".tgz")
}
