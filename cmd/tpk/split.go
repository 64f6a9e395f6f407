package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/shard"
)

func splitCommand() *cli.Command {
	return &cli.Command{
		Name:      "split",
		Usage:     "split an archive into several",
		UsageText: "tpk split [flags] --size SIZE|--shards N ARCHIVE",
		Description: `Splits NAME.tar.gz into NAME-00000-of-00016.tar.gz and so on, beside it, and prints their names. Each is a valid archive with an index, and with all
directories that its entries are in; every hard link's target is in the same one. Nothing is compressed again. NAME.tar.gz stays, and 'tpk merge' makes it again
of its shards. All shards appear, or none; commands that read, and serve, take them by the first one's name.` +
			examples(
				"tpk split --size 1GiB tiles.tar.gz",
				"tpk split --shards 16 tiles.tar.gz"),
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "size", Usage: "about `SIZE` for each, as 500MB or 1GiB; a file that is larger makes a larger one"},
			&cli.IntFlag{Name: "shards", DefaultText: "none", Usage: "`N` of them", Action: inRange("shards", 1, format.MaxShards)},
			dryRunFlag(), progressFlag(),
		},
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 1, 1)
			if err != nil {
				return err
			}
			if c.IsSet("size") == c.IsSet("shards") {
				return usagef("split: give either --size or --shards")
			}
			o := shard.SplitOptions{Shards: c.Int("shards")}
			if word := c.String("size"); word != "" {
				if o.Size, err = parseSize("split", "size", word); err != nil {
					return err
				}
			}
			return runSplit(c, args[0], o)
		},
	}
}

func runSplit(c *cli.Context, archive string, o shard.SplitOptions) error {
	m := newMeter(c, "splitting")
	defer m.stop()
	o.DryRun = c.Bool("dry-run")
	o.Notice, o.Progress = m.notice, m.update
	shards, err := shard.Split(c.Context, archive, o)
	m.stop()
	if err != nil {
		return editError(archive, err)
	}
	for _, s := range shards {
		line := quoteName(s.Name)
		if o.DryRun {
			line = fmt.Sprintf("%s: %d entries, about %s", line, s.Entries, bytesOf(s.Bytes))
		}
		if _, err := fmt.Fprintln(c.App.Writer, line); err != nil {
			return err
		}
	}
	return nil
}
