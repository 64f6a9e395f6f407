package main

import (
	"fmt"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/shard"
)

type splitOptions struct {
	archive string
	split   shard.SplitOptions
}

func splitCommand() *cli.Command {
	return &cli.Command{
		Name:      "split",
		Usage:     "split an archive into shards",
		UsageText: "tpk split [flags] --size SIZE|--shards N ARCHIVE",
		Description: help.Text(`
Splits NAME.tar.gz into shards beside it, NAME-00000-of-00016.tar.gz and so on, and prints their
names. Each shard is a valid archive with an index. It contains all parent directories of its
entries, and the targets of its hard links: a duplicate of a file in another shard is a file there,
and so is another name of it, with one warning that counts them. Other duplicates and names stay
links. Nothing is compressed again. Either all shards are written or none.
NAME.tar.gz is kept; 'tpk merge' makes it from the shards.

Other commands take the set by the name of its first shard. ARCHIVE may be a set itself; it is
divided again.`,
			"ARCHIVE can't be read or a shard can't be written",
			"tpk split --size 1GiB tiles.tar.gz",
			"tpk split --shards 16 tiles.tar.gz"),
		Flags: []cli.Flag{
			&cli.StringFlag{
				Name: "size",
				Usage: "make shards of about `SIZE`, such as 500MB or 1GiB;" +
					" a larger file makes a larger shard",
			},
			&cli.IntFlag{
				Name: "shards", DefaultText: "none", Usage: "make `N` shards",
				Action: flags.InRange("shards", 1, format.MaxShards),
			},
			flags.DryRun(), flags.Progress(),
		},
		Action: action(parseSplit, runSplit),
	}
}

func parseSplit(c *cli.Context) (*splitOptions, error) {
	args, err := flags.EditArguments(c, 1, 1)
	if err != nil {
		return nil, err
	}
	if c.IsSet("size") == c.IsSet("shards") {
		return nil, report.Usagef("split: give either --size or --shards")
	}
	o := &splitOptions{archive: args[0], split: shard.SplitOptions{Shards: c.Int("shards")}}
	o.split.DryRun = c.Bool("dry-run")
	if word := c.String("size"); word != "" {
		o.split.Size, err = flags.ParseSize("split", "size", word)
	}
	return o, err
}

func runSplit(c *cli.Context, o *splitOptions) error {
	m := terminal.NewMeter(c, "splitting")
	defer m.Stop()
	o.split.Notice, o.split.Progress = m.Notice, m.Update
	shards, err := shard.Split(c.Context, o.archive, o.split)
	m.Stop()
	if err != nil {
		return report.ChangedArchive(o.archive, err)
	}
	for _, s := range shards {
		line := report.Quote(s.Name)
		if o.split.DryRun {
			line = fmt.Sprintf("%s: %s, about %s", line, report.Entries(int64(s.Entries)),
				report.Bytes(s.Bytes))
		}
		if _, err := fmt.Fprintln(c.App.Writer, line); err != nil {
			return err
		}
	}
	return nil
}
