package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/google/renameio/v2"
	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/export"
	"github.com/tarpack/tpk/tarpack/format"
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
		Usage:     "make a .tar.gz or .zip of a folder, or a .tar.gz of one member",
		UsageText: "tpk export [flags] ARCHIVE[:PATH] OUT.zip|OUT.tar.gz|-",
		Description: `Writes the folder PATH of ARCHIVE, or all of it, to OUT, made of the compressed bytes that are already there: as fast as
a copy. OUT appears when it is complete, or not at all; - is standard output, with --format. Paths stay as they are in ARCHIVE.

A tar.gz of a folder is a tpk archive again (tpk index makes its index). A hard link whose target is not in the folder becomes
a file; in a zip every hard link does. A zip has no FIFOs and devices, and a wide backslash for a backslash in a name.

--single-member compresses anew, with all cores, for readers that stop at the end of the first gzip member: old .NET, Rust's
GzDecoder. What comes out is a plain .tar.gz, and no tpk archive.` +
			examples(
				"tpk export site.tar.gz site.zip",
				"tpk export site.tar.gz:docs/api api.tar.gz",
				"tpk export --format zip site.tar.gz:docs - | ssh host 'cat > docs.zip'",
				"tpk export --single-member site.tar.gz plain.tar.gz"),
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "format", Usage: "`FORMAT` of OUT: tar.gz or zip; by default what its name says", Action: oneOf("format", exportFormats)},
			&cli.BoolFlag{Name: "single-member", DisableDefaultText: true, Usage: "compress anew into one gzip member"},
			&cli.IntFlag{Name: "level", Value: 6, Usage: "of --single-member, `N` from 1 (fast) to 9 (small)", Action: inRange("level", 1, 9)},
			progressFlag(),
		},
		Action: func(c *cli.Context) error {
			o, err := parseExport(c)
			if err != nil {
				return err
			}
			return runExport(c, o)
		},
	}
}

func parseExport(c *cli.Context) (*exportOptions, error) {
	args, err := readArguments(c, 2, 2)
	if err != nil {
		return nil, err
	}
	o := &exportOptions{out: args[1], single: c.Bool("single-member"), level: c.Int("level")}
	o.archive, o.path = splitArchive(args[0])
	name, says := c.String("format"), formatOfName(o.out)
	switch {
	case name == "" && says == "" && o.single:
		name = "tar.gz"
	case name == "" && says == "":
		return nil, usagef("export: %s: say with --format whether it is to be a zip or a tar.gz", quoteName(o.out))
	case name == "":
		name = says
	case says != "" && says != name:
		return nil, usagef("export: --format %s: %s has the name of a %s: choose one of them", name, quoteName(o.out), says)
	}
	if c.IsSet("level") && !o.single {
		return nil, usagef("export: --level: nothing is compressed again without --single-member")
	}
	o.format, _ = export.ParseFormat(name)
	if o.single && o.format != export.TarGz {
		return nil, usagef("export: --single-member: only a tar.gz has members")
	}
	if o.out == "-" && isTerminal(c.App.Writer) {
		return nil, usagef("export: standard output is a terminal: name a file, or redirect with > or |")
	}
	return o, nil
}

// formatOfName is the format that a name says, "" if it says none.
func formatOfName(name string) string {
	switch lower := strings.ToLower(name); {
	case strings.HasSuffix(lower, ".zip"):
		return "zip"
	case strings.HasSuffix(lower, ".tar.gz"), strings.HasSuffix(lower, ".tgz"):
		return "tar.gz"
	}
	return ""
}

// splitArchive divides ARCHIVE:PATH. A colon may be part of either; the archive is the longest name that is a file.
func splitArchive(word string) (archive, path string) {
	for end := len(word); end > 0; end = strings.LastIndexByte(word[:end], ':') {
		if fi, err := os.Stat(word[:end]); err == nil && !fi.IsDir() {
			return word[:end], strings.TrimPrefix(word[end:], ":")
		}
	}
	archive, path, _ = strings.Cut(word, ":")
	return archive, path
}

func runExport(c *cli.Context, o *exportOptions) error {
	a, err := openArchive(c, o.archive)
	if err != nil {
		return err
	}
	defer a.Close()
	f, err := export.Folder(a, entryPath(o.path), o.format)
	if err != nil {
		return err
	}
	m := newMeter(c, "exporting")
	defer m.stop()
	size := int64(0)
	if o.out == "-" {
		size, err = o.write(c.Context, f, c.App.Writer)
	} else {
		size, err = o.writeFile(c.Context, a, f)
	}
	m.stop()
	if err != nil {
		return ofTemporary(o.out, err)
	}
	m.sum("exported %s entries to %s (%s)", humanize.Comma(int64(f.Entries())), quoteName(o.out), bytesOf(size))
	return nil
}

// writeFile writes OUT so that it is complete or not there.
func (o *exportOptions) writeFile(ctx context.Context, a *tarpack.Archive, f *export.File) (int64, error) {
	if fi, err := os.Stat(o.out); err == nil {
		if isSource(a, fi) {
			return 0, usagef("export: %s: it is the archive itself", quoteName(o.out))
		}
		if !fi.Mode().IsRegular() {
			return 0, fmt.Errorf("%s: %w", o.out, format.ErrNotRegular)
		}
	}
	out, err := renameio.NewPendingFile(o.out, renameio.WithTempDir(filepath.Dir(o.out)), renameio.WithPermissions(0o666))
	if err != nil {
		var where *fs.PathError // names a temporary file
		if errors.As(err, &where) {
			where.Path = o.out
		}
		return 0, err
	}
	defer func() { _ = out.Cleanup() }() // nothing is left to clean when it was put in its place
	size, err := o.write(ctx, f, out)
	if err != nil {
		return 0, err
	}
	return size, out.CloseAtomicallyReplace()
}

// isSource reports whether fi is the archive, or one shard of it.
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

// write writes the export, or its tar as one member.
func (o *exportOptions) write(ctx context.Context, f *export.File, out io.Writer) (int64, error) {
	w := &stoppable{ctx: ctx, w: out}
	if o.single {
		err := export.Single(ctx, f, w, o.level)
		return w.n, err
	}
	_, err := f.WriteTo(w)
	return w.n, err
}

// A stoppable counts what is written, and ends it when we are asked to stop.
type stoppable struct {
	ctx context.Context
	w   io.Writer
	n   int64
}

func (s *stoppable) Write(p []byte) (int, error) {
	if err := context.Cause(s.ctx); err != nil {
		return 0, err
	}
	n, err := s.w.Write(p)
	s.n += int64(n)
	return n, err
}
