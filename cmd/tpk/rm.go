package main

import (
	"path/filepath"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/editing"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/tarpack/edit"
)

type rmOptions struct {
	archive string
	args    []string // paths and globs
	single  bool
}

func rmCommand() *cli.Command {
	return &cli.Command{
		Name:      "rm",
		Usage:     "remove entries from an archive",
		UsageText: "tpk rm [flags] ARCHIVE PATH|GLOB...",
		Description: help.Text(`
Removes each PATH with everything below it. An argument that is not a path in ARCHIVE is a glob and
is matched with whole paths: * and ? do not match slashes, ** does, and {a,b} and [a-z] work. If
other paths have the content of a removed file, as duplicates or hard links, the first of them keeps
it. If an argument matches nothing, nothing is removed.

`+editing.Safely,
			"an argument matches nothing or ARCHIVE can't be changed",
			"tpk rm site.tar.gz drafts old.html",
			"tpk rm site.tar.gz '**/*.map'",
			"tpk rm --dry-run site.tar.gz 'docs/v[12]'"),
		Flags:  []cli.Flag{flags.DryRun(), flags.Single(), flags.Progress()},
		Action: action(parseRm, runRm),
	}
}

func parseRm(c *cli.Context) (*rmOptions, error) {
	args, err := flags.EditArguments(c, 2, -1)
	if err != nil {
		return nil, err
	}
	o := &rmOptions{archive: args[0], single: c.Bool("single")}
	for _, arg := range args[1:] {
		o.args = append(o.args, filepath.ToSlash(arg))
	}
	return o, nil
}

func runRm(c *cli.Context, o *rmOptions) error {
	e := &editing.Edit{Archive: o.archive, Verb: "removing from"}
	e.Change = func(eo editing.Options) (edit.Result, error) {
		return edit.Remove(c.Context, o.archive, o.args, edit.RemoveOptions{
			DryRun: eo.DryRun, Single: o.single, Notice: eo.Notice, Progress: eo.Progress, Change: eo.Change,
		})
	}
	return e.Run(c)
}
