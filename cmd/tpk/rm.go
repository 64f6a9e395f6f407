package main

import (
	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/tarpack/edit"
)

func rmCommand() *cli.Command {
	return &cli.Command{
		Name:      "rm",
		Usage:     "remove entries from an archive",
		UsageText: "tpk rm [flags] ARCHIVE PATH|GLOB...",
		Description: `Removes each PATH with all that is below it. A word that is no path of ARCHIVE is a glob, held against whole paths: * and ? stop
at slashes, ** does not, and {a,b} and [a-z] work. If the content goes that other paths share, as duplicates or hard links, the first of those takes it over.
A word that means nothing in ARCHIVE is an error, and then nothing is removed.` + safely +
			examples(
				"tpk rm site.tar.gz drafts old.html",
				"tpk rm site.tar.gz '**/*.map'",
				"tpk rm --dry-run site.tar.gz 'docs/v[12]'"),
		Flags: []cli.Flag{dryRunFlag(), progressFlag()},
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 2, -1)
			if err != nil {
				return err
			}
			e := &editor{archive: args[0], verb: "removing from"}
			e.run = func(o editOptions) (edit.Result, error) {
				return edit.Remove(c.Context, args[0], args[1:], edit.RemoveOptions{
					DryRun: o.DryRun, Notice: o.Notice, Progress: o.Progress, Change: o.Change,
				})
			}
			return e.edit(c)
		},
	}
}
