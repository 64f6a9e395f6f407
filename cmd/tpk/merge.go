package main

import (
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/tarpack/edit"
)

func mergeCommand() *cli.Command {
	return &cli.Command{
		Name:      "merge",
		Usage:     "join archives into one",
		UsageText: "tpk merge [flags] OUT.tar.gz ARCHIVE...",
		Description: `Writes into OUT.tar.gz all that is in the archives. Where several have a path the last one counts, with --first the first one.
Content that several have is stored once; nothing is compressed again. OUT.tar.gz may be one of them.` +
			examples(
				"tpk merge all.tar.gz monday.tar.gz tuesday.tar.gz",
				"tpk merge --first site.tar.gz site.tar.gz defaults.tar.gz"),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "first", DisableDefaultText: true, Usage: "the first archive that has a path counts, not the last"},
			dedupFlag(), dryRunFlag(), progressFlag(),
		},
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 2, -1)
			if err != nil {
				return err
			}
			o := edit.MergeOptions{First: c.Bool("first")}
			e := &editor{archive: args[0], verb: "merging"}
			o.Dedup = dedupModes[c.String("dedup")]
			e.run = func(eo editOptions) (edit.Result, error) {
				o.DryRun, o.Notice, o.Progress = eo.DryRun, eo.Notice, eo.Progress
				return edit.Merge(c.Context, args[0], args[1:], o)
			}
			if c.Bool("dry-run") {
				e.ignored = func(n int64) string {
					return fmt.Sprintf("%s in several archives with another one's taking its place", humanize.Comma(n))
				}
			}
			return e.edit(c)
		},
	}
}
