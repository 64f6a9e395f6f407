package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
)

func diffCommand() *cli.Command {
	return &cli.Command{
		Name:      "diff",
		Usage:     "tell how two archives differ",
		UsageText: "tpk diff [--json] OLD NEW",
		Description: `Prints a line for each path that was added to OLD, changed or removed to make it NEW, in the order of paths, and in brackets what has
changed: type, content, mode, mtime, link, device. Reads the indexes alone: contents are the same if their size and xxHash64 are.

--json prints an object a line: change (added, changed or removed), path, what (a list), old and new, each with type, size, mode, mtime and, for files, hash.
A path that is not UTF-8 has path_base64 as well. Exits with 1 if there is a difference.` +
			examples("tpk diff monday.tar.gz tuesday.tar.gz", "tpk diff --json a.tar.gz b.tar.gz | jq -r 'select(.change == \"added\").path'"),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", DisableDefaultText: true, Usage: "print an object a line"},
		},
		Action: func(c *cli.Context) error {
			args, err := readArguments(c, 2, 2)
			if err != nil {
				return err
			}
			return runDiff(c, args[0], args[1])
		},
	}
}

func runDiff(c *cli.Context, from, to string) error {
	a, err := openArchive(c, from)
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := openArchive(c, to)
	if err != nil {
		return err
	}
	defer b.Close()
	w := bufio.NewWriterSize(c.App.Writer, 64<<10)
	differ := false
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	err = tarpack.Compare(c.Context, a, b, func(d tarpack.Difference) error {
		differ = true
		if c.Bool("json") {
			return enc.Encode(newDiffLine(d))
		}
		line := d.Kind.String() + " " + quoteName(d.Path)
		if len(d.What) > 0 {
			line += " (" + strings.Join(d.What, ", ") + ")"
		}
		_, err := fmt.Fprintln(w, line)
		return err
	})
	if err := errors.Join(err, w.Flush()); err != nil {
		return err
	}
	if differ {
		return errSaid
	}
	return nil
}

// A diffLine is a line of diff --json.
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
	line := diffLine{Change: d.Kind.String(), Path: d.Path, What: d.What, Old: newDiffEntry(d.Old), New: newDiffEntry(d.New)}
	if !utf8.ValidString(d.Path) {
		line.PathBase64 = []byte(d.Path)
	}
	return line
}

func newDiffEntry(e *sidecar.Entry) *diffEntry {
	if e == nil {
		return nil
	}
	x := &diffEntry{
		Type: e.Type.String(), Size: e.Size, Mode: fmt.Sprintf("%04o", e.Mode), MTime: time.Unix(e.ModTime, 0).UTC().Format(time.RFC3339),
	}
	if e.Type == sidecar.TypeFile || e.Type == sidecar.TypeHardlink {
		x.Hash = fmt.Sprintf("%016x", e.Hash)
	}
	return x
}
