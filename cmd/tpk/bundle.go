package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/bundle"
	"github.com/tarpack/tpk/tarpack/cache"
	"github.com/tarpack/tpk/tarpack/format"
)

type bundleOptions struct {
	archive, out string
	binary       string // "" is the program that runs
}

func bundleCommand() *cli.Command {
	return &cli.Command{
		Name:      "bundle",
		Usage:     "make one executable of an archive and tpk, which serves itself",
		UsageText: "tpk bundle [flags] ARCHIVE OUT",
		Description: help.Text(`
Writes OUT, an executable with tpk, ARCHIVE and its index inside. Started without a command, it
serves the archive on 127.0.0.1:8080 and prints the address. It takes the flags of 'tpk serve', and
the commands serve, ls, cat, grep, extract, export, verify, info and version, without the argument
ARCHIVE: ./OUT extract -C DIR, ./OUT export DIR/ OUT.zip. './OUT --help' lists them.

ARCHIVE in OUT has the same bytes as before, and is read where it is: nothing is copied to disk or
to memory. Other files beside ARCHIVE are put into OUT, too, if they belong to it: variants
(.tpv), a text index (.tpx), and a signature (.sum, .sum.minisig), which --public-key checks.
Every command of tpk that reads an archive takes OUT as ARCHIVE. OUT is as large as both together.

--binary takes the tpk of another system, of the same version or a later one: a bundle for Windows
can be made on Linux. A smaller tpk makes a smaller bundle.

The signature of a program does not fit a bundle, and is removed with a warning: sign OUT. For
macOS, OUT gets an ad-hoc signature, as from 'codesign -s -', if the program has a signature.
macOS needs one on Apple silicon, and no more for a file that was not downloaded by a browser.
codesign and signtool can sign OUT with a key. Don't use strip or upx on OUT: strip removes the
archive. OUT says so when it is started.

A bundle can't be bundled again, nor can a shard set: merge it first.`,
			"ARCHIVE can't be read, the program can't be bundled, or OUT can't be written",
			"tpk bundle site.tar.gz site && ./site",
			"tpk bundle --binary tpk.exe manual.tar.gz manual.exe"),
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{
				Name:  "binary",
				Usage: "put the archive behind the tpk in `FILE` (default: this one)",
			},
			flags.NoConvert(), flags.Progress(),
		}, flags.Trust(), flags.Remote()),
		Action: action(parseBundle, runBundle),
	}
}

func parseBundle(c *cli.Context) (*bundleOptions, error) {
	args, err := flags.ReadArguments(c, 2, 2)
	if err != nil {
		return nil, err
	}
	o := &bundleOptions{archive: args[0], out: args[1], binary: c.String("binary")}
	if o.out == "-" {
		return nil, report.Usagef("bundle: '-': it doesn't write to standard output:" +
			" name a file, or ./- for one of that name")
	}
	return o, flags.CheckOutputName(c, o.out)
}

func runBundle(c *cli.Context, o *bundleOptions) (err error) {
	program, err := o.program(c)
	if err != nil {
		return err
	}
	a, err := reading.Open(c, o.archive)
	if err != nil {
		return err
	}
	defer reading.Close(a, &err)
	o.archive = reading.NameOf(a, o.archive)
	switch {
	case a.Within() != nil:
		return report.WithHint(fmt.Errorf("%s: %w", o.archive, bundle.ErrBundle),
			"'tpk export' writes the archive that is in it")
	case a.Shards() > 0:
		return report.WithHint(fmt.Errorf("%s: %w: it is a shard set", o.archive, bundle.ErrArchive),
			"'tpk merge' makes one archive of it")
	case a.Refused > 0:
		return report.ErrReported
	}
	if err := o.checkOut(program, a); err != nil {
		return err
	}
	with := bundle.Options{}
	if a.Converted {
		base := filepath.Base(o.archive)
		with.Name = strings.TrimSuffix(base, filepath.Ext(base)) + ".tar.gz"
	}
	var left []string
	with.Beside, left = filesBeside(a)
	defer closeAll(with.Beside)
	for _, line := range left {
		fmt.Fprintln(c.App.ErrWriter, report.Say(line))
	}
	size, err := o.write(c, program, a.Archive, with)
	if err != nil {
		return report.NewFile(o.out, err)
	}
	if !terminal.IsQuiet(c) {
		fmt.Fprintln(c.App.ErrWriter, report.Say(fmt.Sprintf("bundled %s (%s) for %s into %s (%s)",
			report.Quote(o.archive), report.Entries(int64(a.Index().Len())), program.Platform,
			report.Quote(o.out), report.Bytes(size))))
	}
	return nil
}

// program reads the program that the archive is put behind.
func (o *bundleOptions) program(c *cli.Context) (*bundle.Program, error) {
	name := o.binary
	if name == "" {
		var err error
		if name, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	p, err := bundle.ReadProgram(name)
	switch {
	case errors.Is(err, bundle.ErrBundle):
		return nil, report.WithHint(err, "name the tpk alone with --binary")
	case errors.Is(err, bundle.ErrProgram):
		return nil, report.WithHint(err, "--binary takes a tpk as it is released or built")
	case err != nil:
		return nil, err
	}
	system, _, _ := strings.Cut(p.Platform, "/")
	if system == "windows" && !strings.EqualFold(filepath.Ext(o.out), ".exe") {
		return nil, report.Usagef("bundle: %s: Windows starts only names that end in .exe: name it %s",
			report.Quote(o.out), report.Quote(o.out+".exe"))
	}
	if p.Signed && !terminal.IsQuiet(c) {
		fmt.Fprintln(c.App.ErrWriter, report.Say(fmt.Sprintf(
			"%s: its signature does not fit the bundle and was left out: sign %s", name,
			report.Quote(o.out))))
	}
	return p, nil
}

// checkOut refuses to write over the archive, the program, or what is no file.
func (o *bundleOptions) checkOut(p *bundle.Program, a *cache.Archive) error {
	fi, err := os.Stat(o.out)
	switch {
	case err == nil && fi.IsDir():
		return report.WithHint(report.In(o.out, format.ForeignDir), "choose another name")
	case err == nil && !fi.Mode().IsRegular():
		return fmt.Errorf("%s: %w", o.out, format.ErrNotRegular)
	case err == nil && p.Same(fi):
		return report.Usagef("bundle: %s: is the program itself: choose another name",
			report.Quote(o.out))
	case err == nil:
		source, err := os.Stat(o.archive)
		if err == nil && os.SameFile(fi, source) || isSource(a.Archive, fi) {
			return report.Usagef("bundle: %s: is the archive itself: choose another name",
				report.Quote(o.out))
		}
	case osfile.IsLongName(err):
		return err
	}
	return tarpack.CheckTarget(o.out)
}

// write writes OUT completely or not at all, and returns its size.
func (o *bundleOptions) write(
	c *cli.Context, p *bundle.Program, a *tarpack.Archive, with bundle.Options,
) (int64, error) {
	out, err := osfile.NewPending(filepath.Dir(o.out), "."+report.TempExport)
	if err != nil {
		var where *fs.PathError
		if errors.As(err, &where) {
			where.Path = o.out // not the temporary file
		}
		return 0, err
	}
	defer func() { _ = out.Cleanup() }() // does nothing once the file is in place
	m := terminal.NewMeter(c, "bundling")
	defer m.Stop()
	m.Expect(format.Progress{Bytes: a.Size()})
	var done format.Progress
	with.Progress = func(n int64) {
		done.Bytes += n
		m.Update(done)
	}
	size, err := bundle.Make(c.Context, out, p, a, with)
	if err == nil {
		err = executable(out.File)
	}
	if err != nil {
		return 0, err
	}
	return size, out.Replace(o.out)
}

// executable lets all execute a file who may read it.
func executable(f *os.File) error {
	fi, err := f.Stat()
	if err != nil || runtime.GOOS == "windows" {
		return err
	}
	return f.Chmod(fi.Mode() | fi.Mode()&0o444>>2)
}

// closeAll closes files that were opened for reading only: errors lose nothing.
func closeAll(files map[string]*os.File) {
	for _, f := range files {
		f.Close()
	}
}
