package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dustin/go-humanize"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/urfave/cli/v2"
)

// initName is the archive that init makes.
const initName = "pack.tar.gz"

func initCommand() *cli.Command {
	return &cli.Command{
		Name:      "init",
		Usage:     "pack a directory in its own place",
		UsageText: "tpk init [flags] DIR",
		Description: `Packs what is in DIR into DIR/pack.tar.gz and its index, and removes what it has packed once both are safely on disk, so that 'tpk serve DIR'
goes on serving it. A file that changes in the meantime, or is excluded, stays. If init is stopped while it removes, DIR/pack.tar.gz is complete:
'tpk update --keep DIR/pack.tar.gz DIR' makes sure that it has what is left, which can then be removed by hand.` +
			examples(
				"tpk init site",
				"tpk init --exclude '*.db' --exclude 'uploads/' site"),
		Flags: append(sourceFlags(), dryRunFlag(), progressFlag()),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 1, 1)
			if err != nil {
				return err
			}
			o := &packOptions{dir: args[0], out: filepath.Join(args[0], initName)}
			if o.pack, err = parseSource(c); err != nil {
				return err
			}
			o.pack.RemoveFiles = true
			return runInit(c, o)
		},
	}
}

func runInit(c *cli.Context, o *packOptions) error {
	if _, err := os.Lstat(o.out); err == nil {
		return &hinted{fmt.Errorf("%s: %w", o.out, fs.ErrExist), "'tpk add' adds to it"}
	}
	if _, err := os.Lstat(o.out + format.SidecarSuffix); err == nil { // it would be replaced, and not be packed either
		return &hinted{fmt.Errorf("%s%s: %w", o.out, format.SidecarSuffix, fs.ErrExist), "move or remove it: it has no archive"}
	}
	if !c.Bool("dry-run") {
		return runPack(c, o)
	}
	m := newMeter(c, "looking")
	m.countTree(c.Context, o.dir, o.pack.Exclude)
	_, err := fmt.Fprintf(c.App.Writer, "%s entries, %s, would be packed into %s and removed\n", humanize.Comma(m.goal.Entries), bytesOf(m.goal.Bytes), quoteName(o.out))
	return err
}
