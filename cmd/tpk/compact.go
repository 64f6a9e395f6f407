package main

import (
	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/editing"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/tarpack/edit"
)

type compactOptions struct {
	archive string
	compact edit.CompactOptions
}

func compactCommand() *cli.Command {
	return &cli.Command{
		Name:      "compact",
		Usage:     "sort an archive and remove duplicates",
		UsageText: "tpk compact [flags] ARCHIVE",
		Description: help.Text(`
Rewrites ARCHIVE as pack would have written it: sorted by path, with the headers of
neighboring links and directories in one gzip member, and with duplicates found among all files.
--sha256 adds the SHA-256 of each file to the index (see 'tpk help pack').

`+editing.Safely,
			"ARCHIVE can't be rewritten",
			"tpk compact site.tar.gz"),
		Flags: []cli.Flag{
			flags.Dedup(), flags.SHA256(), flags.DryRun(), flags.Single(), flags.Progress(),
		},
		Action: action(parseCompact, runCompact),
	}
}

func parseCompact(c *cli.Context) (*compactOptions, error) {
	args, err := flags.EditArguments(c, 1, 1)
	if err != nil {
		return nil, err
	}
	o := &compactOptions{archive: args[0]}
	o.compact.Single, o.compact.SHA256 = c.Bool("single"), c.Bool("sha256")
	o.compact.Dedup = flags.DedupMode(c)
	return o, nil
}

func runCompact(c *cli.Context, o *compactOptions) error {
	e := &editing.Edit{Archive: o.archive, Verb: "compacting"}
	e.Change = func(eo editing.Options) (edit.Result, error) {
		o.compact.DryRun, o.compact.Notice, o.compact.Progress = eo.DryRun, eo.Notice, eo.Progress
		return edit.Compact(c.Context, o.archive, o.compact)
	}
	return e.Run(c)
}
