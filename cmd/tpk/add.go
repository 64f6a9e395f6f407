package main

import (
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/tarpack/edit"
)

func addCommand() *cli.Command {
	return &cli.Command{
		Name:      "add",
		Usage:     "add directories and files to an archive",
		UsageText: "tpk add [flags] ARCHIVE DIR|FILE...",
		Description: `Adds what is below each DIR, at its path below DIR, as pack does, and each FILE, under its own name; with --into below that
directory of ARCHIVE. A path that ARCHIVE has already is left as it is there and counted; --replace takes the new one.` + "\n\n" +
			`Nothing is written if there is nothing to add.` + safely + "\n\n" +
			`--append is for archives too large to copy: what is new is written behind what is there, in ARCHIVE itself. Whatever happens, ARCHIVE is
the old one or the new one; the next command that writes it clears away what was cut off in between. It is then no longer in
path order: other tars do not restore the times of directories that were there before ('tpk extract' does), and nothing
can be appended below a directory that its owner may not write. 'tpk compact' restores the order.` +
			examples(
				"tpk add site.tar.gz more-pages",
				"tpk add --replace site.tar.gz index.html robots.txt",
				"tpk add --into docs/v2 site.tar.gz build/docs",
				"tpk add --append tiles.tar.gz level-18"),
		Flags: append(sourceFlags(),
			&cli.BoolFlag{Name: "replace", DisableDefaultText: true, Usage: "replace paths that are there already"},
			&cli.StringFlag{Name: "into", Usage: "add below the directory `PATH` of the archive"},
			&cli.BoolFlag{Name: "append", DisableDefaultText: true, Usage: "let the archive grow in place, without copying it"},
			dryRunFlag(), progressFlag()),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 2, -1)
			if err != nil {
				return err
			}
			o := edit.AddOptions{Replace: c.Bool("replace"), Into: entryPath(c.String("into"))}
			if o.Append = c.Bool("append"); o.Append && o.Replace {
				return usagef("add: --append and --replace: choose one of them: what is replaced would stay in the archive")
			}
			src, err := parseSource(c)
			if err != nil {
				return err
			}
			o.Level, o.Workers, o.Dedup, o.Exclude = src.Level, src.Workers, src.Dedup, src.Exclude
			o.PreserveOwner, o.Special, o.LatestModTime = src.PreserveOwner, src.Special, src.LatestModTime
			e := &editor{archive: args[0], verb: "adding to"}
			e.run = func(eo editOptions) (edit.Result, error) {
				o.DryRun, o.Notice, o.Progress, o.Change = eo.DryRun, eo.Notice, eo.Progress, eo.Change
				return edit.Add(c.Context, args[0], args[1:], o)
			}
			e.ignored = func(n int64) string {
				if o.Replace {
					return fmt.Sprintf("%s given more than once: the last one was taken", humanize.Comma(n))
				}
				return fmt.Sprintf("%s there already: ignored (--replace takes the new ones)", humanize.Comma(n))
			}
			return e.edit(c)
		},
	}
}
