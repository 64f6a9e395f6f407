package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/export"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/remote"
)

type exportOptions struct {
	archive, path, out string
	format             export.Format
	single             bool
	level              int
}

var exportFormats = []string{"tar.gz", "zip"}

func exportCommand() *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "export a directory as .tar.gz or .zip",
		UsageText: "tpk export [flags] ARCHIVE[:PATH] OUT.zip|OUT.tar.gz|-",
		Description: help.Text(`
Writes the directory PATH of ARCHIVE, or all of ARCHIVE, to OUT or, for -, to standard output.
The compressed bytes of ARCHIVE are copied, not compressed again. Paths are the same as in
ARCHIVE. OUT is written completely or not at all.

A tar.gz is a tpk archive without an index; 'tpk index' writes one. Of all of ARCHIVE it is a copy,
with the index in it if it has one. A hard link whose target is not
in PATH becomes a file. In a zip, all hard links become files, FIFOs and devices are left out,
backslashes in names are replaced by fullwidth backslashes, and files have no owner, and so no
setuid and setgid bits.

With --single-member, the content is compressed again, into a tar.gz with a single gzip member, for
readers that stop after the first one, such as old .NET versions and GzDecoder in Rust. The result
is not a tpk archive.

`+help.RemoteToo+" In ARCHIVE:PATH, PATH begins after the first colon behind the host.",
			"ARCHIVE can't be read or OUT can't be written",
			"tpk export site.tar.gz site.zip",
			"tpk export site.tar.gz:docs/api api.tar.gz",
			"tpk export --format zip site.tar.gz:docs - | ssh host 'cat > docs.zip'",
			"tpk export --single-member site.tar.gz plain.tar.gz"),
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{
				Name: "format", DefaultText: "by the suffix of OUT",
				Usage:  "write this `FORMAT`, tar.gz or zip",
				Action: flags.OneOf("format", exportFormats),
			},
			flags.Switch("single-member", "compress again, into a single gzip member"),
			&cli.IntFlag{
				Name: "level", Value: 6, Action: flags.InRange("level", 1, 9),
				Usage: "compression level, `N` from 1 (fastest) to 9 (smallest), for --single-member",
			},
			flags.NoConvert(), flags.Progress(),
		}, flags.Trust(), flags.Remote()),
		Action: action(parseExport, runExport),
	}
}

func parseExport(c *cli.Context) (*exportOptions, error) {
	args, err := flags.ReadArguments(c, 2, 2)
	if err != nil {
		return nil, err
	}
	o := &exportOptions{out: args[1], single: c.Bool("single-member"), level: c.Int("level")}
	o.archive, o.path = splitArchive(args[0])
	if err := flags.CheckOutputName(c, o.out); err != nil {
		return nil, err
	}
	name, suffix := c.String("format"), formatOfName(o.out)
	switch {
	case name == "" && suffix == "" && o.single:
		name = "tar.gz"
	case name == "" && suffix == "":
		return nil, report.Usagef("export: %s: the name has no known suffix:"+
			" set --format to zip or tar.gz", report.Quote(o.out))
	case name == "":
		name = suffix
	case suffix != "" && suffix != name:
		return nil, report.Usagef("export: --format %s: does not match the name %s",
			name, report.Quote(o.out))
	}
	if c.IsSet("level") && !o.single {
		return nil, report.Usagef("export: --level: has no effect without --single-member")
	}
	o.format, _ = export.ParseFormat(name)
	if o.single && o.format != export.TarGz {
		return nil, report.Usagef("export: --single-member: the format must be tar.gz")
	}
	if o.out == "-" && terminal.IsTerminal(c.App.Writer) {
		return nil, report.Usagef("export: standard output is a terminal:" +
			" name a file, or redirect with > or |")
	}
	return o, nil
}

// formatOfName returns the format for the suffix of a name, or "" for any other suffix.
func formatOfName(name string) string {
	switch lower := strings.ToLower(name); {
	case strings.HasSuffix(lower, ".zip"):
		return "zip"
	case strings.HasSuffix(lower, ".tar.gz"), strings.HasSuffix(lower, ".tgz"):
		return "tar.gz"
	}
	return ""
}

// splitArchive splits ARCHIVE:PATH. Both may contain colons. The archive is the longest name of an
// existing file, or the URL up to the first colon after the host and its port.
func splitArchive(word string) (archive, path string) {
	if scheme, rest, ok := strings.Cut(word, "://"); ok && remote.IsURL(word) {
		host, rest, _ := strings.Cut(rest, "/")
		archive, path, _ = strings.Cut(rest, ":")
		return scheme + "://" + host + "/" + archive, path
	}
	for end := len(word); end > 0; end = strings.LastIndexByte(word[:end], ':') {
		if fi, err := os.Stat(word[:end]); err == nil && !fi.IsDir() {
			return word[:end], strings.TrimPrefix(word[end:], ":")
		}
	}
	archive, path, _ = strings.Cut(word, ":")
	return archive, path
}

func runExport(c *cli.Context, o *exportOptions) (err error) {
	a, err := reading.Open(c, o.archive)
	if err != nil {
		return err
	}
	defer reading.Close(a, &err)
	o.archive = reading.NameOf(a, o.archive)
	if err := a.CheckSigned(c.Context); err != nil { // whole members are copied
		return err
	}
	f, err := export.Folder(a.Archive, reading.EntryPath(o.path), o.format)
	if errors.Is(err, format.ErrNoEntry) {
		return fmt.Errorf("%s: %s: %w", o.archive, o.path, format.ErrNoEntry)
	}
	if err != nil {
		return err
	}
	m := terminal.NewMeter(c, "exporting")
	defer m.Stop()
	size := int64(0)
	if o.out == "-" {
		size, err = o.write(c.Context, a.Archive, f, c.App.Writer)
	} else {
		size, err = o.writeFile(c.Context, a.Archive, f)
	}
	m.Stop()
	switch {
	case err != nil && o.out == "-":
		return report.StandardOutput(err, "what was written so far is incomplete")
	case err != nil:
		return report.NewFile(o.out, err)
	}
	m.Summarize("exported %s to %s (%s)",
		report.Entries(int64(f.Entries())), report.Quote(o.out), report.Bytes(size))
	if a.Refused > 0 {
		return report.ErrReported
	}
	return nil
}

// writeFile writes OUT completely or not at all, and returns its size.
func (o *exportOptions) writeFile(
	ctx context.Context, a *tarpack.Archive, f *export.File,
) (int64, error) {
	if fi, err := os.Stat(o.out); err == nil {
		source, err := os.Stat(o.archive) // of a converted archive, the file that it was
		if err == nil && os.SameFile(fi, source) || isSource(a, fi) {
			return 0, report.Usagef("export: %s: is the archive itself: choose another name",
				report.Quote(o.out))
		}
		if !fi.Mode().IsRegular() {
			return 0, fmt.Errorf("%s: %w", o.out, format.ErrNotRegular)
		}
	} else if osfile.IsLongName(err) {
		return 0, err
	}
	if err := tarpack.CheckTarget(o.out); err != nil {
		return 0, err
	}
	out, err := osfile.NewPending(filepath.Dir(o.out), "."+report.TempExport)
	if err != nil {
		var where *fs.PathError
		if errors.As(err, &where) {
			where.Path = o.out // not the temporary file
		}
		return 0, err
	}
	defer func() { _ = out.Cleanup() }() // does nothing once the file is in place
	size, err := o.write(ctx, a, f, out)
	if err != nil {
		return 0, err
	}
	return size, out.Replace(o.out)
}

// isSource reports whether a file is the archive or one of its shards.
func isSource(a *tarpack.Archive, fi os.FileInfo) bool {
	for off := int64(0); off < a.Size(); {
		piece, ok, err := a.Source().Piece(off, a.Size()-off)
		if err != nil || !ok {
			return false
		}
		source, err := piece.File.Stat()
		piece.Release()
		if err == nil && os.SameFile(fi, source) {
			return true
		}
		off += piece.Length
	}
	return false
}

// write writes the export, and returns how many bytes it has.
func (o *exportOptions) write(
	ctx context.Context, a *tarpack.Archive, f *export.File, w io.Writer,
) (int64, error) {
	out := terminal.NewOutput(ctx, w)
	var err error
	if o.single {
		err = export.Single(ctx, f, out, o.level)
	} else {
		_, err = f.WriteTo(out)
	}
	if out.Err() != nil {
		err = out.Err() // the cause of whatever else has failed
	}
	if err == nil {
		err = a.StillSigned(ctx)
	}
	return out.Written(), err
}
