package main

import (
	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/tarpack/edit"
)

func compactCommand() *cli.Command {
	return &cli.Command{
		Name:      "compact",
		Usage:     "write an archive anew, in order and without duplicates",
		UsageText: "tpk compact [flags] ARCHIVE",
		Description: `Writes ARCHIVE anew as pack would have written it: in path order, with groups filled, and with equal files found again among all
of its files.` + safely +
			examples("tpk compact site.tar.gz"),
		Flags: []cli.Flag{dedupFlag(), dryRunFlag(), progressFlag()},
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 1, 1)
			if err != nil {
				return err
			}
			e := &editor{archive: args[0], verb: "compacting"}
			e.run = func(o editOptions) (edit.Result, error) {
				return edit.Compact(c.Context, args[0], edit.CompactOptions{
					Dedup: dedupModes[c.String("dedup")], DryRun: o.DryRun, Notice: o.Notice, Progress: o.Progress,
				})
			}
			return e.edit(c)
		},
	}
}
