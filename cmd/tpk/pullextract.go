package main

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/extract"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/mirror"
)

// A pullExtract is the directory that pull keeps up to date.
type pullExtract struct {
	dir    string // "": none
	delete bool
	res    mirror.Result
	failed error // of updating it
}

func pullExtractFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "extract", Usage: "keep the directory `DIR` up to date with OUT.tar.gz"},
		&cli.BoolFlag{Name: "delete",
			Usage: "with --extract, delete what is in neither archive"},
	}
}

func parsePullExtract(c *cli.Context, out string) (x pullExtract, err error) {
	x = pullExtract{dir: c.String("extract"), delete: c.Bool("delete")}
	switch {
	case c.IsSet("extract") && x.dir == "":
		return x, report.Usagef("pull: --extract needs the name of a directory")
	case x.delete && x.dir == "":
		return x, report.Usagef("pull: --delete needs --extract")
	case x.dir != "" && isBelow(out, x.dir):
		return x, report.Usagef("pull: %s: OUT.tar.gz must not be in the directory of --extract",
			report.Quote(out))
	}
	return x, nil
}

// isBelow reports whether a file is in a directory, or below it. Both may not be there yet.
func isBelow(name, dir string) bool {
	real := func(name string) string {
		name, err := filepath.Abs(name)
		if err != nil {
			return name
		}
		for rest := ""; ; name, rest = filepath.Dir(name), filepath.Join(filepath.Base(name), rest) {
			if found, err := filepath.EvalSymlinks(name); err == nil {
				return filepath.Join(found, rest)
			}
			if name == filepath.Dir(name) {
				return filepath.Join(name, rest)
			}
		}
	}
	below, err := filepath.Rel(real(dir), real(name))
	return err == nil && filepath.IsLocal(below)
}

// update brings the directory up to date with an archive that was pulled.
func (x *pullExtract) update(
	ctx context.Context, m *terminal.Meter, a *tarpack.Archive, old *sidecar.Index, workers int,
) (err error) {
	x.res, err = mirror.Update(ctx, a, x.dir, mirror.Options{
		Former: old, Delete: x.delete, Workers: workers,
		Problem: func(p *format.Problem) {
			err := report.In(a.Name(), p)
			if errors.Is(p, extract.ErrDirInTheWay) {
				err = report.WithHint(err, "move the directory away")
			}
			m.Print(report.Line(err))
		}})
	return x.hint(err)
}

// check looks whether the directory can be brought up to date, before anything is downloaded.
func (x *pullExtract) check(ctx context.Context, a *tarpack.Archive, old *sidecar.Index) error {
	return x.hint(mirror.Check(ctx, a, x.dir, mirror.Options{Former: old, Delete: x.delete}))
}

// hint gives an error of the directory the hint that fits it, and keeps it.
func (x *pullExtract) hint(err error) error {
	switch stop := (*report.StoppedError)(nil); {
	case errors.As(err, &stop), err == nil:
		return err
	case errors.Is(err, mirror.ErrOther):
		x.failed = report.WithHint(err, "move it away, or add --delete")
	default:
		x.failed = report.Output(x.dir, err)
	}
	return x.failed
}

// err returns report.ErrReported if an entry could not be extracted.
func (x *pullExtract) err() error {
	if x.res.Failed > 0 {
		return report.ErrReported
	}
	return nil
}
