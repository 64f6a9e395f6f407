package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/tarpack/exclude"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/pack"
)

var (
	dedupNames = []string{"content", "strict", "off"}
	dedupModes = map[string]format.DedupMode{
		"content": format.DedupContent, "strict": format.DedupStrict, "off": format.DedupOff,
	}
)

// sourceFlags are the flags of every command that packs files.
func sourceFlags() []cli.Flag {
	return []cli.Flag{
		levelFlag(),
		workersFlag(),
		dedupFlag(),
		&cli.StringSliceFlag{Name: "exclude", Usage: "leave out what matches `GLOB` (repeatable)"},
		&cli.StringSliceFlag{Name: "exclude-from", Usage: "read globs from `FILE`, one a line, # for comments (repeatable)"},
		&cli.BoolFlag{Name: "preserve-owner", DisableDefaultText: true, Usage: "keep owners and groups"},
		&cli.BoolFlag{Name: "special", DisableDefaultText: true, Usage: "keep FIFOs and devices"},
	}
}

func levelFlag() cli.Flag {
	return &cli.IntFlag{Name: "level", Value: 6, Usage: "compression, `N` from 1 (fast) to 9 (small)", Action: inRange("level", 1, 9)}
}

func workersFlag() cli.Flag {
	return &cli.IntFlag{Name: "workers", DefaultText: "one a core", Usage: "compress with `N` workers", Action: inRange("workers", 0, 1024)}
}

// dedupFlag is the flag of every command that looks for equal files.
func dedupFlag() cli.Flag {
	return &cli.StringFlag{
		Name: "dedup", Value: "content", Action: oneOf("dedup", dedupNames),
		Usage: "make equal files hard links: `MODE` is content (same bytes and permissions), strict (same time as well) or off",
	}
}

// parseSource reads what sourceFlags gave, and SOURCE_DATE_EPOCH.
func parseSource(c *cli.Context) (pack.Options, error) {
	o := pack.Options{
		Level: c.Int("level"), Workers: c.Int("workers"), Dedup: dedupModes[c.String("dedup")],
		PreserveOwner: c.Bool("preserve-owner"), Special: c.Bool("special"),
	}
	var err error
	if o.Exclude, err = excluder(c.Command.Name, c.StringSlice("exclude"), c.StringSlice("exclude-from")); err != nil {
		return o, err
	}
	if epoch := os.Getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		seconds, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil {
			return o, usagef("%s: SOURCE_DATE_EPOCH=%s: it is a number of seconds since 1970", c.Command.Name, quoteName(epoch))
		}
		o.LatestModTime = time.Unix(seconds, 0)
	}
	return o, nil
}

// excluder collects the globs given on the command line and in files.
func excluder(command string, globs, files []string) (*exclude.Patterns, error) {
	var x exclude.Patterns
	for _, glob := range globs {
		if err := x.Add(glob); err != nil {
			return nil, usagef("%s: --exclude: %v", command, err)
		}
	}
	for _, name := range files {
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
