package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/internal/edition"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/convert"
	"github.com/tarpack/tpk/tarpack/edit"
	"github.com/tarpack/tpk/tarpack/format"
)

type convertOptions struct {
	in, out string
	convert convert.Options
	upload  *uploadOptions
}

func convertCommand() *cli.Command {
	return &cli.Command{
		Name:      "convert",
		Usage:     "convert a tar or zip file to an archive",
		UsageText: "tpk convert [flags] IN OUT.tar.gz",
		Description: help.Text(`
Converts IN to OUT.tar.gz and its index. IN is a tar file, uncompressed or compressed with gzip,
zstd, xz, bzip2, lzma or lz4, or a zip file; - is standard input. The format is detected from the
content. IN may also be an archive of tpk: its compressed bytes are copied, and duplicates stay
files of their own. Several of these in one file are read as one. Of a shard set, all shards are
converted. If other bytes follow that seem to hold an archive, or follow compressed data, the
command fails.

Permissions, owners, modification times and links are kept. SOURCE_DATE_EPOCH has no effect. Files
of a zip without permissions get 0644, directories 0755. Small files of a zip are not compressed
again.

If IN has a path several times, the last entry is taken. Missing directories are added. Entries that
would be dangerous to extract, such as ../../etc/passwd, are refused, each with a message, and the
rest is converted. A damaged header of a tar is skipped like that, up to the next header. Absolute
names lose their leading slash, with a warning. Sparse files become ordinary files. Extended
attributes are dropped.

OUT.tar.gz may be s3://BUCKET/KEY, as for 'tpk pack'. Temporary files need as much room as the
archive.`,
			"IN can't be converted or an entry was refused",
			"tpk convert linux-6.1.tar.xz linux.tar.gz",
			"tpk convert site.zip site.tar.gz",
			"tpk convert --zip-encoding shift_jis photos.zip photos.tar.gz",
			"git archive HEAD | tpk convert - release.tar.gz",
			"tpk convert --embed-index site.zip s3://bucket/site.tar.gz"),
		Flags: slices.Concat([]cli.Flag{
			flags.Level(), flags.Workers(), flags.Dedup(), flags.SHA256(), flags.DryRun(),
			flags.Switch("embed-index", "put the index into the archive; needs s3://"),
			flags.Progress(),
			&cli.StringFlag{Name: "zip-encoding", Usage: "names in a zip that are not UTF-8 are in" +
				" `ENCODING`, such as shift_jis or gbk (default: their bytes stay)"},
		}, flags.Upload()),
		Action: action(parseConvert, runConvert),
	}
}

func parseConvert(c *cli.Context) (*convertOptions, error) {
	args, err := flags.EditArguments(c, 2, 2)
	if err != nil {
		return nil, err
	}
	o := &convertOptions{in: args[0], out: args[1]}
	o.convert.Level, o.convert.Workers = flags.CompressionLevel(c), c.Int("workers")
	o.convert.Dedup, o.convert.DryRun = flags.DedupMode(c), c.Bool("dry-run")
	o.convert.SHA256 = c.Bool("sha256")
	if name := c.String("zip-encoding"); name != "" {
		if o.convert.ZipEncoding, err = nameEncoding(name); err != nil {
			return nil, err
		}
	}
	o.upload, err = parseUpload(c, o.out, map[string]bool{"dry-run": o.convert.DryRun})
	if err == nil && o.upload == nil {
		err = flags.CheckArchiveName(c, o.out)
	}
	if err == nil && o.upload == nil && c.Bool("embed-index") {
		err = report.Usagef("convert: --embed-index: needs s3://: 'tpk index --embed' does it for a file")
	}
	return o, err
}

func runConvert(c *cli.Context, o *convertOptions) error {
	if o.in != "-" {
		if list, isSet, err := tarpack.SetList(o.in); err != nil {
			return err
		} else if isSet {
			set, ok := format.ParseListName(list)
			if ok && o.upload != nil {
				return convertFrom(c, o, &shardReader{set: set}, o.in)
			}
			err := convertSet(c, o)
			if ok && errors.Is(err, format.ErrDraft) {
				return convertFrom(c, o, &shardReader{set: set}, o.in)
			}
			return err
		}
	}
	r, in := c.App.Reader, "standard input"
	if o.in != "-" {
		f, err := os.Open(o.in)
		if err != nil {
			return err
		}
		defer f.Close()
		if fi, err := f.Stat(); err == nil && fi.IsDir() {
			return report.In(o.in, fmt.Errorf("%w: %w", convert.ErrNotConvertible, format.ForeignDir))
		}
		r, in = f, o.in
	}
	return convertFrom(c, o, r, in)
}

// convertFrom converts what r reads. Messages name it in.
func convertFrom(c *cli.Context, o *convertOptions, r io.Reader, in string) error {
	m := terminal.NewMeter(c, "converting")
	defer m.Stop()
	o.convert.Notice = func(err error) { m.Notice(report.In(in, err)) }
	o.convert.Progress = m.Update
	o.convert.Problem = func(p *format.Problem) {
		err := report.In(in, p)
		if errors.Is(err, format.ErrCorrupt) {
			err = report.WithHint(err, "") // it is an entry of a zip, which only convert reads
		}
		m.Print(report.Line(err))
	}
	res, err := convertTo(c.Context, m, r, o)
	m.Stop()
	if err != nil {
		if missing := edition.MissingError(""); errors.As(err, &missing) {
			return report.In(in, err)
		}
		for _, known := range []error{
			convert.ErrNotConvertible, format.ErrCorrupt, format.ErrTruncated, format.ErrVersion,
		} {
			if errors.Is(err, known) {
				return report.In(in, err)
			}
		}
		if o.upload != nil {
			return err
		}
		return report.NewFile(o.out, err)
	}
	if o.convert.DryRun {
		_, err := fmt.Fprintf(c.App.Writer, "%s, %d refused\n",
			report.Entries(res.Entries), res.Refused)
		if err != nil {
			return err
		}
	}
	m.Summarize("converted %s into %s (%s)",
		report.Entries(res.Entries), report.Quote(o.out), report.Bytes(res.ArchiveBytes))
	if res.Refused > 0 {
		return report.ErrReported
	}
	return nil
}

// convertTo converts what r reads to a file or to an object in S3.
func convertTo(
	ctx context.Context, m *terminal.Meter, r io.Reader, o *convertOptions,
) (res convert.Result, err error) {
	if o.upload == nil {
		return convert.Convert(ctx, r, o.out, o.convert)
	}
	from := o.convert
	err = o.upload.run(ctx, m, func(archive, sidecar io.Writer) (err error) {
		res, err = convert.Stream(ctx, r, archive, convert.StreamOptions{
			Level: from.Level, Workers: from.Workers, Dedup: from.Dedup, SHA256: from.SHA256,
			ZipEncoding: from.ZipEncoding, EmbedIndex: o.upload.embed, Sidecar: sidecar,
			Shard: format.IsShardName(o.out), Notice: from.Notice, Progress: from.Progress,
			Problem: from.Problem,
		})
		return err
	})
	return res, err
}

// A shardReader reads the shards of a set, one after the other. So the members of a set of a draft
// are copied, whose index is not read.
type shardReader struct {
	set  format.SetName
	next int      // number of the next shard
	file *os.File // nil before the first shard and after each
}

// Read implements [io.Reader].
func (r *shardReader) Read(p []byte) (int, error) {
	for {
		if r.file == nil {
			if r.next == r.set.N {
				return 0, io.EOF
			}
			f, err := os.Open(r.set.Shard(r.next))
			if err != nil {
				return 0, err
			}
			r.file, r.next = f, r.next+1
		}
		n, err := r.file.Read(p)
		if n > 0 || err != io.EOF {
			return n, err
		}
		r.file.Close()
		r.file = nil
	}
}

// convertSet converts a shard set to one archive. Its members are copied.
func convertSet(c *cli.Context, o *convertOptions) error {
	m := terminal.NewMeter(c, "converting")
	defer m.Stop()
	res, err := edit.Merge(c.Context, o.out, []string{o.in}, edit.MergeOptions{
		Workers: o.convert.Workers, Dedup: o.convert.Dedup, DryRun: o.convert.DryRun,
		SHA256: o.convert.SHA256,
		Notice: m.Notice, Progress: m.Update,
	})
	m.Stop()
	if err != nil {
		return report.NewFile(o.out, err)
	}
	if o.convert.DryRun {
		_, err := fmt.Fprintf(c.App.Writer, "%s, 0 refused\n", report.Entries(res.Kept))
		return err
	}
	m.Summarize("converted %s into %s (%s)",
		report.Entries(res.Kept), report.Quote(o.out), report.Bytes(res.ArchiveBytes))
	return nil
}
