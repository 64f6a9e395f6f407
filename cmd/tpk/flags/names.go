package flags

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/pack"
)

// Selection returns the flags of the commands that make an archive of one directory.
func Selection() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "prefix", Usage: "put everything below the directory `NAME` of the archive",
		},
		&cli.StringSliceFlag{
			Name: "files-from", Aliases: []string{"T"},
			Usage: "take only the paths below DIR in `FILE`, one per line; - is standard input" +
				" (repeatable)",
		},
		&cli.BoolFlag{
			Name: "null", Aliases: []string{"0"}, DisableDefaultText: true,
			Usage: "paths in the files of -T end with a zero byte, as from find -print0",
		},
	}
}

// ParseSelection sets the options of the flags of [Selection].
func ParseSelection(c *cli.Context, o *pack.Options) error {
	if o.Prefix = path.Clean(strings.Trim(c.String("prefix"), "/")); o.Prefix == "." {
		o.Prefix = ""
	}
	if o.Prefix != "" && sidecar.ValidPath(o.Prefix) != nil {
		return report.Usagef("%s: --prefix %s: must be a path in the archive, without ..",
			c.Command.Name, report.Quote(c.String("prefix")))
	}
	if c.Bool("null") && !c.IsSet("files-from") {
		return report.Usagef("%s: --null: needs --files-from", c.Command.Name)
	}
	for _, name := range c.StringSlice("files-from") {
		names, err := readNames(c, name)
		if err != nil {
			return err
		}
		o.Names = append(o.Names, names...)
	}
	if o.Names == nil && c.IsSet("files-from") {
		name := nameOfInput(c.StringSlice("files-from")[0])
		return report.WithHint(fmt.Errorf("%s: lists no path", name), "list paths below DIR")
	}
	return nil
}

// nameOfInput returns the name of an input in messages.
func nameOfInput(file string) string {
	if file == "-" {
		return "standard input"
	}
	return file
}

// readNames returns the paths in a file of --files-from.
func readNames(c *cli.Context, file string) (names []string, err error) {
	name, in := nameOfInput(file), c.App.Reader
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	end := []byte{'\n'}
	if c.Bool("null") {
		end[0] = 0
	} else if bytes.IndexByte(b, 0) >= 0 {
		return nil, report.WithHint(fmt.Errorf("%s: contains a zero byte, which no path can", name),
			"--null reads paths that end with one")
	}
	for line := range bytes.SplitSeq(b, end) {
		if len(line) > 0 {
			names = append(names, string(line))
		}
	}
	return names, nil
}
