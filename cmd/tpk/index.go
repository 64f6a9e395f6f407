package main

import (
	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/tarpack"
)

func indexCommand() *cli.Command {
	return &cli.Command{
		Name:      "index",
		Usage:     "rebuild the index of an archive",
		UsageText: "tpk index ARCHIVE",
		Description: help.Text(`
Writes ARCHIVE.tpi from ARCHIVE alone, with the same bytes that pack wrote. Use it if the archive
has no index, for example because it was packed to standard output or downloaded, or if the index is
damaged or belongs to another archive.`,
			"ARCHIVE can't be read or the index can't be written",
			"tpk index site.tar.gz"),
		Flags:  []cli.Flag{flags.Progress()},
		Action: action(readArgument, runIndex),
	}
}

func runIndex(c *cli.Context, name string) error {
	m := terminal.NewMeter(c, "indexing")
	defer m.Stop()
	res, err := tarpack.Reindex(c.Context, name, tarpack.ReindexOptions{Progress: m.Update})
	m.Stop()
	if err != nil {
		return report.NewFile(name, err)
	}
	m.Summarize("indexed %s of %s (%s)",
		report.Entries(int64(res.Entries)), report.Quote(name), report.Bytes(res.SidecarBytes))
	return nil
}
