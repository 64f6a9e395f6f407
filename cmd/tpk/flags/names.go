package flags

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/pack"
)

// Selection returns the flags of the commands that make an archive of one directory.
func Selection() []cli.Flag {
	return append([]cli.Flag{&cli.StringFlag{
		Name: "prefix", Usage: "put everything below the directory `NAME` of the archive",
	}}, FilesFrom()...)
}

// FilesFrom returns the flags for lists of paths.
func FilesFrom() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{
			Name: "files-from", Aliases: []string{"T"},
			Usage: "take only the paths below DIR in `FILE`, one per line; - is standard input" +
				" (repeatable)",
		},
		&cli.BoolFlag{
			Name: "null", Aliases: []string{"0"},
			Usage: "paths in the files of -T end with a zero byte, as from find -print0",
		},
		&cli.BoolFlag{
			Name:  "no-recursion",
			Usage: "a directory in the files of -T does not stand for what is below it",
		},
	}
}

// ParseSelection sets the options of the flags of [Selection].
func ParseSelection(c *cli.Context, o *pack.Options) error {
	o.Prefix = path.Clean(strings.Trim(filepath.ToSlash(c.String("prefix")), "/"))
	if o.Prefix == "." {
		o.Prefix = ""
	}
	if o.Prefix != "" && sidecar.ValidPath(o.Prefix) != nil {
		return report.Usagef("%s: --prefix %s: must be a path in the archive, without ..",
			c.Command.Name, report.Quote(c.String("prefix")))
	}
	names, err := Names(c)
	if c.Bool("no-recursion") {
		o.ExactNames = names
	} else {
		o.Names = names
	}
	return err
}

// Names returns the paths in the files of --files-from, and nil without this flag.
func Names(c *cli.Context) (names []string, err error) {
	paths, err := Paths(c)
	if paths == nil || err != nil {
		return nil, err
	}
	for p, err := range paths {
		if err != nil {
			return nil, err
		}
		names = append(names, p)
	}
	return names, nil
}

// Paths is Names for lists of any length. A list without a path is an error.
func Paths(c *cli.Context) (iter.Seq2[string, error], error) {
	for _, flag := range []string{"null", "no-recursion"} {
		if c.Bool(flag) && !c.IsSet("files-from") {
			return nil, report.Usagef("%s: --%s: needs --files-from", c.Command.Name, flag)
		}
	}
	if !c.IsSet("files-from") {
		return nil, nil
	}
	files := c.StringSlice("files-from")
	return func(yield func(string, error) bool) {
		n := 0
		for _, file := range files {
			for p, err := range pathsIn(c, file) {
				if n++; !yield(p, err) || err != nil {
					return
				}
			}
		}
		if n == 0 {
			yield("", report.WithHint(fmt.Errorf("%s: lists no path", nameOfInput(files[0])),
				"list paths below DIR"))
		}
	}, nil
}

// nameOfInput returns the name of an input in messages.
func nameOfInput(file string) string {
	if file == "-" {
		return "standard input"
	}
	return file
}

// maxLine is how many bytes a path in a list may have. Archives allow 16,384.
const maxLine = 64 << 10

// pathsIn returns the paths in a file of --files-from. Empty ones are left out.
func pathsIn(c *cli.Context, file string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		name, in := nameOfInput(file), c.App.Reader
		if file != "-" {
			f, err := os.Open(file)
			if err != nil {
				yield("", err)
				return
			}
			defer f.Close()
			// A read of a pipe ends when a signal comes. Other files have no deadline.
			stop := context.AfterFunc(c.Context, func() {
				f.SetReadDeadline(time.Unix(1, 0)) //nolint:errcheck // see above
			})
			defer stop()
			in = f
		}
		end := byte('\n')
		if c.Bool("null") {
			end = 0
		}
		for r := bufio.NewReaderSize(listReader(in), maxLine); ; {
			line, err := r.ReadSlice(end)
			if c.Context.Err() != nil {
				err = context.Cause(c.Context)
			}
			p := listedPath(strings.TrimSuffix(string(line), string(rune(end))))
			switch {
			case end != 0 && strings.IndexByte(p, 0) >= 0:
				yield("", report.WithHint(
					fmt.Errorf("%s: contains a zero byte, which no path can", name),
					"--null reads paths that end with one"))
				return
			case errors.Is(err, bufio.ErrBufferFull):
				yield("", fmt.Errorf("%s: a path is longer than %d bytes", name, maxLine))
				return
			case err != nil && err != io.EOF:
				yield("", fmt.Errorf("%s: %w", name, err))
				return
			case p != "" && !yield(p, nil) || err == io.EOF:
				return
			}
		}
	}
}
