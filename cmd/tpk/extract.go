package main

import (
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/extract"
	"github.com/tarpack/tpk/tarpack/format"
)

// Bits of a mode (POSIX pax).
const (
	setuid = 0o4000
	setgid = 0o2000
)

type extractOptions struct {
	archive string
	dir     string
	extract extract.Options
}

func extractCommand() *cli.Command {
	return &cli.Command{
		Name:      "extract",
		Usage:     "extract an archive, or some paths of it",
		UsageText: "tpk extract [-C DIR] [--hard-links] ARCHIVE [PATH...]",
		Description: help.Text(`
Extracts ARCHIVE, or each PATH and everything below it, into DIR, with permissions, modification
times and links. DIR is created if it does not exist. Existing files are replaced.

Files that were hard links to each other when they were packed are hard links again. Duplicates,
which pack stores as hard links, become separate files that share disk blocks if the file system
supports that. With --hard-links they become hard links.

Nothing is written outside DIR. Entries that would be are refused, and so are FIFOs, devices,
and setuid and setgid bits unless --special is given. The rest is extracted.`,
			"an entry was not extracted",
			"tpk extract site.tar.gz",
			"tpk extract -C /srv/www site.tar.gz",
			"tpk extract -C /tmp site.tar.gz docs/manual images/logo.png"),
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "C", Value: ".", Usage: "extract into the directory `DIR`"},
			flags.Switch("hard-links", "extract duplicates as hard links to one file"),
			flags.Switch("special", "restore FIFOs, devices, setuid and setgid bits"),
			flags.NoConvert(), flags.Progress(),
		},
		Action: action(parseExtract, runExtract),
	}
}

func parseExtract(c *cli.Context) (*extractOptions, error) {
	args, err := flags.ReadArguments(c, 1, -1)
	if err != nil {
		return nil, err
	}
	o := &extractOptions{archive: args[0], dir: c.String("C")}
	o.extract.HardLinks, o.extract.Special = c.Bool("hard-links"), c.Bool("special")
	for _, word := range args[1:] {
		path := reading.EntryPath(word)
		if path == "" { // the root is everything
			o.extract.Paths = nil
			break
		}
		o.extract.Paths = append(o.extract.Paths, path)
	}
	return o, nil
}

func runExtract(c *cli.Context, o *extractOptions) error {
	a, err := reading.Open(c, o.archive)
	if err != nil {
		return err
	}
	defer a.Close()
	m := terminal.NewMeter(c, "extracting")
	defer m.Stop()
	if len(o.extract.Paths) == 0 {
		m.Expect(reading.Contents(a.Archive))
	}
	o.extract.Notice = m.Notice
	o.extract.Progress = m.Update
	o.extract.Problem = func(p *format.Problem) {
		err := report.In(o.archive, p)
		if errors.Is(p, format.ErrRefused) && !o.extract.Special && isSpecial(a.Archive, p.Path) {
			err = report.WithHint(err, "--special restores it")
		}
		m.Print(report.Line(err))
	}
	res, err := extract.Extract(c.Context, a.Archive, o.dir, o.extract)
	m.Stop()
	var stop *report.StoppedError
	switch {
	case errors.As(err, &stop):
		return report.WithHint(report.In(o.archive, stop),
			"what was extracted so far is in "+o.dir)
	case err != nil:
		return err
	}
	m.Summarize("extracted %s entries (%s) into %s",
		report.Count(res.Entries), report.Bytes(res.Bytes), report.Quote(o.dir))
	if res.Failed > 0 || a.Refused > 0 {
		return report.ErrReported
	}
	return nil
}

// isSpecial reports whether --special is about the entry at path.
func isSpecial(a *tarpack.Archive, path string) bool {
	i, ok, err := a.Index().Lookup(path)
	if err != nil || !ok {
		return false
	}
	e, err := a.Index().Entry(i)
	if err != nil {
		return false
	}
	switch e.Type {
	case sidecar.TypeFIFO, sidecar.TypeChar, sidecar.TypeBlock:
		return true
	case sidecar.TypeFile, sidecar.TypeHardlink:
		return e.Mode&(setuid|setgid) != 0
	}
	return false
}
