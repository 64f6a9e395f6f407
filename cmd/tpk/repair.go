package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/convert"
	"github.com/tarpack/tpk/tarpack/format"
)

func repairCommand() *cli.Command {
	return &cli.Command{
		Name:      "repair",
		Usage:     "save what is whole in a damaged archive",
		UsageText: "tpk repair [flags] ARCHIVE [OUT.tar.gz]",
		Description: `Writes a valid archive of all entries that are whole in ARCHIVE, whether it was cut off or damaged, in its place or into OUT.tar.gz. Prints
a line for each entry that is lost, with its offset, and exits with 1 if there is one; with the index (ARCHIVE.tpi), even of an
archive that has lost its end, it knows all their paths. Bytes behind the end of ARCHIVE, as an append leaves that did not come to
its end, are cut off. An archive of a newer format version is left alone, but can be saved into OUT.tar.gz. If nothing is wrong with ARCHIVE, only a bad index is made anew.` +
			examples(
				"tpk repair --dry-run site.tar.gz",
				"tpk repair site.tar.gz",
				"tpk repair damaged.tar.gz saved.tar.gz"),
		Flags: []cli.Flag{workersFlag(), dryRunFlag(), progressFlag()},
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 1, 2)
			if err != nil {
				return err
			}
			out := args[0]
			if len(args) > 1 {
				out = args[1]
			}
			return runRepair(c, args[0], out)
		},
	}
}

func runRepair(c *cli.Context, archive, out string) error {
	m := newMeter(c, "repairing")
	defer m.stop()
	var o convert.RepairOptions
	o.Workers, o.DryRun = c.Int("workers"), c.Bool("dry-run")
	o.Progress = m.update
	o.Lost = func(p *format.Problem) { m.say("tpk: " + oneLine(inArchive(archive, p).Error())) }
	res, err := convert.Repair(c.Context, archive, out, o)
	if errors.Is(err, format.ErrVersion) {
		return &hinted{err, "use a newer tpk, or save what this one can read under another name: 'tpk repair ARCHIVE OUT.tar.gz'"}
	}
	if err != nil {
		return editError(archive, err)
	}
	if !res.Damaged && !res.Written && !o.DryRun && archive == out {
		a, err := tarpack.Open(context.Background(), archive, &tarpack.OpenOptions{RequireSidecar: true})
		if errors.Is(err, format.ErrStale) || errors.Is(err, format.ErrNoSidecar) {
			_, err = tarpack.Reindex(c.Context, archive, tarpack.ReindexOptions{Workers: o.Workers})
		} else if err == nil {
			err = a.Close()
		}
		if err != nil {
			return err
		}
	}
	m.stop()
	line := "nothing is wrong with it"
	if res.CutOff > 0 {
		line = bytesOf(res.CutOff) + " behind its end cut off"
		if o.DryRun {
			line = bytesOf(res.CutOff) + " behind its end would be cut off"
		}
	}
	if res.Damaged {
		line = fmt.Sprintf("%s entries saved, %s lost", humanize.Comma(res.Saved), humanize.Comma(res.Lost))
	}
	if _, err := fmt.Fprintf(c.App.Writer, "%s: %s\n", quoteName(archive), line); err != nil {
		return err
	}
	if res.Lost > 0 {
		return errSaid
	}
	return nil
}
