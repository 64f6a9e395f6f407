package main

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
)

type lsOptions struct {
	archive, path string
	long, json    bool
}

func lsCommand() *cli.Command {
	return &cli.Command{
		Name:      "ls",
		Usage:     "list what is in an archive",
		UsageText: "tpk ls [-l] [--json] ARCHIVE [PATH]",
		Description: `Lists all entries of ARCHIVE, or PATH and all that is below it, in the order of paths, a line each. A backslash and control
characters in a name are written as \\, \n or \ooo, as GNU tar does.

--json prints an object a line: path, type (file, dir, symlink, hardlink, char, block, fifo), size in bytes, mode (octal
digits), mtime (RFC 3339, UTC); for links link, the target; for files and hard links hash, the xxHash64 of the content in hex,
and, unless they are empty, member: offset and length of the gzip member of the content in ARCHIVE, and its encoding,
deflate or stored; of a set also shard, the archive that has it. A hard link shows size, hash and member of its target. A path or link that is not UTF-8 has
path_base64 or link_base64 as well, with its true bytes.` +
			examples(
				"tpk ls -l site.tar.gz",
				"tpk ls site.tar.gz css",
				"tpk ls --json site.tar.gz | jq -r 'select(.size > 1e6).path'"),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "l", DisableDefaultText: true, Usage: "show mode, size and time as well"},
			&cli.BoolFlag{Name: "json", DisableDefaultText: true, Usage: "print an object a line"},
		},
		Action: func(c *cli.Context) error {
			args, err := readArguments(c, 1, 2)
			if err != nil {
				return err
			}
			o := &lsOptions{archive: args[0], long: c.Bool("l"), json: c.Bool("json")}
			if len(args) > 1 {
				o.path = args[1]
			}
			if o.long && o.json {
				return usagef("ls: -l and --json: choose one of them")
			}
			return runLs(c, o)
		},
	}
}

func runLs(c *cli.Context, o *lsOptions) error {
	a, err := openArchive(c, o.archive)
	if err != nil {
		return err
	}
	defer a.Close()
	from, to, err := span(a, o.path)
	if err != nil {
		return inArchive(o.archive, err)
	}
	w := bufio.NewWriterSize(c.App.Writer, 64<<10)
	print := printName
	switch {
	case o.json:
		print = newJSONLister(w, a).print
	case o.long:
		print = printLong
	}
	index := a.Index()
	for row, err := range index.All(from, to) {
		if err == nil {
			err = context.Cause(c.Context)
		}
		if err == nil {
			err = print(w, index, row)
		}
		if err != nil {
			w.Flush() // the first error is the one to tell
			return inArchive(o.archive, err)
		}
	}
	return w.Flush()
}

// span returns the ordinals of what the word of a command line means, the entry itself first.
func span(a *tarpack.Archive, word string) (from, to int, err error) {
	if entryPath(word) == "" {
		return 0, a.Index().Len(), nil
	}
	i, e, err := lookup(a, word)
	if err != nil {
		return 0, 0, err
	}
	if e.Type == sidecar.TypeDir {
		return i, int(e.End), nil
	}
	return i, i + 1, nil
}

// printName prints a path as `tar t` does.
func printName(w io.Writer, _ *sidecar.Index, row sidecar.Row) error {
	_, err := fmt.Fprintln(w, quoteName(displayPath(row)))
	return err
}

// displayPath is the path with a slash after it for a directory.
func displayPath(row sidecar.Row) string {
	if row.Entry.Type == sidecar.TypeDir {
		return string(row.Path) + "/"
	}
	return string(row.Path)
}
