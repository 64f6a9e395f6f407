package main

import (
	"bufio"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/cmd/tpk/terminal"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

type diffOptions struct {
	old, new string
	json     bool
}

func diffCommand() *cli.Command {
	return &cli.Command{
		Name:      "diff",
		Usage:     "compare two archives",
		UsageText: "tpk diff [--json] OLD NEW",
		Description: help.TextWithTrouble(`
Prints a line for each path that was added, changed or removed from OLD to NEW, sorted by path. For
a changed path, brackets list what has changed: type, content, mode, mtime, link, device.
Only the indexes are read: contents are the same if size and xxHash64 are.
Entries of a tar or zip of another program that can't be read have a message instead; then the exit
code is 2.

With --json, each line is an object with these members:
 change    added, changed or removed
 path      the path; path_base64 has its bytes if they are not UTF-8
 what      a list of what has changed
 old, new  type, size, mode, mtime and, for files, hash

OLD and NEW may be URLs, as for 'tpk ls'.`,
			"the archives differ",
			"wrong usage, or the archives can't be compared",
			"tpk diff monday.tar.gz tuesday.tar.gz",
			"tpk diff --json a.tar.gz b.tar.gz |",
			`  jq -r 'select(.change == "added").path'`),
		Flags: slices.Concat([]cli.Flag{
			flags.Switch("json", "print one JSON object per line"), flags.NoConvert(),
		}, flags.Remote()),
		Action: action(parseDiff, runDiff),
	}
}

func parseDiff(c *cli.Context) (*diffOptions, error) {
	args, err := flags.ManyArguments(c, 2, 2)
	if err != nil {
		return nil, err
	}
	return &diffOptions{old: args[0], new: args[1], json: c.Bool("json")}, nil
}

func runDiff(c *cli.Context, o *diffOptions) error {
	differ, err := compare(c, o)
	return report.Answer(!differ, err)
}

// compare prints the differences and reports whether there are any.
func compare(c *cli.Context, o *diffOptions) (differ bool, err error) {
	a, err := reading.OpenForAll(c, o.old)
	if err != nil {
		return false, err
	}
	defer reading.Close(a, &err)
	b, err := reading.OpenForAll(c, o.new)
	if err != nil {
		return false, report.WithHint(err, report.Hint(err)) // not that of the other archive
	}
	defer reading.Close(b, &err)
	w := bufio.NewWriterSize(c.App.Writer, 64<<10)
	encoder, quiet := reading.NewJSONEncoder(w), terminal.IsQuiet(c)
	unread := map[string]bool{} // it is not known whether they differ
	for _, path := range slices.Concat(a.RefusedPaths, b.RefusedPaths) {
		unread[path] = true
	}
	err = tarpack.Compare(c.Context, a.Archive, b.Archive, func(d tarpack.Difference) error {
		if unread[d.Path] && d.Kind != format.Changed {
			return nil
		}
		differ = true
		if quiet {
			return nil
		}
		if o.json {
			return encoder.Encode(newDiffLine(d))
		}
		line := d.Kind.String() + " " + report.Quote(d.Path)
		if len(d.What) > 0 {
			line += " (" + strings.Join(d.What, ", ") + ")"
		}
		_, err := fmt.Fprintln(w, line)
		return err
	})
	if err = errors.Join(err, w.Flush()); err == nil && a.Refused+b.Refused > 0 {
		err = report.ErrReported
	}
	return differ, err
}

// A diffLine is a line of diff --json. JSON is UTF-8: PathBase64 has a path that is not.
type diffLine struct {
	Change     string     `json:"change"`
	Path       string     `json:"path"`
	PathBase64 []byte     `json:"path_base64,omitempty"`
	What       []string   `json:"what,omitempty"`
	Old        *diffEntry `json:"old,omitempty"`
	New        *diffEntry `json:"new,omitempty"`
}

type diffEntry struct {
	Type  string `json:"type"`
	Size  int64  `json:"size"`
	Mode  string `json:"mode"`
	MTime string `json:"mtime"`
	Hash  string `json:"hash,omitempty"`
}

func newDiffLine(d tarpack.Difference) diffLine {
	return diffLine{
		Change: d.Kind.String(), What: d.What,
		Path: d.Path, PathBase64: reading.NotUTF8([]byte(d.Path)),
		Old: newDiffEntry(d.Old), New: newDiffEntry(d.New),
	}
}

// newDiffEntry returns nil for an entry that is in one archive only.
func newDiffEntry(e *sidecar.Entry) *diffEntry {
	if e == nil {
		return nil
	}
	x := &diffEntry{
		Type: e.Type.String(), Size: e.Size, Mode: fmt.Sprintf("%04o", e.Mode),
		MTime: time.Unix(e.ModTime, 0).UTC().Format(time.RFC3339),
	}
	if e.Type == sidecar.TypeFile || e.Type == sidecar.TypeHardlink {
		x.Hash = fmt.Sprintf("%016x", e.Hash)
	}
	return x
}
