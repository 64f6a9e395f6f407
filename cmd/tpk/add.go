package main

import (
	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/editing"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/internal/count"
	"github.com/tarpack/tpk/tarpack/edit"
)

type addOptions struct {
	archive string
	sources []string // directories and files
	add     edit.AddOptions
}

func addCommand() *cli.Command {
	return &cli.Command{
		Name:      "add",
		Usage:     "add directories and files to an archive",
		UsageText: "tpk add [flags] ARCHIVE DIR|FILE...",
		Description: help.Text(`
Adds the files in each DIR, with their paths below DIR, as pack does, and each FILE under its own
name. With --into, they are added below that directory of ARCHIVE. Paths that exist in ARCHIVE are
kept and counted; with --replace, they are replaced. A FILE is always read then; in a DIR, files are
unchanged as for 'tpk update'. If there is nothing to add, nothing is written.

`+editing.Safely+`

With --append, new entries are written to the end of ARCHIVE itself, for archives that are too large
to copy. If that is interrupted, ARCHIVE has its old content, and the next command that writes to it
removes the rest. Afterwards ARCHIVE is no longer sorted by path: other tar programs do
not restore the modification times of directories that were there before, but 'tpk extract' does.
Nothing can be appended below a directory that its owner can't write to. 'tpk compact' sorts
ARCHIVE again.`,
			"something can't be added",
			"tpk add site.tar.gz more-pages",
			"tpk add --replace site.tar.gz index.html robots.txt",
			"tpk add --into docs/v2 site.tar.gz build/docs",
			"tpk add --append tiles.tar.gz level-18"),
		Flags: flags.Source(
			flags.Switch("replace", "replace paths that exist in the archive"),
			&cli.StringFlag{Name: "into", Usage: "add below the directory `PATH` of the archive"},
			flags.Switch("append", "write to the end of the archive instead of copying it"),
			flags.DryRun(), flags.Single(), flags.Progress()),
		Action: action(parseAdd, runAdd),
	}
}

func parseAdd(c *cli.Context) (*addOptions, error) {
	args, err := flags.EditArguments(c, 2, -1)
	if err != nil {
		return nil, err
	}
	o := &addOptions{archive: args[0], sources: args[1:]}
	o.add.Single = c.Bool("single")
	o.add.Replace, o.add.Into = c.Bool("replace"), reading.EntryPath(c.String("into"))
	if o.add.Append = c.Bool("append"); o.add.Append && o.add.Replace {
		return nil, report.Usagef("add: --append and --replace can't be combined:" +
			" the replaced content would stay in the archive")
	}
	src, err := flags.ParseSource(c)
	if err != nil {
		return nil, err
	}
	o.add.Level, o.add.Workers = src.Level, src.Workers
	o.add.Store = src.Store
	o.add.Dedup, o.add.Exclude = src.Dedup, src.Exclude
	o.add.PreserveOwner, o.add.Special = src.PreserveOwner, src.Special
	o.add.LatestModTime, o.add.ModTime = src.LatestModTime, src.ModTime
	o.add.Include, o.add.Dereference = src.Include, src.Dereference
	o.add.OneFileSystem, o.add.Mode = src.OneFileSystem, src.Mode
	o.add.Owner, o.add.Group = src.Owner, src.Group
	return o, nil
}

func runAdd(c *cli.Context, o *addOptions) error {
	e := &editing.Edit{Archive: o.archive, Verb: "adding to"}
	e.Change = func(eo editing.Options) (edit.Result, error) {
		o.add.DryRun, o.add.Change = eo.DryRun, eo.Change
		o.add.Notice, o.add.Progress = eo.Notice, eo.Progress
		return edit.Add(c.Context, o.archive, o.sources, o.add)
	}
	e.Ignored = func(n int64) string {
		paths := count.Of(n, "path", "paths")
		if o.add.Replace {
			return paths + " given more than once: the last one was added"
		}
		return paths + " already in the archive: not replaced without --replace"
	}
	return e.Run(c)
}
