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
	"github.com/tarpack/tpk/tarpack/pack"
)

// Selection returns the flags of the commands that make an archive of one directory.
func Selection() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "prefix", Usage: "put everything below the directory `NAME` of the archive",
		},
		&cli.StringFlag{
			Name: "files-from", Aliases: []string{"T"},
			Usage: "take only the paths below DIR in `FILE`, one per line; - is standard input",
		},
		Switch("null", "paths in the file of -T end with a zero byte, as from find -print0"),
	}
}

// ParseSelection sets the options of the flags of [Selection].
func ParseSelection(c *cli.Context, o *pack.Options) error {
	if o.Prefix = path.Clean(strings.Trim(c.String("prefix"), "/")); o.Prefix == "." {
		o.Prefix = ""
	}
	name := c.String("files-from")
	if !c.IsSet("files-from") {
		if c.Bool("null") {
			return report.Usagef("%s: --null: needs --files-from", c.Command.Name)
		}
		return nil
	}
	in := c.App.Reader
	if name == "-" {
		name = "standard input"
	} else {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	end := []byte{'\n'}
	if c.Bool("null") {
		end[0] = 0
	}
	for line := range bytes.SplitSeq(b, end) {
		if len(line) > 0 {
			o.Names = append(o.Names, string(line))
		}
	}
	if o.Names == nil {
		return report.WithHint(fmt.Errorf("%s: has no path", name), "list paths below DIR")
	}
	return nil
}
