package main

import (
	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/tarpack"
)

func indexCommand() *cli.Command {
	return &cli.Command{
		Name:      "index",
		Usage:     "make the index of an archive anew",
		UsageText: "tpk index ARCHIVE",
		Description: `Writes ARCHIVE.tpi from ARCHIVE alone, byte for byte what pack wrote. For archives that came without their index (one
of pack's standard output, a download), or with one that is damaged or belongs to another archive.` +
			examples("tpk index site.tar.gz"),
		Flags: []cli.Flag{progressFlag()},
		Action: func(c *cli.Context) error {
			args, err := readArguments(c, 1, 1)
			if err != nil {
				return err
			}
			return runIndex(c, args[0])
		},
	}
}

func runIndex(c *cli.Context, name string) error {
	m := newMeter(c, "indexing")
	defer m.stop()
	res, err := tarpack.Reindex(c.Context, name, tarpack.ReindexOptions{Progress: m.update})
	m.stop()
	if err != nil {
		return aboutOutput(name, err)
	}
	m.sum("indexed %s entries of %s (%s)", humanize.Comma(int64(res.Entries)), quoteName(name), bytesOf(res.SidecarBytes))
	return nil
}
