// Package editing runs the commands that change an archive: update, add, rm, compact and merge.
package editing

import (
	"errors"
	"fmt"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/tarpack/edit"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/siblings"
)

// Safely is a paragraph for the help of every command that changes an archive.
const Safely = `The new archive replaces the old one once it is complete and safely on disk. Until
then the old one is unchanged, and programs that have it open keep reading it. Unchanged files are
copied, not compressed again.

ARCHIVE may be a shard set: by the name that it was packed under, its first shard or its list, or by
a glob of its shards. Then only the shards that change are written, and all of them replace the old
ones at once. With --single, ARCHIVE is one shard, which is changed alone; 'tpk index' brings its
set up to date.`

// Options are the options that all commands share that change an archive.
type Options struct {
	DryRun   bool
	Notice   func(error)
	Progress func(format.Progress)
	Change   func(kind format.ChangeKind, path string)
}

// An Edit is one run of a command that changes an archive.
type Edit struct {
	Archive string
	Verb    string // "updating"
	New     bool   // there is no archive yet
	// Siblings, if set, has what becomes variants.
	Siblings *siblings.Set
	// Change changes the archive.
	Change func(Options) (edit.Result, error)
	// Ignored, if set, returns the message about n paths that were ignored.
	Ignored func(n int64) string
}

// Run changes the archive, and brings its variants up to date. It shows progress, and prints what a
// dry run finds.
func (e *Edit) Run(c *cli.Context) error {
	if c.Bool("single") { // variants are those of the whole set
		return e.change(c)
	}
	if err := CheckVariants(e.Archive); err != nil {
		return err
	}
	if err := e.change(c); err != nil || c.Bool("dry-run") {
		return err
	}
	return refreshVariants(c, e.Archive, e.Siblings)
}

// change is Run without the variants.
func (e *Edit) change(c *cli.Context) error {
	m := terminal.NewMeter(c, e.Verb)
	defer m.Stop()
	o := Options{Notice: m.Notice, Progress: m.Update}
	var printErr error
	asJSON, encoder := c.Bool("json"), reading.NewJSONEncoder(c.App.Writer)
	if o.DryRun = c.Bool("dry-run"); o.DryRun {
		o.Change = func(kind format.ChangeKind, path string) {
			switch {
			case printErr != nil:
			case asJSON:
				line := changeLine{kind.String(), path, reading.NotUTF8([]byte(path))}
				printErr = encoder.Encode(line)
			default:
				_, printErr = fmt.Fprintf(c.App.Writer, "%s %s\n", kind, report.Quote(path))
			}
		}
	}
	res, err := e.Change(o)
	m.Stop()
	if err == nil {
		err = printErr
	}
	if err != nil {
		switch {
		case errors.Is(err, format.ErrNotOneSet):
			return report.WithHint(err,
				"to use one of the archives alone, give it another name, or change it with --single")
		case errors.Is(err, format.ErrShardMissing):
			return report.WithHint(err, "restore the set, or change one shard alone with --single")
		case errors.Is(err, format.ErrShardPlace):
			return report.WithHint(err, report.HintShardPlace)
		case errors.Is(err, format.ErrShard):
			return report.WithHint(err, "restore the right shard, run 'tpk index' if the shards are"+
				" right as they are, or change one shard alone with --single")
		}
		if e.New {
			return report.NewFile(e.Archive, err)
		}
		return report.ChangedArchive(e.Archive, err)
	}
	if res.Ignored > 0 && e.Ignored != nil {
		m.Remark(report.Say(e.Ignored(res.Ignored)))
	}
	if asJSON {
		return encoder.Encode(resultLine{
			res.Added, res.Changed, res.Removed, res.Kept, res.Ignored, res.Written, res.ArchiveBytes,
		})
	}
	if o.DryRun {
		_, err := fmt.Fprintf(c.App.Writer, "%d added, %d changed, %d removed, %d kept\n",
			res.Added, res.Changed, res.Removed, res.Kept)
		return err
	}
	if !res.Written {
		m.Summarize("%s: nothing to change", report.Quote(e.Archive))
		return nil
	}
	m.Summarize("%s: %s added, %s changed, %s removed, %s kept: %s", report.Quote(e.Archive),
		report.Count(res.Added), report.Count(res.Changed), report.Count(res.Removed),
		report.Count(res.Kept), report.Bytes(res.ArchiveBytes))
	return nil
}

// A changeLine is a line of --json for one path. PathBase64 has a path that is not UTF-8.
type changeLine struct {
	Change     string `json:"change"`
	Path       string `json:"path"`
	PathBase64 []byte `json:"path_base64,omitempty"`
}

// A resultLine is the last line of --json.
type resultLine struct {
	Added        int64 `json:"added"`
	Changed      int64 `json:"changed"`
	Removed      int64 `json:"removed"`
	Kept         int64 `json:"kept"`
	Ignored      int64 `json:"ignored"`
	Written      bool  `json:"written"`
	ArchiveBytes int64 `json:"archive_bytes"` // 0 unless it was written
}
