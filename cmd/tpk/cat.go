package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

type catOptions struct {
	archive string
	entries []int // numbers
	paths   []string
}

func catCommand() *cli.Command {
	return &cli.Command{
		Name:      "cat",
		Usage:     "write files of an archive to standard output",
		UsageText: "tpk cat [--entry N]... ARCHIVE [PATH|GLOB...]",
		Description: help.Text(`
Writes the files to standard output, one after the other. Links are followed inside the archive.
Content is checked while it is written: if it is damaged, cat reports an error.

`+help.Globs+` The files that it matches are written in the order of
their paths; a directory that it matches stands for the files below it.

--entry takes an entry by its number, which is its place in the list that 'tpk ls' prints, from 0.
It is found at once, however many there are. These come first.

`+help.RemoteToo,
			"a file is missing, is a directory or is damaged (the others are written)",
			"tpk cat site.tar.gz index.html",
			"tpk cat logs.tar.gz 2026/01.log 2026/02.log | grep error",
			"tpk cat logs.tar.gz '2026/*.log' | grep error",
			"tpk cat --entry 4711 samples.tar.gz > sample"),
		Flags: slices.Concat([]cli.Flag{
			&cli.IntSliceFlag{Name: "entry", Usage: "write the entry with the number `N`, from 0" +
				" (repeatable)"},
			flags.NoConvert(),
		}, flags.Trust(), flags.Remote()),
		Action: action(parseCat, runCat),
	}
}

func parseCat(c *cli.Context) (*catOptions, error) {
	least := 2
	if c.IsSet("entry") {
		least = 1
	}
	args, err := flags.ReadArguments(c, least, -1)
	if err != nil {
		return nil, err
	}
	o := &catOptions{archive: args[0], entries: c.IntSlice("entry"), paths: args[1:]}
	for _, n := range o.entries {
		if n < 0 {
			return nil, report.Usagef("cat: --entry %d: the first entry is 0", n)
		}
	}
	return o, nil
}

func runCat(c *cli.Context, o *catOptions) (err error) {
	a, err := reading.Open(c, o.archive)
	if err != nil {
		return err
	}
	defer reading.Close(a, &err)
	o.archive = reading.NameOf(a, o.archive)
	matches, err := reading.Find(a.Archive, o.paths)
	if err != nil {
		return report.In(o.archive, err)
	}
	out := terminal.NewOutput(c.Context, c.App.Writer)
	failed := false
	for file, err := range numbersAndFiles(a.Archive, o.entries, matches) {
		if err == nil {
			err = catFile(a.Archive, file, out)
		}
		if out.Err() != nil {
			// The other files would fail as well.
			return report.StandardOutput(out.Err(), "what was written so far is incomplete")
		}
		if reading.EndsReading(err) {
			return report.In(o.archive, err)
		}
		if err != nil {
			err = report.In(o.archive, reading.HintEntry(a, err))
			fmt.Fprintln(c.App.ErrWriter, report.Line(err))
			failed = true
		}
	}
	if failed {
		return report.ErrReported
	}
	return nil
}

// numbersAndFiles yields the paths of entries by number, and then what filesOf yields.
func numbersAndFiles(
	a *tarpack.Archive, entries []int, matches []reading.Match,
) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, n := range entries {
			path, err := a.Index().Path(n)
			if errors.Is(err, sidecar.ErrRange) {
				err = fmt.Errorf("%w: there is no number %d: it has %d", format.ErrNoEntry, n, a.Index().Len())
			}
			if !yield(path, err) {
				return
			}
		}
		filesOf(a, matches)(yield)
	}
}

// filesOf yields the words that stand for files, and the paths of the files that globs match.
func filesOf(a *tarpack.Archive, matches []reading.Match) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, m := range matches {
			if !m.IsGlob {
				if !yield(m.Word, nil) { // links on the way to it are followed
					return
				}
				continue
			}
			spans, err := reading.Spans(a, []reading.Match{m})
			if err = errors.Join(m.Err(), err); err != nil && !yield("", err) {
				return
			}
			for _, span := range spans {
				for row, err := range a.Index().All(span[0], span[1]) {
					if err == nil && row.Entry.Type == sidecar.TypeDir {
						continue
					}
					if !yield(string(row.Path), err) {
						return
					}
				}
			}
		}
	}
}

// catFile writes one file to out.
func catFile(a *tarpack.Archive, word string, out io.Writer) error {
	f, err := openFile(a, word)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(out, f); err != nil {
		return fmt.Errorf("%s: %w", word, err)
	}
	return nil
}

// openFile opens a file of the archive and follows links. Names that are not UTF-8 are found in the
// index only: [fs.FS] does not allow them.
func openFile(a *tarpack.Archive, word string) (io.ReadCloser, error) {
	i, e, err := reading.Lookup(a, word)
	if err == nil && (e.Type == sidecar.TypeFile || e.Type == sidecar.TypeHardlink) {
		f, err := a.OpenContent(i)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", word, err)
		}
		return f, nil
	}
	if err != nil && !errors.Is(err, format.ErrNoEntry) {
		return nil, err
	}
	name := reading.EntryPath(word)
	if name == "" {
		name = "."
	}
	f, err := a.FS().Open(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) && e.Type == 0 {
		return nil, fmt.Errorf("%s: %w", word, format.ErrNoEntry)
	}
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		f.Close()
		return nil, report.WithHint(fmt.Errorf("%s: is a directory", word), "name the files in it")
	}
	return f, nil
}
