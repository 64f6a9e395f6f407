package main

import (
	"bufio"
	"context"
	"slices"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/sidecar"
)

type lsOptions struct {
	archive    string
	words      []string // paths and globs; none for everything
	long, json bool
	sums       bool // in the format of sha256sum
}

func lsCommand() *cli.Command {
	return &cli.Command{
		Name:      "ls",
		Usage:     "list the entries of an archive",
		UsageText: "tpk ls [-l|--json|--sha256] ARCHIVE [PATH|GLOB...]",
		Description: help.Text(`
Lists all entries of ARCHIVE, or each PATH and everything below it, one per line, sorted by path. As
in GNU tar, backslashes and control characters in names are printed as \\, \n or \ooo.

`+help.Globs+`

`+help.Remote+`

With --sha256, each line is what sha256sum prints for the file, so that 'sha256sum -c' checks a
directory that the archive was extracted to. ARCHIVE must have been packed with --sha256.

With --json, each line is an object with these members:
 path     the path; path_base64 has its bytes if they are not UTF-8
 type     file, dir, symlink, hardlink, char, block or fifo
 size     in bytes; for a hard link, the size of its target
 mode     permissions, in octal digits
 mtime    modification time, RFC 3339 in UTC
 link     the target of a link; link_base64 if it is not UTF-8
 hash     xxHash64 of the content, in hexadecimal
 sha256   SHA-256 of the content, if ARCHIVE was packed with --sha256
 member   the gzip member with the content, absent for empty files:
          offset and length in ARCHIVE, encoding (deflate or stored)
          and, for a shard set, shard, the archive that contains it
 below    of a directory, what is below it at any depth: files, the number
          of names that aren't directories; size, in bytes, each name in
          full; and packed, the bytes of their members, each counted once`,
			"ARCHIVE, or an entry of it, can't be read, or it has no PATH (the others are listed)",
			"tpk ls -l site.tar.gz",
			"tpk ls site.tar.gz css '*.html'",
			"tpk ls --sha256 site.tar.gz | (cd /srv/site && sha256sum -c --quiet)",
			"tpk ls --json site.tar.gz | jq -r 'select(.size > 1e6).path'"),
		Flags: slices.Concat([]cli.Flag{
			flags.Switch("l", "print mode, size and modification time as well"),
			flags.Switch("json", "print one JSON object per line"),
			flags.Switch("sha256", "print the SHA-256 of each file, for sha256sum -c"),
			flags.NoConvert(),
		}, flags.Trust(), flags.Remote()),
		Action: action(parseLs, runLs),
	}
}

func parseLs(c *cli.Context) (*lsOptions, error) {
	args, err := flags.ReadArguments(c, 1, -1)
	if err != nil {
		return nil, err
	}
	o := &lsOptions{
		archive: args[0], words: args[1:], long: c.Bool("l"), json: c.Bool("json"),
		sums: c.Bool("sha256"),
	}
	if len(o.words) == 0 {
		o.words = []string{""}
	}
	if o.long && o.json {
		return nil, report.Usagef("ls: -l and --json can't be combined")
	}
	if o.sums && (o.long || o.json) {
		return nil, report.Usagef("ls: --sha256 can't be combined with -l or --json")
	}
	return o, nil
}

func runLs(c *cli.Context, o *lsOptions) (err error) {
	open := reading.Open
	if len(o.words) == 1 && o.words[0] == "" {
		open = reading.OpenForAll
	}
	a, err := open(c, o.archive)
	if err != nil {
		return err
	}
	defer reading.Close(a, &err)
	o.archive = reading.NameOf(a, o.archive)
	matches, err := reading.Find(a.Archive, o.words)
	if err != nil {
		return report.In(o.archive, err)
	}
	spans, err := reading.Spans(a.Archive, matches)
	if err != nil {
		return report.In(o.archive, err)
	}
	w := bufio.NewWriterSize(c.App.Writer, 64<<10)
	print := reading.Names(w)
	switch {
	case o.json:
		print = reading.JSON(w, a.Archive)
	case o.long:
		print = reading.Long(w, a.Index())
	case o.sums:
		if !a.Index().HasSHA256() {
			err := report.In(o.archive, sidecar.ErrNoSums)
			if a.Converted {
				err = report.WithHint(err, "'tpk convert --sha256' makes an archive with them")
			}
			return err
		}
		print = reading.Sums(w, a.Index())
	}
	for _, span := range spans {
		for row, err := range a.Index().All(span[0], span[1]) {
			if err == nil {
				err = context.Cause(c.Context)
			}
			if err == nil {
				err = print(row)
			}
			if err != nil {
				w.Flush() // the first error is the one to report
				return report.In(o.archive, err)
			}
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	err = reading.ReportMissing(c, o.archive, matches)
	if err == nil && a.Refused > 0 {
		err = report.ErrReported
	}
	return err
}
