package main

import (
	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/tarpack/edit"
)

func updateCommand() *cli.Command {
	return &cli.Command{
		Name:      "update",
		Usage:     "make an archive equal to a directory",
		UsageText: "tpk update [flags] ARCHIVE DIR",
		Description: `Makes ARCHIVE what 'tpk pack DIR ARCHIVE' would make, but copies what has not changed: files of the same size and time, with
--checksum files of the same content. What is no longer in DIR, or is excluded, is removed; --keep keeps it. Owners that are in
ARCHIVE stay, unless --preserve-owner takes those of DIR.` + "\n\n" + `An archive that is equal already is not touched.` + safely +
			examples(
				"tpk update site.tar.gz site",
				"tpk update --dry-run site.tar.gz site",
				"tpk update --keep --checksum logs.tar.gz /var/log/old"),
		Flags: append(sourceFlags(),
			&cli.BoolFlag{Name: "checksum", DisableDefaultText: true, Usage: "read every file, whatever its size and time say"},
			&cli.BoolFlag{Name: "keep", DisableDefaultText: true, Usage: "keep what is not in DIR"},
			dryRunFlag(), progressFlag()),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 2, 2)
			if err != nil {
				return err
			}
			o := edit.UpdateOptions{Checksum: c.Bool("checksum"), Keep: c.Bool("keep")}
			src, err := parseSource(c)
			if err != nil {
				return err
			}
			o.Level, o.Workers, o.Dedup, o.Exclude = src.Level, src.Workers, src.Dedup, src.Exclude
			o.PreserveOwner, o.Special, o.LatestModTime = src.PreserveOwner, src.Special, src.LatestModTime
			e := &editor{archive: args[0], verb: "updating"}
			e.run = func(eo editOptions) (edit.Result, error) {
				o.DryRun, o.Notice, o.Progress, o.Change = eo.DryRun, eo.Notice, eo.Progress, eo.Change
				return edit.Update(c.Context, args[0], args[1], o)
			}
			return e.edit(c)
		},
	}
}
