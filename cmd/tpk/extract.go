package main

import (
	"errors"
	"io/fs"
	"math"
	"runtime"
	"slices"

	"github.com/tarpack/tpk/cmd/tpk/cli"
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
	words   []string // paths and globs; none for everything
	dir     string
	verbose bool
	extract extract.Options
}

func extractCommand() *cli.Command {
	return &cli.Command{
		Name:      "extract",
		Usage:     "extract an archive, or some paths of it",
		UsageText: "tpk extract [flags] ARCHIVE [PATH|GLOB...]",
		Description: help.Text(`
Extracts ARCHIVE, or each PATH and everything below it, into DIR, with permissions, modification
times and links. DIR is created if it does not exist. Existing files are replaced, or with -k
reported and kept.

`+help.Globs+` What --exclude matches is left out of that.
A glob of --exclude without a slash is matched with every name, one with a slash with the whole
path. GNU tar also finds deep/c in s/deep/c; here that is **/deep/c.

With --strip-components, names are as in GNU tar. If two files get the same one, the first is kept,
and the other is reported.

Files that were hard links to each other when they were packed are hard links again. Duplicates,
which pack stores as hard links, become separate files that share disk blocks if the file system
supports that. With --hard-links they become hard links. If the original of links is not
extracted, they still get its content.

Blocks of 4 KiB with only zeros become holes, so sparse files take no more space than before.

Files belong to the user that extracts them. With --same-owner, root gives them to the user and the
group that pack stored with --preserve-owner: those of that name or else of that number.

Nothing is written outside DIR. Entries that would be are refused, and so are FIFOs, devices,
and setuid and setgid bits unless --special is given. The rest is extracted. A setuid bit is only
restored if the file gets the user that it has in the archive, and a setgid bit if it gets the
group: see --same-owner. FIFOs and devices are restored on Linux only.

Windows can't have some names (NUL.txt, a:b, one with a dot at its end), nor two that only differ in
case: these are refused, and so are symbolic links if the user may not make them. Of permissions it
keeps whether a file can be written to, and no owners.

`+help.RemoteToo,
			"an entry was not extracted",
			"tpk extract site.tar.gz",
			"tpk extract -C /srv/www site.tar.gz",
			"tpk extract -C /tmp site.tar.gz docs/manual 'images/*.png'",
			"tpk extract --strip-components 1 -vC /opt/tool tool-1.0.tar.gz"),
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{
				Name: "directory", Aliases: []string{"C"}, Value: ".",
				Usage: "extract into the directory `DIR`",
			},
			&cli.BoolFlag{
				Name: "verbose", Aliases: []string{"v"},
				Usage: "print the path of each entry before it is extracted",
			},
			&cli.IntFlag{
				Name: "strip-components", DefaultText: "0",
				Action: flags.InRange("strip-components", 0, math.MaxInt32),
				Usage:  "remove the first `N` components of each path, and leave out shorter ones",
			},
			&cli.BoolFlag{
				Name: "keep-old-files", Aliases: []string{"k"},
				Usage: "don't replace existing files; they are errors",
			},
		}, flags.Exclusion(), []cli.Flag{
			flags.Switch("same-owner", "restore users and groups, which only root can"),
			flags.Switch("hard-links", "extract duplicates as hard links to one file"),
			flags.Switch("special", "restore FIFOs, devices, setuid and setgid bits"),
			flags.NoConvert(), flags.Progress(),
		}, flags.Trust(), flags.Remote()),
		Action: action(parseExtract, runExtract),
	}
}

func parseExtract(c *cli.Context) (*extractOptions, error) {
	args, err := flags.ReadArguments(c, 1, -1)
	if err != nil {
		return nil, err
	}
	o := &extractOptions{
		archive: args[0], words: args[1:], dir: c.String("directory"), verbose: c.Bool("verbose"),
	}
	o.extract.HardLinks, o.extract.Special = c.Bool("hard-links"), c.Bool("special")
	o.extract.StripComponents = c.Int("strip-components")
	o.extract.KeepOldFiles, o.extract.SameOwner = c.Bool("keep-old-files"), c.Bool("same-owner")
	o.extract.Exclude, err = flags.Excluded(c)
	return o, err
}

// selectPaths sets the paths to extract, and returns what each word stands for.
func (o *extractOptions) selectPaths(a *tarpack.Archive) (matches []reading.Match, err error) {
	matches, err = reading.Find(a, o.words)
	for _, m := range matches {
		for _, i := range m.Ordinals {
			if i == sidecar.Root { // everything
				o.extract.Paths = nil
				return matches, nil
			}
			path, err := a.Index().Path(i)
			if err != nil {
				return nil, err
			}
			o.extract.Paths = append(o.extract.Paths, path)
		}
	}
	return matches, err
}

func runExtract(c *cli.Context, o *extractOptions) (err error) {
	a, err := reading.Open(c, o.archive)
	if err != nil {
		return err
	}
	defer reading.Close(a, &err)
	o.archive = reading.NameOf(a, o.archive)
	matches, err := o.selectPaths(a.Archive)
	if err != nil {
		return report.In(o.archive, err)
	}
	missing := reading.ReportMissing(c, o.archive, matches)
	if found := func(m reading.Match) bool { return m.Ordinals != nil }; len(matches) > 0 &&
		!slices.ContainsFunc(matches, found) {
		return missing
	}
	var printErr error
	if o.verbose {
		print := reading.Names(c.App.Writer)
		o.extract.Entry = func(row sidecar.Row) {
			if printErr == nil {
				printErr = print(row)
			}
		}
		if err := c.Set("progress", "never"); err != nil { // names and a bar would be mixed
			return err
		}
	}
	m := terminal.NewMeter(c, "extracting")
	defer m.Stop()
	if len(o.extract.Paths) == 0 {
		m.Expect(reading.Contents(a.Archive))
	}
	o.extract.Notice = m.Notice
	o.extract.Progress = m.Update
	o.extract.Problem = func(p *format.Problem) {
		err := report.In(o.archive, p)
		switch {
		case errors.Is(p, format.ErrRefused) && !o.extract.Special && isSpecial(a.Archive, p.Path):
			err = report.WithHint(err, "--special restores it")
		case errors.Is(p, extract.ErrSetIDs) && !o.extract.SameOwner:
			err = report.WithHint(err, "as root, --same-owner restores both")
		case errors.Is(p, extract.ErrDirInTheWay):
			err = report.WithHint(err, "move the directory away, or extract elsewhere with -C")
		case errors.Is(p, fs.ErrExist):
			err = report.WithHint(err, "it is kept, as --keep-old-files is set")
		case errors.Is(p, format.ErrShard):
			err = reading.HintEntry(a, err)
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
	if res.Entries == 0 && res.Failed == 0 && a.Index().Len() > 0 {
		m.Remark(report.Say(report.In(o.archive, errNothing).Error()))
	}
	m.Summarize("extracted %s (%s) into %s",
		report.Entries(res.Entries), report.Bytes(res.Bytes), report.Quote(o.dir))
	if printErr != nil {
		return report.StandardOutput(printErr, "all is extracted")
	}
	if res.Failed > 0 || a.Refused > 0 {
		return report.ErrReported
	}
	return missing
}

// errNothing: the options leave out everything.
var errNothing = errors.New("nothing to extract: --exclude or --strip-components leave out all")

// isSpecial reports whether --special restores the entry at path.
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
		return runtime.GOOS == "linux" // others make none
	case sidecar.TypeFile, sidecar.TypeHardlink:
		return e.Mode&(setuid|setgid) != 0 && runtime.GOOS != "windows"
	}
	return false
}
