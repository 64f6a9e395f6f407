package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/tarpack/exclude"
	"github.com/tarpack/tpk/tarpack/format"
)

// initName is the name of the archive in the directory. serve looks for it.
const initName = "pack.tar.gz"

func initCommand() *cli.Command {
	return &cli.Command{
		Name:      "init",
		Usage:     "replace the files in a directory with an archive",
		UsageText: "tpk init [flags] DIR",
		Description: help.Text(`
Packs the files in DIR into DIR/pack.tar.gz, writes its index, and removes the packed files once
both are safely on disk. 'tpk serve DIR' serves the same paths as before. Files that are
excluded, or change meanwhile, stay. So do archives that init has made in directories of DIR, and
their indexes.

If init is interrupted while it removes files, DIR/pack.tar.gz is complete. To add what has changed
since, run 'tpk update --keep DIR/pack.tar.gz DIR'; then remove the files yourself.`,
			"the files can't be packed or DIR/pack.tar.gz exists",
			"tpk init site",
			"tpk init --exclude '*.db' --exclude uploads/ site"),
		Flags:  flags.Source(flags.DryRun(), flags.Progress()),
		Action: action(parseInit, runInit),
	}
}

func parseInit(c *cli.Context) (*packOptions, error) {
	args, err := flags.Arguments(c, 1, 1)
	if err != nil {
		return nil, err
	}
	o := &packOptions{dir: args[0], out: filepath.Join(args[0], initName)}
	o.pack, err = flags.ParseSource(c)
	o.pack.RemoveFiles = true
	if err == nil {
		err = leavePacks(o.pack.Exclude)
	}
	return o, err
}

// leavePacks excludes archives that init has made in directories, with their indexes. serve answers
// for them, but not for archives inside an archive.
func leavePacks(x *exclude.Patterns) error {
	return errors.Join(x.Add(initName), x.Add(initName+format.SidecarSuffix),
		x.Add(initName+format.VariantsSuffix), x.Add("."+initName+".*"))
}

// isInit reports whether archive is the one that init makes in dir.
func isInit(archive, dir string) bool {
	in, err := os.Stat(filepath.Dir(archive))
	of, err2 := os.Stat(dir)
	return filepath.Base(archive) == initName && err == nil && err2 == nil && os.SameFile(in, of)
}

func runInit(c *cli.Context, o *packOptions) error {
	switch fi, err := os.Stat(o.dir); { // errors about the directory, not the archive in it
	case err != nil:
		return err
	case !fi.IsDir():
		return fmt.Errorf("%s: %w", o.dir, syscall.ENOTDIR)
	}
	if _, err := os.Lstat(o.out); err == nil {
		return report.WithHint(fmt.Errorf("%s: %w", o.out, fs.ErrExist), "'tpk add' adds to it")
	}
	// An index without an archive would be replaced, but not packed.
	if _, err := os.Lstat(o.out + format.SidecarSuffix); err == nil {
		return report.WithHint(fmt.Errorf("%s%s: %w", o.out, format.SidecarSuffix, fs.ErrExist),
			"move or remove it: it has no archive")
	}
	if !c.Bool("dry-run") {
		return runPack(c, o)
	}
	goal := terminal.NewMeter(c, "counting").CountTree(c.Context, o.dir, o.pack.Exclude)
	_, err := fmt.Fprintf(c.App.Writer, "%s, %s, would be packed into %s and removed\n",
		report.Entries(goal.Entries), report.Bytes(goal.Bytes), report.Quote(o.out))
	return err
}
