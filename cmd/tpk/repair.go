package main

import (
	"errors"
	"fmt"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/convert"
	"github.com/tarpack/tpk/tarpack/format"
)

type repairOptions struct {
	archive, out string // out is archive unless given
	repair       convert.RepairOptions
}

func repairCommand() *cli.Command {
	return &cli.Command{
		Name:      "repair",
		Usage:     "save the intact entries of a damaged archive",
		UsageText: "tpk repair [flags] ARCHIVE [OUT.tar.gz]",
		Description: help.Text(`
Writes a valid archive of all intact entries of ARCHIVE, in its place or to OUT.tar.gz. ARCHIVE may
be truncated or damaged anywhere. Prints a line for each entry that is lost, with its offset. With
the index, ARCHIVE.tpi, the paths of all lost entries are known, even if ARCHIVE is truncated.

Bytes that an interrupted append has left after the end of ARCHIVE are removed. Those of another
program, and a second archive, are kept: then only OUT.tar.gz can be written, which has the first
archive without them.

An archive of a newer format version is not replaced, but can be saved to OUT.tar.gz. If ARCHIVE is
intact, the index is rebuilt if necessary, and OUT.tar.gz is not written.

ARCHIVE may be a shard set, by any of its names. In its place only the damaged shards are written,
and all of them replace the old ones at once. A shard that is missing or empty is not written again;
to save what the others contain, name OUT.tar.gz.`,
			"an entry is lost or ARCHIVE can't be repaired",
			"tpk repair --dry-run site.tar.gz",
			"tpk repair site.tar.gz",
			"tpk repair damaged.tar.gz saved.tar.gz"),
		Flags:  []cli.Flag{flags.Workers(), flags.DryRun(), flags.Single(), flags.Progress()},
		Action: action(parseRepair, runRepair),
	}
}

func parseRepair(c *cli.Context) (*repairOptions, error) {
	args, err := flags.EditArguments(c, 1, 2)
	if err != nil {
		return nil, err
	}
	o := &repairOptions{archive: args[0], out: args[len(args)-1]}
	if len(args) == 2 {
		if err := flags.CheckArchiveName(c, o.out); err != nil {
			return nil, err
		}
	}
	o.repair.Workers, o.repair.DryRun = c.Int("workers"), c.Bool("dry-run")
	o.repair.Single = c.Bool("single")
	return o, nil
}

func runRepair(c *cli.Context, o *repairOptions) error {
	m := terminal.NewMeter(c, "repairing")
	defer m.Stop()
	o.repair.Progress = m.Update
	lost := lostEntries{print: func(p *format.Problem) {
		m.Print(report.Say(report.In(o.archive, p).Error()))
	}}
	o.repair.Lost = lost.add
	res, err := convert.Repair(c.Context, o.archive, o.out, o.repair)
	if !errors.Is(err, format.ErrNotArchive) {
		lost.flush()
	}
	if errors.Is(err, format.ErrVersion) {
		return report.WithHint(err,
			"use a newer tpk, or save what this one can read under another name:"+
				" 'tpk repair ARCHIVE OUT.tar.gz'")
	}
	if err != nil {
		switch {
		case o.out != o.archive:
			return report.NotRepaired(report.NewFile(o.out, err))
		case errors.Is(err, format.ErrShardMissing), errors.Is(err, format.ErrNotArchive) && isSet(o):
			return report.WithHint(err, report.HintShardMissing)
		}
		return report.NotRepaired(report.ChangedArchive(o.archive, err))
	}
	m.Stop()
	line := "nothing is wrong with it"
	if o.out != o.archive && !res.InPlace {
		line += ": " + report.Quote(o.out) + " was not written"
	}
	behind := behindLine(o, &res)
	if behind != "" {
		line = behind
	}
	if res.NoList {
		if !res.InPlace {
			return report.WithHint(fmt.Errorf("%s: its shards are sound, but not its list or index",
				o.archive), "'tpk index' writes them; nothing was saved")
		}
		line = "list and index rebuilt"
		if o.repair.DryRun {
			line = "list and index would be rebuilt"
		}
	}
	if res.Damaged {
		line = fmt.Sprintf("%s saved, %s lost",
			report.Entries(res.Saved), report.Count(res.Lost))
		if behind != "" {
			line += "; " + behind
		}
	}
	if _, err := fmt.Fprintf(c.App.Writer, "%s: %s\n", report.Quote(o.archive), line); err != nil {
		return err
	}
	if res.Lost > 0 {
		return report.ErrReported
	}
	return nil
}

// behindLine says what became of bytes behind the end of the archive. It returns "" if there are
// none.
func behindLine(o *repairOptions, res *convert.RepairResult) string {
	if res.CutOff == 0 {
		return ""
	}
	done, would := "cut off", "would be cut off"
	if !res.InPlace {
		done, would = "left out", "would be left out"
	}
	if o.repair.DryRun {
		done = would
	}
	line := report.Bytes(res.CutOff) + " behind its end " + done
	if what := res.Behind.What(); what != "" {
		line += ": " + what
	}
	if !res.InPlace && !o.repair.DryRun {
		line += "; " + report.Quote(o.archive) + " is unchanged"
	}
	return line
}

// isSet reports whether a shard set is repaired.
func isSet(o *repairOptions) bool {
	_, ok, err := tarpack.SetList(o.archive)
	return err == nil && ok && !o.repair.Single
}

// lostEntries prints what is lost. It keeps a first problem without a path back: if the file is not
// an archive, the problem is nothing but that.
type lostEntries struct {
	print func(*format.Problem)
	first *format.Problem
	some  bool
}

func (l *lostEntries) add(p *format.Problem) {
	if !l.some && l.first == nil && p.Path == "" {
		l.first = p
		return
	}
	l.flush()
	l.some = true
	l.print(p)
}

func (l *lostEntries) flush() {
	if l.first != nil {
		l.print(l.first)
		l.first, l.some = nil, true
	}
}
