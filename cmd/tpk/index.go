package main

import (
	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/editing"
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
		UsageText: "tpk index [--embed | --no-embed | --text] ARCHIVE",
		Description: help.Text(`
Writes ARCHIVE.tpi from ARCHIVE alone, with the same bytes that pack wrote. Use it if the archive
has no index, for example because it was packed to standard output or downloaded, or if the index is
damaged or belongs to another archive.

--embed appends the index to ARCHIVE, as 'tpk pack --embed-index' does, and removes ARCHIVE.tpi.
Then one file has everything: all commands find the index in it, and tar ignores it. --no-embed
undoes that: it cuts the index off and writes ARCHIVE.tpi. Nothing else in ARCHIVE changes. update,
add, rm, compact and repair keep the index where it is.

--text writes a text index instead, ARCHIVE.tpx: the words of all HTML, Markdown and text files.
With it, searches in 'tpk serve' find these as well. It belongs to ARCHIVE as it is now. After a
change of ARCHIVE, it is not used until it is written again.`,
			"ARCHIVE can't be read or the index can't be written",
			"tpk index site.tar.gz",
			"tpk index --embed site.tar.gz",
			"tpk index --text docs.tar.gz"),
		Flags: []cli.Flag{
			flags.Switch("embed", "put the index into ARCHIVE"),
			flags.Switch("no-embed", "take the index out of ARCHIVE again"),
			flags.Switch("text", "write ARCHIVE.tpx, for searches in the text of files"),
			flags.Progress(),
		},
		Action: action(parseIndex, runIndex),
	}
}

func parseIndex(c *cli.Context) (string, error) {
	if c.Bool("embed") && c.Bool("no-embed") {
		return "", report.Usagef("index: --embed and --no-embed can't be combined")
	}
	if c.Bool("text") && (c.Bool("embed") || c.Bool("no-embed")) {
		return "", report.Usagef("index: --text can't be combined with --embed or --no-embed")
	}
	return readArgument(c)
}

func runIndex(c *cli.Context, name string) error {
	switch {
	case c.Bool("embed") || c.Bool("no-embed"):
		if err := editing.CheckVariants(name); err != nil {
			return err
		}
		if err := moveIndex(c, name); err != nil {
			return err
		}
		return editing.RefreshVariants(c, name)
	case c.Bool("text"):
		return indexText(c, name)
	}
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

// moveIndex puts the index into the archive name, or takes it out.
func moveIndex(c *cli.Context, name string) error {
	m := terminal.NewMeter(c, "indexing")
	defer m.Stop()
	move, done, same := tarpack.EmbedIndex, "in it", "has its index in it already"
	if c.Bool("no-embed") {
		move, done, same = tarpack.TakeOutIndex, "beside it", "has no index in it"
	}
	res, err := move(c.Context, name, tarpack.EmbedOptions{Progress: m.Update})
	m.Stop()
	switch {
	case err != nil:
		return report.ChangedArchive(name, err)
	case !res.Written:
		m.Summarize("%s %s: nothing to change", report.Quote(name), same)
	default:
		m.Summarize("%s: index of %s is now %s: %s", report.Quote(name),
			report.Bytes(res.SidecarBytes), done, report.Bytes(res.ArchiveBytes))
	}
	return nil
}
