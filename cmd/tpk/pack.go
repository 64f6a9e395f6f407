package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/shard"
)

type packOptions struct {
	dir, out string
	pack     pack.Options
	shards   int   // 0: see shardSize
	size     int64 // of a shard in bytes; 0 and no shards: one archive
}

func packCommand() *cli.Command {
	return &cli.Command{
		Name:      "pack",
		Usage:     "pack a directory into an archive",
		UsageText: "tpk pack [flags] DIR OUT.tar.gz",
		Description: `Packs the files below DIR into OUT.tar.gz and writes its index, OUT.tar.gz.tpi. Both appear when they are complete
and safely on disk, or not at all. With - for OUT.tar.gz the archive goes to standard output, without an index:
tpk index makes it later.

The same tree gives the same bytes: owners are left out, times are whole seconds, and SOURCE_DATE_EPOCH, if set,
is the latest time. Sockets are skipped, and so are FIFOs and devices without --special.

A glob without a slash (*.tmp) is matched with every name, one with a slash (build/**) with the path below DIR, one
that ends in a slash (.git/) with directories only. * and ? stop at slashes, ** does not, and {a,b} and [a-z] work.

OUT.tar.gz may be a block device or a partition, which is overwritten from its beginning on: archive and index are on it then, and
what reads an archive reads the device. One that is mounted is refused.

With --shards or --shard-size OUT.tar.gz becomes a set: OUT-00000-of-00016.tar.gz and so on, each an archive of its own, with an index for
all of them. All of the set appears, or nothing. Commands that read, and serve, take a set by its first file or as
'OUT-*-of-00016.tar.gz'.` +
			examples(
				"tpk pack site site.tar.gz",
				"tpk pack --level 9 --exclude .git/ --exclude '*.tmp' . ../site.tar.gz",
				"tpk pack --remove-files old-logs old-logs.tar.gz",
				"tpk pack --shard-size 10GiB tiles tiles.tar.gz",
				"tpk pack site - | ssh backup 'cat > site.tar.gz'"),
		Flags: append(sourceFlags(),
			&cli.BoolFlag{Name: "remove-files", DisableDefaultText: true, Usage: "remove what was packed, once archive and index are safely on disk"},
			&cli.IntFlag{Name: "shards", DefaultText: "none", Usage: "pack into a set of `N` archives", Action: inRange("shards", 1, format.MaxShards)},
			&cli.StringFlag{Name: "shard-size", Usage: "pack into a set of archives of about `SIZE` each, as 500MB or 1GiB"},
			progressFlag()),
		Action: func(c *cli.Context) error {
			o, err := parsePack(c)
			if err != nil {
				return err
			}
			return runPack(c, o)
		},
	}
}

func parsePack(c *cli.Context) (*packOptions, error) {
	args, err := arguments(c, 2, 2)
	if err != nil {
		return nil, err
	}
	o := &packOptions{dir: args[0], out: args[1]}
	if o.pack, err = parseSource(c); err != nil {
		return nil, err
	}
	o.pack.RemoveFiles = c.Bool("remove-files")
	o.shards = c.Int("shards")
	if word := c.String("shard-size"); word != "" {
		if o.size, err = parseSize("pack", "shard-size", word); err != nil {
			return nil, err
		}
	}
	switch {
	case c.IsSet("shards") && c.IsSet("shard-size"):
		return nil, usagef("pack: --shards and --shard-size: choose one of them")
	case o.sharded() && o.out == "-":
		return nil, usagef("pack: --shards: needs a name for the archives, not standard output")
	}
	if o.out == "-" {
		if o.pack.RemoveFiles {
			return nil, usagef("pack: --remove-files: needs an archive that is a file, not standard output")
		}
		if isTerminal(c.App.Writer) {
			return nil, usagef("pack: standard output is a terminal: name an archive, or redirect with > or |")
		}
	}
	return o, nil
}

func (o *packOptions) sharded() bool { return o.shards > 0 || o.size > 0 }

func runPack(c *cli.Context, o *packOptions) error {
	if fi, err := os.Stat(o.dir); err == nil && !fi.IsDir() {
		return &hinted{fmt.Errorf("%s: not a directory", o.dir), "name the directory that holds what is to be packed"}
	}
	m := newMeter(c, "packing")
	defer m.stop()
	o.pack.Notice = m.notice
	o.pack.Progress = m.update
	if m.on {
		go m.countTree(c.Context, o.dir, o.pack.Exclude)
	}
	var res pack.Result
	var err error
	var shards []shard.Shard
	src := o.pack
	switch {
	case o.out == "-":
		res, err = pack.Stream(c.Context, o.dir, c.App.Writer, pack.StreamOptions{
			Level: src.Level, Workers: src.Workers, Dedup: src.Dedup, Exclude: src.Exclude, PreserveOwner: src.PreserveOwner,
			Special: src.Special, LatestModTime: src.LatestModTime, Notice: src.Notice, Progress: src.Progress,
		})
	case o.sharded():
		var set shard.PackResult
		set, err = shard.Pack(c.Context, o.dir, o.out, shard.PackOptions{
			Size: o.size, Shards: o.shards,
			Level: src.Level, Workers: src.Workers, Dedup: src.Dedup, Exclude: src.Exclude, PreserveOwner: src.PreserveOwner,
			Special: src.Special, LatestModTime: src.LatestModTime, RemoveFiles: src.RemoveFiles,
			Notice: src.Notice, Progress: src.Progress,
		})
		res = pack.Result{Stats: set.Stats, ArchiveBytes: set.ArchiveBytes, SidecarBytes: set.SidecarBytes, Removed: set.Removed}
		shards = set.Shards
	default:
		res, err = pack.Dir(c.Context, o.dir, o.out, o.pack)
	}
	m.stop()
	var stop stopped
	switch {
	case errors.As(err, &stop) && o.out == "-":
		return &hinted{fmt.Errorf("standard output: %w", stop), "what was written so far is no archive"}
	case err != nil:
		return aboutOutput(o.out, err)
	}
	into := quoteName(o.out)
	if len(shards) > 0 {
		into = english.Plural(len(shards), "archive", "") + ", " + quoteName(shards[0].Name) + " and so on"
	}
	m.sum("packed %s files (%s, %s duplicates) into %s (%s)",
		humanize.Comma(int64(res.Stats.Files+res.Stats.Hardlinks)), bytesOf(int64(res.Stats.FileBytes+res.Stats.LinkBytes)),
		humanize.Comma(int64(res.Stats.Duplicates)), into, bytesOf(res.ArchiveBytes))
	return nil
}
