package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/tarpack"
)

type packOptions struct {
	dir, out string
	pack     tarpack.PackOptions
}

var (
	dedupNames = []string{"content", "strict", "off"}
	dedupModes = map[string]tarpack.DedupMode{
		"content": tarpack.DedupContent, "strict": tarpack.DedupStrict, "off": tarpack.DedupOff,
	}
)

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
that ends in a slash (.git/) with directories only. * and ? stop at slashes, ** does not, and {a,b} and [a-z] work.` +
			examples(
				"tpk pack site site.tar.gz",
				"tpk pack --level 9 --exclude .git/ --exclude '*.tmp' . ../site.tar.gz",
				"tpk pack --remove-files old-logs old-logs.tar.gz",
				"tpk pack site - | ssh backup 'cat > site.tar.gz'"),
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "level", Value: 6, Usage: "compression, `N` from 1 (fast) to 9 (small)", Action: inRange("level", 1, 9)},
			&cli.IntFlag{Name: "workers", DefaultText: "one a core", Usage: "compress with `N` workers", Action: inRange("workers", 0, 1024)},
			&cli.StringFlag{
				Name: "dedup", Value: "content", Action: oneOf("dedup", dedupNames),
				Usage: "make equal files hard links: `MODE` is content (same bytes and permissions), strict (same time as well) or off",
			},
			&cli.StringSliceFlag{Name: "exclude", Usage: "leave out what matches `GLOB` (repeatable)"},
			&cli.StringSliceFlag{Name: "exclude-from", Usage: "read globs from `FILE`, one a line, # for comments (repeatable)"},
			&cli.BoolFlag{Name: "preserve-owner", DisableDefaultText: true, Usage: "keep owners and groups"},
			&cli.BoolFlag{Name: "remove-files", DisableDefaultText: true, Usage: "remove what was packed, once archive and index are safely on disk"},
			&cli.BoolFlag{Name: "special", DisableDefaultText: true, Usage: "keep FIFOs and devices"},
			progressFlag(),
		},
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
	o := &packOptions{
		dir: args[0], out: args[1],
		pack: tarpack.PackOptions{
			Level: c.Int("level"), Workers: c.Int("workers"), Dedup: dedupModes[c.String("dedup")],
			PreserveOwner: c.Bool("preserve-owner"), Special: c.Bool("special"), RemoveFiles: c.Bool("remove-files"),
		},
	}
	if o.out == "-" {
		if o.pack.RemoveFiles {
			return nil, usagef("pack: --remove-files: needs an archive that is a file, not standard output")
		}
		if isTerminal(c.App.Writer) {
			return nil, usagef("pack: standard output is a terminal: name an archive, or redirect with > or |")
		}
	}
	if o.pack.Exclude, err = excluder(c.StringSlice("exclude"), c.StringSlice("exclude-from")); err != nil {
		return nil, err
	}
	if epoch := os.Getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		seconds, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil {
			return nil, usagef("pack: SOURCE_DATE_EPOCH=%s: it is a number of seconds since 1970", quoteName(epoch))
		}
		o.pack.LatestModTime = time.Unix(seconds, 0)
	}
	return o, nil
}

// excluder collects the globs given on the command line and in files.
func excluder(globs, files []string) (*tarpack.Excluder, error) {
	var x tarpack.Excluder
	for _, glob := range globs {
		if err := x.Add(glob); err != nil {
			return nil, usagef("pack: --exclude: %v", err)
		}
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		err = x.AddFrom(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return &x, nil
}

func runPack(c *cli.Context, o *packOptions) error {
	m := newMeter(c, "packing")
	defer m.stop()
	o.pack.Notice = m.notice
	o.pack.Progress = m.update
	if m.on {
		go m.countTree(c.Context, o.dir, o.pack.Exclude)
	}
	var res tarpack.PackResult
	var err error
	if o.out == "-" {
		res, err = tarpack.PackStream(c.Context, o.dir, c.App.Writer, o.pack)
	} else {
		res, err = tarpack.Pack(c.Context, o.dir, o.out, o.pack)
	}
	m.stop()
	if err != nil {
		return packError(o.out, err)
	}
	m.sum("packed %s files (%s, %s duplicates) into %s (%s)",
		humanize.Comma(int64(res.Stats.Files+res.Stats.Hardlinks)), bytesOf(int64(res.Stats.FileBytes+res.Stats.LinkBytes)),
		humanize.Comma(int64(res.Stats.Duplicates)), quoteName(o.out), bytesOf(res.ArchiveBytes))
	return nil
}

// packError says what is left behind, and speaks of the archive where tarpack does of its temporary file.
func packError(out string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) && filepath.Dir(path.Path) == filepath.Dir(out) &&
		strings.HasPrefix(filepath.Base(path.Path), "."+filepath.Base(out)) {
		path.Path = out
	}
	var stop stopped
	switch {
	case !errors.As(err, &stop):
		return err
	case out == "-":
		return &hinted{fmt.Errorf("standard output: %w", err), "what was written so far is no archive"}
	}
	return &hinted{fmt.Errorf("%s: %w", out, err), "nothing was written"}
}
