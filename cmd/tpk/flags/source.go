package flags

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/tarpack/exclude"
	"github.com/tarpack/tpk/tarpack/pack"
)

// Source returns the flags of every command that packs files, followed by those given.
func Source(more ...cli.Flag) []cli.Flag {
	return slices.Concat([]cli.Flag{Level(), Store(), Workers(), Dedup()}, Exclusion(), []cli.Flag{
		include(), dereference(), oneFileSystem(),
		Switch("preserve-owner", "store owners and groups"),
		&cli.StringFlag{
			Name:  "owner",
			Usage: "store this owner for all files; `USER` is a name, a number or NAME:NUMBER",
		},
		&cli.StringFlag{
			Name: "group", Usage: "store this group for all files; `GROUP` is as for --owner",
		},
		&cli.StringFlag{
			Name:  "mode",
			Usage: "change permissions as chmod does; `MODE` is 644 or u=rwX,go=rX, for example",
		},
		&cli.StringFlag{
			Name: "mtime",
			Usage: "store this modification time for all files; `TIME` is @SECONDS," +
				" 2026-01-31, 2026-01-31T12:00:00Z, or ./FILE for its time",
		},
		special(),
	}, more)
}

// Walk returns the flags of the commands that read a directory without packing it.
func Walk() []cli.Flag {
	return append(Exclusion(), include(), dereference(), oneFileSystem(), special())
}

func include() cli.Flag {
	return &cli.StringSliceFlag{
		Name:  "include",
		Usage: "take only what matches `GLOB`, with all below it (repeatable)",
	}
}

func dereference() cli.Flag {
	return &cli.BoolFlag{
		Name: "dereference", Aliases: []string{"L"},
		Usage: "store the files that symbolic links lead to, not the links",
	}
}

func oneFileSystem() cli.Flag {
	return Switch("one-file-system", "leave out what is in directories of other file systems")
}

func special() cli.Flag { return Switch("special", "include FIFOs and devices") }

// ParseSource returns the options that the flags of [Source] and SOURCE_DATE_EPOCH set.
func ParseSource(c *cli.Context) (pack.Options, error) {
	o := pack.Options{
		Level: CompressionLevel(c), Workers: c.Int("workers"), Dedup: DedupMode(c),
		PreserveOwner: c.Bool("preserve-owner"), Special: c.Bool("special"),
	}
	var err error
	if o.Exclude, o.Include, err = Globs(c); err != nil {
		return o, err
	}
	o.Dereference, o.OneFileSystem = c.Bool("dereference"), c.Bool("one-file-system")
	if err := parseAttributes(c, &o); err != nil {
		return o, err
	}
	if o.Store, err = globsIfSet(c, "store"); err != nil {
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

// Exclusion returns the flags that leave out files.
func Exclusion() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{
			Name: "exclude", Usage: "leave out files that match `GLOB` (repeatable)",
		},
		&cli.StringSliceFlag{
			Name:  "exclude-from",
			Usage: "read globs from `FILE`, one per line; # starts a comment (repeatable)",
		},
	}
}

// Excluded returns what the flags of [Exclusion] leave out.
func Excluded(c *cli.Context) (*exclude.Patterns, error) {
	return globs(c, "exclude", "exclude-from")
}

// Globs returns what the flags leave out, and what they include, which is nil for everything.
func Globs(c *cli.Context) (excluded, included *exclude.Patterns, err error) {
	if excluded, err = Excluded(c); err == nil {
		included, err = globsIfSet(c, "include")
	}
	return excluded, included, err
}

// globsIfSet returns the globs of the flag, or nil without any.
func globsIfSet(c *cli.Context, flag string) (*exclude.Patterns, error) {
	if !c.IsSet(flag) {
		return nil, nil
	}
	return globs(c, flag, "")
}

// globs returns the globs of the flag, and those in the files that the flag from names, if any.
func globs(c *cli.Context, flag, from string) (*exclude.Patterns, error) {
	var x exclude.Patterns
	for _, glob := range c.StringSlice(flag) {
		if err := x.Add(filepath.ToSlash(glob)); err != nil {
			return nil, report.Usagef("%s: --%s: %v", c.Command.Name, flag, err)
		}
	}
	for _, name := range c.StringSlice(from) {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		err = x.AddFrom(listReader(f))
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return &x, nil
}
