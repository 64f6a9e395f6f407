package main

import (
	"errors"
	"io/fs"
	"os"
	"slices"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/editing"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/edit"
	"github.com/tarpack/tpk/tarpack/format"
)

type mergeOptions struct {
	out      string
	archives []string
	merge    edit.MergeOptions
	dryRun   bool
}

func mergeCommand() *cli.Command {
	return &cli.Command{
		Name:      "merge",
		Usage:     "merge archives into one",
		UsageText: "tpk merge [flags] OUT.tar.gz ARCHIVE...",
		Description: help.Text(`
Writes all entries of the archives to OUT.tar.gz. If several have the same path, the last one is
taken, or the first one with --first. Equal contents are stored once. Nothing is compressed again.
OUT.tar.gz may be one of the archives. If it exists and is none of them, it is replaced only with
--replace: OUT.tar.gz may have been left out. An archive may be a shard set, by any of its names.
OUT.tar.gz may be a set only if it is also merged; then only the shards that differ are written.

With --json, an object has the numbers added and ignored, and written and archive_bytes.`,
			"an archive can't be read or OUT.tar.gz can't be written",
			"tpk merge all.tar.gz monday.tar.gz tuesday.tar.gz",
			"tpk merge --first site.tar.gz site.tar.gz defaults.tar.gz"),
		Flags: []cli.Flag{
			flags.Switch("first", "take a path from the first archive that contains it"),
			flags.Switch("replace", "replace OUT.tar.gz even if it is none of the archives"),
			flags.Dedup(), flags.SHA256(), flags.DryRun(), flags.Switch("json", "print a JSON object"),
			flags.Switch("single", "take each shard that is named as an archive of its own"),
			flags.Progress(),
		},
		Action: action(parseMerge, runMerge),
	}
}

func parseMerge(c *cli.Context) (*mergeOptions, error) {
	args, err := flags.Arguments(c, 2, -1)
	if err != nil {
		return nil, err
	}
	o := &mergeOptions{out: args[0], archives: args[1:], dryRun: c.Bool("dry-run")}
	if o.merge.Single = c.Bool("single"); !o.merge.Single {
		if o.archives, err = joinSets(c, o.archives); err != nil {
			return nil, err
		}
	}
	// If it is a set, its list may be named.
	if _, isSet, err := tarpack.SetList(o.out); err != nil || !isSet {
		if err := flags.CheckArchiveName(c, o.out); err != nil {
			return nil, err
		}
	}
	if !c.Bool("replace") && isOther(o.out, o.archives, o.merge.Single) {
		return nil, report.Usagef("merge: %s exists and is none of the archives:"+
			" name OUT.tar.gz first, or replace it with --replace", report.Quote(o.out))
	}
	o.merge.First = c.Bool("first")
	o.merge.Dedup, o.merge.SHA256 = flags.DedupMode(c), c.Bool("sha256")
	return o, nil
}

// isOther reports whether out is a file that exists, and none of the archives. Unless shards are
// taken as archives of their own, the merge itself finds that out of them.
func isOther(out string, archives []string, single bool) bool {
	fi, err := os.Stat(out)
	if err != nil || !fi.Mode().IsRegular() {
		return false
	}
	if _, _, isShard := format.ParseShardName(out); isShard && !single {
		return false
	}
	return !slices.ContainsFunc(archives, func(name string) bool {
		other, err := os.Stat(name)
		return err == nil && os.SameFile(fi, other)
	})
}

// joinSets replaces all shards of a set, in order, by the name of the first, which stands for the
// set. It refuses a part of them that has the first: that name would stand for the others as well.
func joinSets(c *cli.Context, names []string) (joined []string, err error) {
	for len(names) > 0 {
		first, n, whole := tarpack.JoinFirst(names)
		_, i, _ := format.ParseShardName(first)
		switch {
		case whole:
			joined = append(joined, first)
		case n > 1 && i == 0:
			return nil, flags.SomeShards(c, first, n)
		default: // one name, or shards that each stand for themselves
			joined = append(joined, names[:n]...)
		}
		names = names[n:]
	}
	return joined, nil
}

func runMerge(c *cli.Context, o *mergeOptions) error {
	_, err := os.Stat(o.out)
	_, isSet, _ := tarpack.SetList(o.out)
	e := &editing.Edit{
		Archive: o.out, Verb: "merging", New: errors.Is(err, fs.ErrNotExist) && !isSet,
	}
	e.Change = func(eo editing.Options) (edit.Result, error) {
		o.merge.DryRun, o.merge.Notice, o.merge.Progress = eo.DryRun, eo.Notice, eo.Progress
		return edit.Merge(c.Context, o.out, o.archives, o.merge)
	}
	if o.dryRun {
		e.Ignored = func(n int64) string {
			return report.Entries(n) +
				" hidden by another archive's entry of the same path"
		}
	}
	return e.Run(c)
}
