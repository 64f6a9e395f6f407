package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/grep"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/cache"
	"github.com/tarpack/tpk/tarpack/exclude"
)

type grepOptions struct {
	pattern *grep.Pattern
	archive string
	words   []string // paths and globs; none for everything
	include exclude.Patterns
	all     bool // no --include
}

func grepCommand() *cli.Command {
	return &cli.Command{
		Name:      "grep",
		Usage:     "find lines in the files of an archive",
		UsageText: "tpk grep [flags] PATTERN ARCHIVE [PATH|GLOB...]",
		Description: help.TextWithTrouble(`
Prints the lines of all files of ARCHIVE, or of each PATH and everything below it, that match
PATTERN, a regular expression of RE2 (github.com/google/re2/wiki/Syntax). As with 'grep -r', each
line begins with the path of its file. Files are read in parallel, and printed in the order of their
paths. Of a file that is not text, only a message is printed. Symbolic links are not followed.

For words in documents, a text index is faster: see 'tpk index --text'.

`+help.Globs+`

`+help.RemoteToo,
			"no line matches",
			"wrong usage, or a file can't be read (the others are searched)",
			"tpk grep -n 'TODO|FIXME' src.tar.gz",
			"tpk grep -il --include '*.html' copyright site.tar.gz docs"),
		Flags: slices.Concat([]cli.Flag{
			&cli.BoolFlag{Name: "ignore-case", Aliases: []string{"i"},
				Usage: "match in any mix of cases"},
			&cli.BoolFlag{Name: "files-with-matches", Aliases: []string{"l"},
				Usage: "print only the paths of files with a match"},
			&cli.BoolFlag{Name: "line-number", Aliases: []string{"n"},
				Usage: "print the number of each line"},
			&cli.BoolFlag{Name: "count", Aliases: []string{"c"},
				Usage: "print only how many lines match, for each file"},
			&cli.BoolFlag{Name: "fixed-strings", Aliases: []string{"F"},
				Usage: "PATTERN is a text, not a regular expression"},
			&cli.StringSliceFlag{Name: "include", Usage: "search only files that match `GLOB`" +
				" (repeatable)"},
			flags.NoConvert(),
		}, flags.Trust(), flags.Remote()),
		Action: action(parseGrep, runGrep),
	}
}

func parseGrep(c *cli.Context) (*grepOptions, error) {
	args, err := flags.Arguments(c, 2, -1)
	if err != nil {
		return nil, err
	}
	rest := tarpack.JoinShards(args[1:])
	o := &grepOptions{archive: rest[0], words: rest[1:], all: !c.IsSet("include")}
	if len(o.words) == 0 {
		o.words = []string{""}
	}
	for _, glob := range c.StringSlice("include") {
		if err := o.include.Add(filepath.ToSlash(glob)); err != nil {
			return nil, report.Usagef("grep: --include: %v", err)
		}
	}
	o.pattern, err = grep.New(args[0], grep.Options{Fixed: c.Bool("fixed-strings"),
		IgnoreCase: c.Bool("ignore-case"), Names: c.Bool("files-with-matches"),
		Count: c.Bool("count"), Number: c.Bool("line-number")})
	if err != nil {
		return nil, report.Usagef("grep: %s: %v", report.Quote(args[0]), err)
	}
	return o, nil
}

func runGrep(c *cli.Context, o *grepOptions) error {
	found, err := searchLines(c, o)
	return report.Answer(found, err)
}

// searchLines prints the lines that match, and reports whether there are any.
func searchLines(c *cli.Context, o *grepOptions) (found bool, err error) {
	a, err := reading.OpenForAll(c, o.archive)
	if err != nil {
		return false, err
	}
	defer reading.Close(a, &err)
	o.archive = reading.NameOf(a, o.archive)
	matches, err := reading.Find(a.Archive, o.words)
	if err != nil {
		return false, report.In(o.archive, err)
	}
	spans, err := reading.Spans(a.Archive, matches)
	if err != nil {
		return false, report.In(o.archive, err)
	}
	out := terminal.NewOutput(c.Context, c.App.Writer)
	failed := false
	found, err = o.pattern.Files(c.Context, out, o.files(c.Context, a, spans),
		func(name string, err error) error {
			if reading.EndsReading(err) || out.Err() != nil {
				return err
			}
			failed = true
			err = report.In(o.archive, reading.HintEntry(a, fmt.Errorf("%s: %w", name, err)))
			_, _ = fmt.Fprintln(c.App.ErrWriter, report.Line(err))
			return nil
		})
	switch {
	case out.Err() != nil:
		return found, report.StandardOutput(out.Err(), "what was written so far is incomplete")
	case err != nil:
		return found, report.In(o.archive, err)
	}
	err = reading.ReportMissing(c, o.archive, matches)
	if failed || a.Refused > 0 {
		err = errors.Join(err, report.ErrReported)
	}
	return found, err
}

// files yields the files in spans of entries that are to be searched.
func (o *grepOptions) files(
	ctx context.Context, a *cache.Archive, spans [][2]int,
) iter.Seq2[grep.File, error] {
	return func(yield func(grep.File, error) bool) {
		for _, span := range spans {
			for row, err := range a.Index().All(span[0], span[1]) {
				if err == nil {
					err = context.Cause(ctx)
				}
				if err != nil {
					yield(grep.File{}, err)
					return
				}
				t, path, i := row.Entry.Type, string(row.Path), row.Ordinal
				if t != sidecar.TypeFile && t != sidecar.TypeHardlink ||
					!o.all && !o.include.Match(path, false) {
					continue
				}
				open := func() (io.ReadCloser, error) { return a.OpenContent(i) }
				if !yield(grep.File{Name: path, Open: open}, nil) {
					return
				}
			}
		}
	}
}
