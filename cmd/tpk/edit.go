package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/tarpack"
)

// safely is what the help of every command that changes an archive says.
const safely = ` The new archive takes the place of the old one when it is complete and safely on disk;
until then the old one stays as it is, and who reads it goes on reading it. What has not changed is copied, not compressed again.`

// dryRunFlag is a flag of every command that changes an archive.
func dryRunFlag() cli.Flag {
	return &cli.BoolFlag{Name: "dry-run", DisableDefaultText: true, Usage: "change nothing, print what would change"}
}

// An editor runs a command that changes an archive.
type editor struct {
	archive string
	verb    string // "updating"
	o       tarpack.EditOptions
	run     func(tarpack.EditOptions) (tarpack.EditResult, error)
	// ignored, if set, says what it means that so many were ignored.
	ignored func(n int64) string
}

// run carries the command out, shows its progress, and prints what a dry run finds.
func (e *editor) edit(c *cli.Context) error {
	m := newMeter(c, e.verb)
	defer m.stop()
	e.o.Notice = m.notice
	e.o.Progress = m.update
	var printErr error
	if e.o.DryRun = c.Bool("dry-run"); e.o.DryRun {
		e.o.Change = func(kind tarpack.ChangeKind, path string) {
			if printErr == nil {
				_, printErr = fmt.Fprintf(c.App.Writer, "%s %s\n", kind, quoteName(path))
			}
		}
	}
	res, err := e.run(e.o)
	m.stop()
	if err = errors.Join(err, printErr); err != nil {
		return editError(e.archive, err)
	}
	if res.Ignored > 0 && e.ignored != nil {
		m.say("tpk: " + e.ignored(res.Ignored))
	}
	if e.o.DryRun {
		return printChanges(c.App.Writer, res.Changes)
	}
	if !res.Written {
		m.sum("%s: nothing to change", quoteName(e.archive))
		return nil
	}
	m.sum("%s: %s added, %s changed, %s removed, %s kept: %s", quoteName(e.archive), humanize.Comma(res.Added), humanize.Comma(res.Changed),
		humanize.Comma(res.Removed), humanize.Comma(res.Kept), bytesOf(res.ArchiveBytes))
	return nil
}

func printChanges(w io.Writer, c tarpack.Changes) error {
	_, err := fmt.Fprintf(w, "%d added, %d changed, %d removed, %d kept\n", c.Added, c.Changed, c.Removed, c.Kept)
	return err
}

// editError says what is left behind.
func editError(archive string, err error) error {
	var stop stopped
	if errors.As(err, &stop) {
		return &hinted{fmt.Errorf("%s: %w", archive, err), "it is as it was"}
	}
	return ofTemporary(archive, err)
}
