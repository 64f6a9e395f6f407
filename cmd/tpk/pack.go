package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/editing"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/internal/count"
	"github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/shard"
	build "github.com/tarpack/tpk/tarpack/variants"
)

type packOptions struct {
	dir, out string
	pack     pack.Options
	skip     bool  // nothing is done if the archive is there
	shards   int   // number of shards; 0 if there is a size, or no set
	size     int64 // of a shard in bytes; 0 if there is a number, or no set
	upload   *uploadOptions
	variants variants.Settings // no codings: no variants are made
}

func packCommand() *cli.Command {
	return &cli.Command{
		Name:      "pack",
		Usage:     "pack a directory into an archive",
		UsageText: "tpk pack [flags] DIR OUT.tar.gz",
		Description: help.Text(`
Packs the files in DIR into OUT.tar.gz and writes its index, OUT.tar.gz.tpi. Both are complete and
safely on disk when they appear, or they do not appear at all. If OUT.tar.gz is -, the archive
is written to standard output, without an index; 'tpk index' writes it later.

With --embed-index the index is in OUT.tar.gz, and there is no OUT.tar.gz.tpi. All commands find it
there, and tar ignores it. Commands that change the archive keep it there. It works with - as well.
A device or a shard set can't have it. 'tpk index --embed' and --no-embed move it later.

The same files make the same bytes: owners are not stored, modification times are whole
seconds, and later times are clamped to SOURCE_DATE_EPOCH if it is set. Sockets are skipped with a
warning, and so are FIFOs and devices unless --special is given.

Files with equal content and permissions become hard links to one copy. The index keeps the time of
each, and 'tpk extract' makes separate files of them. After GNU tar, or another tar, they share one
inode and one time, and a change to one changes all. A warning counts files with other times.
--dedup strict links only files with equal times, --dedup off none.

If a file was written just now, pack waits until the second of its modification time is over, so
that 'tpk update' recognizes later changes by their times.

Windows has no permissions of this kind: files get 0644, or 0444 if they are read-only, directories
0755. Further names of a file are found as files with equal content.

Globs for --exclude: one without a slash, such as *.tmp, is matched with every name; one with a
slash, such as build/**, with the path below DIR; one that ends with a slash, such as .git/, matches
directories only. ./x is x at the top of DIR. ! at the beginning is refused: nothing that another
glob excludes can be included again. * and ? do not match slashes, ** does.
{a,b} and [a-z] work.

--include takes what matches a glob, with everything below it. -T takes the paths in a file, as
printed by 'find' in DIR; a path that is missing, or below a symbolic link, is an error. --exclude
leaves out of what these take.

--no-recursion takes exactly the paths of -T, and the directories above. 'tpk plan' writes such
lists for several machines, each of which packs one shard. With --skip-existing nothing is done if
OUT.tar.gz is whole and has exactly these paths. This reads its index only, so files that have
changed since are not noticed.

With --base OLD, files with the size and time that they have in OLD, an archive or a shard set, are
copied from it instead of compressed. OLD stays as it is.

Not kept are extended attributes, access control lists and capabilities; a warning counts them. A
file loses its setuid and setgid bits, with a warning, if the archive has another owner or group for
it, which is 0 unless --preserve-owner, --owner or --group is given. --mode may set them again.
Links that leave DIR are kept as links, with a warning.

With --sha256 the index also has the SHA-256 of each file, of each MiB of larger ones, and of its
own parts. 'tpk ls --sha256' prints them, 'tpk update --checksum' compares them, and 'tpk serve'
sends them as Repr-Digest. Other commands that write the archive keep them, and the index grows by
about 33 bytes an entry.

With --shards or --shard-size, the result is a shard set: OUT-00000-of-00016.tar.gz and so on, each
of them an archive, and an index of all. Either the whole set is written or nothing. Other commands
take the set as OUT.tar.gz, by the name of its first shard, or a glob such as
'OUT-*-of-00016.tar.gz'. A hard link to a file in another shard becomes a file of its own; one
warning says how many do.

OUT.tar.gz may be s3://BUCKET/KEY. The archive is uploaded while it is made, and is visible when all
of it is there, a moment after its index. With --embed-index it is one object, which appears in one
step. An upload that fails or is stopped is removed. One that is killed is not visible, but takes
space: the bucket needs a lifecycle rule. Keys come from the environment, from Amazon's files or
from the role of the machine.

With --br, --dcz or --zstd, files are also encoded as 'tpk variants' does, at level 11 of brotli:
OUT.tar.gz.tpv has them for 'tpk serve'.

With --siblings, files that were compressed before, as for gzip_static of nginx, are left out:
x.js.gz, x.js.br and x.js.zst beside x.js. Each must be one stream with the content of x.js, and
nothing after it, or it is packed as a file, with a notice. x.js.br and x.js.zst go to
OUT.tar.gz.tpv if they are at least 5 % smaller than x.js in the archive, and are not encoded again;
--br and --zstd encode the rest. 'tpk serve' sends them for x.js. x.js.br itself is not found then,
and 'tpk extract' doesn't make it. Give --siblings to 'tpk update' as well, or that adds them as
files.

OUT.tar.gz may be a block device. It is overwritten from its beginning with the archive and the
index, and is read like an archive. A mounted device is refused.`,
			"a file can't be read or changes while it is packed, or OUT.tar.gz can't be written",
			"tpk pack site site.tar.gz",
			"tpk pack --level 9 --exclude .git/ --exclude '*.tmp' . ../site.tar.gz",
			"tpk pack --prefix site-1.0 --mode go=rX site site-1.0.tar.gz",
			"git ls-files -z | tpk pack -0T - . ../site.tar.gz",
			"tpk pack --remove-files old-logs old-logs.tar.gz",
			"tpk pack --shard-size 10GiB tiles tiles.tar.gz",
			"tpk pack --embed-index site s3://bucket/site.tar.gz",
			"tpk pack site - | ssh backup 'cat > site.tar.gz'"),
		Flags:  packFlags(),
		Action: action(parsePack, runPack),
	}
}

func packFlags() []cli.Flag {
	return flags.Source(slices.Concat(flags.Selection(), []cli.Flag{
		flags.Switch("remove-files",
			"remove the packed files, once archive and index are safely on disk"),
		flags.Switch("embed-index", "put the index into OUT.tar.gz, which is one file then"),
		&cli.StringFlag{
			Name:  "base",
			Usage: "copy unchanged files from the archive `OLD`, which stays as it is",
		},
		flags.Switch("ignore-failed-read",
			"leave out what can't be read, list it, and exit with 1 at the end"),
		flags.Switch("skip-existing",
			"do nothing if OUT.tar.gz is whole and has exactly the paths of -T"),
		flags.SHA256(),
		&cli.IntFlag{
			Name: "shards", DefaultText: "none", Usage: "pack into `N` shards",
			Action: flags.InRange("shards", 1, format.MaxShards),
		},
		&cli.StringFlag{
			Name:  "shard-size",
			Usage: "pack into shards of about `SIZE`, such as 500MB or 1GiB",
		},
		flags.Siblings(),
	}, flags.Codings(), []cli.Flag{flags.Progress()}, flags.Upload())...)
}

func parsePack(c *cli.Context) (*packOptions, error) {
	args, err := flags.Arguments(c, 2, 2)
	if err != nil {
		return nil, err
	}
	o := &packOptions{dir: args[0], out: args[1]}
	if o.pack, err = flags.ParseSource(c); err != nil {
		return nil, err
	}
	if err = flags.ParseSelection(c, &o.pack); err != nil {
		return nil, err
	}
	o.pack.RemoveFiles = c.Bool("remove-files")
	if isInit(o.out, o.dir) {
		if err := leavePacks(o.pack.Exclude); err != nil {
			return nil, err
		}
	}
	o.pack.SkipUnreadable = c.Bool("ignore-failed-read")
	o.pack.Base = c.String("base")
	o.pack.EmbedIndex = c.Bool("embed-index")
	o.pack.SHA256 = c.Bool("sha256")
	o.pack.Siblings = flags.ParseSiblings(c)
	o.skip = c.Bool("skip-existing")
	o.variants = variants.Settings{Codings: flags.ParseCodings(c), Level: variants.MaxLevel}
	o.upload, err = parseUpload(c, o.out, map[string]bool{
		"base": o.pack.Base != "", "remove-files": o.pack.RemoveFiles, "skip-existing": o.skip,
		"shards": c.IsSet("shards"), "shard-size": c.IsSet("shard-size"),
	})
	if err != nil {
		return nil, err
	}
	if o.upload == nil && o.out != "-" {
		if err := flags.CheckArchiveName(c, o.out); err != nil {
			return nil, err
		}
	}
	o.shards = c.Int("shards")
	if word := c.String("shard-size"); word != "" {
		if o.size, err = flags.ParseSize("pack", "shard-size", word); err != nil {
			return nil, err
		}
	}
	switch {
	case o.skip && o.pack.ExactNames == nil:
		return nil, report.Usagef("pack: --skip-existing: needs --files-from and --no-recursion")
	case o.skip && (o.sharded() || o.out == "-" || o.pack.RemoveFiles):
		return nil, report.Usagef("pack: --skip-existing: needs one archive to look at, and can't" +
			" be combined with --remove-files")
	case o.variants.Codings != 0 && (o.out == "-" || o.upload != nil):
		return nil, report.Usagef("pack: --br, --dcz and --zstd make a file beside the archive:" +
			" name an archive on this machine")
	case o.pack.Siblings != nil && (o.out == "-" || o.upload != nil || o.sharded()):
		return nil, report.Usagef("pack: --siblings makes a file beside the archive:" +
			" name one archive on this machine")
	case o.pack.Siblings != nil && (o.pack.RemoveFiles || o.skip):
		return nil, report.Usagef("pack: --siblings can't be combined with --remove-files or" +
			" --skip-existing")
	case o.pack.RemoveFiles && o.pack.Dereference:
		return nil, report.Usagef("pack: --remove-files and --dereference can't be combined:" +
			" files that links lead to are not removed")
	case c.IsSet("shards") && c.IsSet("shard-size"):
		return nil, report.Usagef("pack: --shards and --shard-size can't be combined")
	case o.sharded() && o.pack.EmbedIndex:
		return nil, report.Usagef("pack: --embed-index and --shards or --shard-size can't be" +
			" combined: a set has an index of all shards beside them")
	case o.sharded() && o.out == "-":
		return nil, report.Usagef("pack: --shards: can't write to standard output:" +
			" name the archives")
	}
	if o.pack.Base != "" {
		for flag, isSet := range map[string]bool{
			"--remove-files": o.pack.RemoveFiles, "--ignore-failed-read": o.pack.SkipUnreadable,
			"--shards": o.shards > 0, "--shard-size": o.size > 0,
		} {
			if isSet {
				return nil, report.Usagef("pack: --base and %s can't be combined", flag)
			}
		}
		if o.out == "-" {
			return nil, report.Usagef("pack: --base: can't be used with standard output:" +
				" name an archive")
		}
	}
	if o.out == "-" {
		if o.pack.RemoveFiles {
			return nil, report.Usagef("pack: --remove-files: can't be used with standard output:" +
				" name an archive")
		}
		if terminal.IsTerminal(c.App.Writer) {
			return nil, report.Usagef("pack: standard output is a terminal:" +
				" name an archive, or redirect with > or |")
		}
	}
	return o, nil
}

// sharded reports whether a shard set is to be written.
func (o *packOptions) sharded() bool { return o.shards > 0 || o.size > 0 }

// runPack packs the archive, and makes its variants.
func runPack(c *cli.Context, o *packOptions) error {
	if err := packArchive(c, o); err != nil {
		return err
	}
	if o.variants.Codings != 0 || o.pack.Siblings != nil && !o.pack.Siblings.Empty() {
		_, err := editing.BuildVariants(c, o.out, build.Options{
			Settings: o.variants, Siblings: o.pack.Siblings, Workers: o.pack.Workers,
		})
		return err
	}
	if o.out != "-" && o.upload == nil && build.Stale(c.Context, o.out) {
		terminal.NewMeter(c, "").Remark(report.Say(report.Quote(o.out) +
			": its variants are of the archive before: " + report.HintStaleVariants()))
	}
	return nil
}

// packArchive is runPack without variants.
func packArchive(c *cli.Context, o *packOptions) error {
	if fi, err := os.Stat(o.dir); err == nil && !fi.IsDir() {
		return report.WithHint(fmt.Errorf("%s: not a directory", o.dir),
			"name the directory with the files to pack")
	}
	m := terminal.NewMeter(c, "packing")
	defer m.Stop()
	if o.skip {
		res, ok, err := pack.Existing(c.Context, o.out, o.pack)
		if err != nil {
			return report.NewFile(o.out, err)
		}
		if ok {
			m.Summarize("%s is there already: %s", report.Quote(o.out),
				report.Bytes(res.ArchiveBytes))
			return nil
		}
	}
	o.pack.Notice = m.Notice
	o.pack.Progress = m.Update
	if m.On() && o.pack.Names == nil && o.pack.ExactNames == nil && o.pack.Include == nil &&
		o.pack.Siblings == nil {
		go m.CountTree(c.Context, o.dir, o.pack.Exclude)
	}
	var res pack.Result
	var err error
	var shards []shard.Shard
	src := o.pack
	switch {
	case o.out == "-":
		res, err = pack.Stream(c.Context, o.dir, c.App.Writer, streamOptions(&src))
	case o.upload != nil:
		err = o.upload.run(c.Context, m, func(archive, sidecar io.Writer) (err error) {
			so := streamOptions(&src)
			so.Sidecar, so.Shard = sidecar, format.IsShardName(o.out)
			res, err = pack.Stream(c.Context, o.dir, archive, so)
			return err
		})
	case o.sharded():
		var set shard.PackResult
		set, err = shard.Pack(c.Context, o.dir, o.out, shard.PackOptions{
			Size: o.size, Shards: o.shards,
			Level: src.Level, Store: src.Store, Workers: src.Workers, Dedup: src.Dedup, Exclude: src.Exclude,
			Include: src.Include, Dereference: src.Dereference, OneFileSystem: src.OneFileSystem,
			PreserveOwner: src.PreserveOwner, Special: src.Special, SHA256: src.SHA256,
			Prefix: src.Prefix, Names: src.Names, ExactNames: src.ExactNames, Mode: src.Mode,
			Owner: src.Owner, Group: src.Group, ModTime: src.ModTime,
			LatestModTime: src.LatestModTime, SkipUnreadable: src.SkipUnreadable,
			RemoveFiles: src.RemoveFiles, Notice: src.Notice, Progress: src.Progress,
		})
		shards = set.Shards
		res = pack.Result{
			Stats: set.Stats, ArchiveBytes: set.ArchiveBytes, SidecarBytes: set.SidecarBytes,
			Removed: set.Removed, Unread: set.Unread,
		}
	default:
		res, err = pack.Dir(c.Context, o.dir, o.out, o.pack)
	}
	m.Stop()
	switch {
	case err != nil && o.out == "-":
		return report.StandardOutput(err, "what was written so far is not an archive")
	case err != nil && o.upload != nil:
		return err
	case o.skip && errors.Is(err, format.ErrShardName):
		return report.WithHint(report.NewFile(o.out, err), "to replace a shard that is lost or damaged,"+
			" delete the list and its .tpi, run this again, and join the shards with 'tpk index'")
	case err != nil:
		return report.NewFile(o.out, err)
	}
	into := report.Quote(o.out)
	if len(shards) > 0 {
		into = count.Of(len(shards), "archive", "archives") + ", " +
			report.Quote(shards[0].Name) + " and so on"
	}
	m.Summarize("packed %s (%s, %s) into %s (%s)",
		count.Of(res.Stats.Files+res.Stats.Hardlinks, "file", "files"),
		report.Bytes(int64(res.Stats.FileBytes+res.Stats.LinkBytes)),
		count.Of(res.Stats.Duplicates, "duplicate", "duplicates"),
		into, report.Bytes(res.ArchiveBytes))
	if s := o.pack.Siblings; s != nil {
		m.Summarize("left out %s", count.Of(s.Left(), "precompressed sibling",
			"precompressed siblings"))
	}
	if res.Unread > 0 {
		return fmt.Errorf("%s: packed without %s that can't be read", o.out,
			count.Of(res.Unread, "file or directory", "files and directories"))
	}
	return nil
}

// streamOptions returns the options with which pack.Stream writes what pack.Dir does.
func streamOptions(o *pack.Options) pack.StreamOptions {
	return pack.StreamOptions{
		Level: o.Level, Store: o.Store, Workers: o.Workers, Dedup: o.Dedup, Exclude: o.Exclude,
		Include: o.Include, Dereference: o.Dereference, OneFileSystem: o.OneFileSystem,
		PreserveOwner: o.PreserveOwner, Special: o.Special, SHA256: o.SHA256,
		Prefix: o.Prefix, Names: o.Names, ExactNames: o.ExactNames, Mode: o.Mode,
		Owner: o.Owner, Group: o.Group, ModTime: o.ModTime, LatestModTime: o.LatestModTime,
		SkipUnreadable: o.SkipUnreadable, EmbedIndex: o.EmbedIndex,
		Notice: o.Notice, Progress: o.Progress,
	}
}
