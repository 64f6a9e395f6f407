package flags

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/tarpack/exclude"
	"github.com/tarpack/tpk/tarpack/pack"
)

// Source returns the flags of every command that packs files, followed by those given.
func Source(more ...cli.Flag) []cli.Flag {
	return append([]cli.Flag{
		Level(""),
		Workers(),
		Dedup(),
		&cli.StringSliceFlag{
			Name: "exclude", Usage: "leave out files that match `GLOB` (repeatable)",
		},
		&cli.StringSliceFlag{
			Name:  "exclude-from",
			Usage: "read globs from `FILE`, one per line; # starts a comment (repeatable)",
		},
		Switch("preserve-owner", "store owners and groups"),
		Switch("special", "include FIFOs and devices"),
	}, more...)
}

// ParseSource returns the options that the flags of [Source] and SOURCE_DATE_EPOCH set.
func ParseSource(c *cli.Context) (pack.Options, error) {
	o := pack.Options{
		Level: c.Int("level"), Workers: c.Int("workers"), Dedup: DedupMode(c),
		PreserveOwner: c.Bool("preserve-owner"), Special: c.Bool("special"),
	}
	var err error
	if o.Exclude, err = excluder(c); err != nil {
		return o, err
	}
	if epoch := os.Getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		seconds, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil {
			return o, report.Usagef(
				"%s: SOURCE_DATE_EPOCH=%s: must be a number of seconds since 1970",
				c.Command.Name, report.Quote(epoch))
		}
		o.LatestModTime = time.Unix(seconds, 0)
	}
	return o, nil
}

// excluder returns the globs of the command line and of the files named there.
func excluder(c *cli.Context) (*exclude.Patterns, error) {
	var x exclude.Patterns
	for _, glob := range c.StringSlice("exclude") {
		if err := x.Add(glob); err != nil {
			return nil, report.Usagef("%s: --exclude: %v", c.Command.Name, err)
		}
	}
	for _, name := range c.StringSlice("exclude-from") {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		err = x.AddFrom(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return &x, nil
}
