package main

import (
	"slices"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/editing"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/tarpack/edit"
)

type updateOptions struct {
	archive, dir string
	update       edit.UpdateOptions
}

func updateCommand() *cli.Command {
	return &cli.Command{
		Name:      "update",
		Usage:     "bring an archive up to date with a directory",
		UsageText: "tpk update [flags] ARCHIVE DIR",
		Description: help.Text(`
Makes ARCHIVE what 'tpk pack DIR ARCHIVE' would write, but copies unchanged files from it. A file is
unchanged if its size and modification time are the same or, with --checksum, its content.
Times that prove nothing are not trusted, and the file is read: times that are clamped to
SOURCE_DATE_EPOCH or equal to it, in the future, no earlier than that of ARCHIVE, or set by build
tools: before 1986, or a midnight in some time zone.
Only --checksum finds a change that keeps the size and restores the time, as cp -p does.

Entries that are not in DIR, or are excluded, are removed unless --keep is given. If these are more
than half of the entries, as with an empty or a wrong directory, the command fails and ARCHIVE stays
as it is; --max-delete allows them. Owners stored in ARCHIVE stay unless --preserve-owner replaces
them with those in DIR.

With --siblings, x.js.gz, x.js.br and x.js.zst beside an equal x.js are not added, and are removed
from ARCHIVE, as 'tpk pack --siblings' does. Those in brotli and Zstandard go to ARCHIVE.tpv.

With --json, a dry run prints an object with change and path for each path. The last line has the
numbers added, changed, removed, kept and ignored, and written and archive_bytes.

An archive that is up to date is not touched. `+editing.Safely,
			"ARCHIVE can't be updated",
			"tpk update site.tar.gz site",
			"tpk update --dry-run site.tar.gz site",
			"tpk update --keep --checksum logs.tar.gz /var/log/old"),
		Flags: flags.Source(slices.Concat(flags.Selection(), []cli.Flag{
			flags.Switch("checksum", "compare contents even if size and modification time match"),
			flags.Switch("keep", "keep entries that are not in DIR"),
			&cli.Int64Flag{
				Name: "max-delete", DefaultText: "half of the entries",
				Usage: "fail if more than `N` entries would be removed",
			},
			flags.Siblings(), flags.DryRun(), flags.Single(),
			flags.Switch("json", "print one JSON object per line"), flags.Progress(),
		})...),
		Action: action(parseUpdate, runUpdate),
	}
}

func parseUpdate(c *cli.Context) (*updateOptions, error) {
	args, err := flags.EditArguments(c, 2, 2)
	if err != nil {
		return nil, err
	}
	o := &updateOptions{archive: args[0], dir: args[1]}
	o.update = edit.UpdateOptions{Checksum: c.Bool("checksum"), Keep: c.Bool("keep")}
	o.update.Single = c.Bool("single")
	most := c.Int64("max-delete")
	if most < 0 {
		return nil, report.Usagef("update: --max-delete %d: must not be negative", most)
	}
	o.update.RemoveLimit = func(entries int64) int64 { return entries / 2 }
	if c.IsSet("max-delete") {
		o.update.RemoveLimit = func(int64) int64 { return most }
	}
	src, err := flags.ParseSource(c)
	if err != nil {
		return nil, err
	}
	if isInit(o.archive, o.dir) {
		if err := leavePacks(src.Exclude); err != nil {
			return nil, err
		}
	}
	if err := flags.ParseSelection(c, &src); err != nil {
		return nil, err
	}
	o.update.Prefix, o.update.Names = src.Prefix, src.Names
	o.update.ExactNames = src.ExactNames
	o.update.Level, o.update.Workers = src.Level, src.Workers
	o.update.Store = src.Store
	o.update.Dedup, o.update.Exclude = src.Dedup, src.Exclude
	o.update.PreserveOwner, o.update.Special = src.PreserveOwner, src.Special
	o.update.LatestModTime, o.update.ModTime = src.LatestModTime, src.ModTime
	o.update.Include, o.update.Dereference = src.Include, src.Dereference
	o.update.OneFileSystem, o.update.Mode = src.OneFileSystem, src.Mode
	o.update.Owner, o.update.Group = src.Owner, src.Group
	o.update.Siblings = flags.ParseSiblings(c)
	if o.update.Siblings != nil && o.update.Single {
		return nil, report.Usagef("update: --siblings and --single can't be combined:" +
			" the variants are those of the whole set")
	}
	return o, nil
}

func runUpdate(c *cli.Context, o *updateOptions) error {
	e := &editing.Edit{Archive: o.archive, Verb: "updating", Siblings: o.update.Siblings}
	e.Change = func(eo editing.Options) (edit.Result, error) {
		o.update.DryRun, o.update.Change = eo.DryRun, eo.Change
		o.update.Notice, o.update.Progress = eo.Notice, eo.Progress
		return edit.Update(c.Context, o.archive, o.dir, o.update)
	}
	return e.Run(c)
}
