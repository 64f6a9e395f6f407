package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

type catOptions struct {
	archive string
	paths   []string
}

func catCommand() *cli.Command {
	return &cli.Command{
		Name:      "cat",
		Usage:     "write files of an archive to standard output",
		UsageText: "tpk cat ARCHIVE PATH...",
		Description: `Writes the files, one after the other, to standard output; links are followed inside the archive. Content is checked
as it is written: when it turns out to be damaged, cat says so and exits with 1.` +
			examples("tpk cat site.tar.gz index.html", "tpk cat logs.tar.gz 2026/01.log 2026/02.log | grep error"),
		Action: func(c *cli.Context) error {
			args, err := readArguments(c, 2, -1)
			if err != nil {
				return err
			}
			return runCat(c, &catOptions{archive: args[0], paths: args[1:]})
		},
	}
}

func runCat(c *cli.Context, o *catOptions) error {
	a, err := openArchive(c, o.archive)
	if err != nil {
		return err
	}
	defer a.Close()
	out := &output{c: c}
	failed := false
	for _, path := range o.paths {
		err := catFile(a, path, out)
		if out.err != nil {
			return out.err // no other file would fare better
		}
		if err != nil {
			fmt.Fprintln(c.App.ErrWriter, errorLine(inArchive(o.archive, err)))
			failed = true
		}
	}
	if failed {
		return errSaid
	}
	return nil
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

// openFile opens a file of the archive, through links.
func openFile(a *tarpack.Archive, word string) (io.ReadCloser, error) {
	// The file system knows no names that aren't UTF-8, the index does.
	i, e, err := lookup(a, word)
	if err == nil && (e.Type == sidecar.TypeFile || e.Type == sidecar.TypeHardlink) {
		return a.OpenContent(i)
	}
	if err != nil && !errors.Is(err, format.ErrNoEntry) {
		return nil, err
	}
	name := entryPath(word)
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
		return nil, &hinted{fmt.Errorf("%s: is a directory", word), "name files in it"}
	}
	return f, nil
}

// An output is standard output, and remembers its error. It ends a long copy when we are asked to stop.
type output struct {
	c   *cli.Context
	err error
}

func (w *output) Write(p []byte) (n int, err error) {
	if w.err = context.Cause(w.c.Context); w.err == nil {
		n, w.err = w.c.App.Writer.Write(p)
	}
	return n, w.err
}
