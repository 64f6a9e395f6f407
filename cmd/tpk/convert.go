package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/tarpack/convert"
	"github.com/tarpack/tpk/tarpack/format"
)

func convertCommand() *cli.Command {
	return &cli.Command{
		Name:      "convert",
		Usage:     "make an archive of a tar or zip",
		UsageText: "tpk convert [flags] IN OUT.tar.gz",
		Description: `Makes OUT.tar.gz and its index of IN: a tar, as it is or compressed by gzip, zstd, xz or bzip2, or a zip; with - of what comes on standard
input. What it is, its bytes tell. Modes, owners, times and links are kept, and small files of a zip are not compressed again.

Where IN has a path several times, the last entry counts; directories that are missing are made. Entries that no archive should
have, such as ../../etc/passwd, are refused by name, the rest is converted, and the exit code is 1. Sparse files become plain ones; extended attributes
are left out.` +
			examples(
				"tpk convert linux-6.1.tar.xz linux.tar.gz",
				"tpk convert site.zip site.tar.gz",
				"git archive HEAD | tpk convert - release.tar.gz"),
		Flags: []cli.Flag{levelFlag(), workersFlag(), dedupFlag(), dryRunFlag(), progressFlag()},
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 2, 2)
			if err != nil {
				return err
			}
			return runConvert(c, args[0], args[1])
		},
	}
}

func runConvert(c *cli.Context, in, out string) error {
	r := io.Reader(os.Stdin)
	if in != "-" {
		f, err := os.Open(in)
		if err != nil {
			return err
		}
		defer f.Close()
		r = f
	} else {
		in = "standard input"
	}
	m := newMeter(c, "converting")
	defer m.stop()
	var o convert.Options
	o.Level, o.Workers, o.Dedup, o.DryRun = c.Int("level"), c.Int("workers"), dedupModes[c.String("dedup")], c.Bool("dry-run")
	o.Notice, o.Progress = m.notice, m.update
	o.Problem = func(p *format.Problem) { m.say(errorLine(inArchive(in, p))) }
	res, err := convert.Convert(c.Context, r, out, o)
	m.stop()
	switch {
	case errors.Is(err, convert.ErrNotConvertible):
		return inArchive(in, err)
	case err != nil:
		return editError(out, err)
	}
	if o.DryRun {
		if _, err := fmt.Fprintf(c.App.Writer, "%d entries, %d refused\n", res.Entries, res.Refused); err != nil {
			return err
		}
	}
	m.sum("converted %s entries into %s (%s)", humanize.Comma(res.Entries), quoteName(out), bytesOf(res.ArchiveBytes))
	if res.Refused > 0 {
		return errSaid
	}
	return nil
}
