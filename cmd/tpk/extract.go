package main

import (
	"errors"
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/extract"
	"github.com/tarpack/tpk/tarpack/format"
)

type extractOptions struct {
	archive string
	dir     string
	extract extract.Options
}

func extractCommand() *cli.Command {
	return &cli.Command{
		Name:      "extract",
		Usage:     "extract an archive, or some paths of it",
		UsageText: "tpk extract [-C DIR] [--hard-links] ARCHIVE [PATH...]",
		Description: `Extracts ARCHIVE, or the given paths and all that is below them, into DIR, with modes, times and symbolic links. DIR is
made if it is missing, and files that are in the way are replaced. A file that had several names has them again. Equal files,
which stand in the archive as hard links to one copy, become files of their own that share their disk blocks where the file
system can do that, or hard links with --hard-links.

Nothing is ever written outside of DIR: what would be is refused by name, and so are FIFOs, devices, setuid and setgid bits
without --special. The rest is extracted, and the exit code is 1.` +
			examples(
				"tpk extract site.tar.gz",
				"tpk extract -C /srv/www site.tar.gz",
				"tpk extract -C /tmp site.tar.gz docs/manual images/logo.png"),
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "C", Value: ".", Usage: "extract into `DIR`"},
			&cli.BoolFlag{Name: "hard-links", DisableDefaultText: true, Usage: "make equal files hard links to one copy"},
			&cli.BoolFlag{Name: "special", DisableDefaultText: true, Usage: "restore FIFOs, devices, setuid and setgid bits"},
			progressFlag(),
		},
		Action: func(c *cli.Context) error {
			args, err := readArguments(c, 1, -1)
			if err != nil {
				return err
			}
			o := &extractOptions{archive: args[0], dir: c.String("C")}
			o.extract.HardLinks, o.extract.Special = c.Bool("hard-links"), c.Bool("special")
			for _, word := range args[1:] {
				path := entryPath(word)
				if path == "" { // everything
					o.extract.Paths = nil
					break
				}
				o.extract.Paths = append(o.extract.Paths, path)
			}
			return runExtract(c, o)
		},
	}
}

func runExtract(c *cli.Context, o *extractOptions) error {
	a, err := openArchive(c, o.archive)
	if err != nil {
		return err
	}
	defer a.Close()
	m := newMeter(c, "extracting")
	defer m.stop()
	if len(o.extract.Paths) == 0 {
		m.expect(contents(a))
	}
	o.extract.Notice = m.notice
	o.extract.Progress = m.update
	o.extract.Problem = func(p *format.Problem) { m.say(errorLine(inArchive(o.archive, p))) }
	res, err := extract.Extract(c.Context, a, o.dir, o.extract)
	m.stop()
	var stop stopped
	switch {
	case errors.As(err, &stop):
		return &hinted{fmt.Errorf("%s: %w", o.archive, stop), "what was extracted so far is in " + o.dir}
	case err != nil:
		return err
	}
	m.sum("extracted %s files (%s) into %s", humanize.Comma(res.Entries), bytesOf(res.Bytes), quoteName(o.dir))
	if res.Failed > 0 {
		return errSaid
	}
	return nil
}

// contents is how much there is in an archive, for commands that go through all of it.
func contents(a *tarpack.Archive) format.Progress {
	st := a.Index().Stats()
	return format.Progress{Entries: int64(a.Index().Len()), Bytes: int64(st.FileBytes + st.LinkBytes)}
}
