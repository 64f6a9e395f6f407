package main

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

func infoCommand() *cli.Command {
	return &cli.Command{
		Name:      "info",
		Usage:     "print a summary of an archive",
		UsageText: "tpk info [--json] ARCHIVE",
		Description: help.Text(`
Prints the number of entries of each type, where a hard link is a file as well (in JSON, files are
those without hard links), bytes in (the size of all files, including duplicates),
bytes out (the size of archive and index), and the overhead per entry: the bytes in archive and
index that are not compressed content.`,
			"ARCHIVE can't be read",
			"tpk info site.tar.gz",
			"tpk info --json site.tar.gz | jq .duplicates"),
		Flags:  []cli.Flag{flags.Switch("json", "print a JSON object"), flags.NoConvert()},
		Action: action(readArgument, runInfo),
	}
}

// A summary is what info prints. Sizes are in bytes.
type summary struct {
	Archive      string  `json:"archive"`
	Format       int     `json:"format"`
	Entries      uint64  `json:"entries"`
	Files        uint64  `json:"files"`
	Directories  uint64  `json:"directories"`
	Symlinks     uint64  `json:"symlinks"`
	Hardlinks    uint64  `json:"hardlinks"`  // duplicates included
	Duplicates   uint64  `json:"duplicates"` // equal files that pack made hard links
	Special      uint64  `json:"special"`    // FIFOs and devices
	BytesIn      uint64  `json:"bytes_in"`   // of all files and hard links
	BytesLinked  uint64  `json:"bytes_linked"`
	BytesOut     uint64  `json:"bytes_out"` // archive and index
	ArchiveBytes uint64  `json:"archive_bytes"`
	IndexBytes   uint64  `json:"index_bytes"`
	MemberBytes  uint64  `json:"member_bytes"` // the compressed contents alone
	Overhead     float64 `json:"overhead"`     // bytes per entry, not counting members
	IndexDigest  string  `json:"index_digest"`
}

func runInfo(c *cli.Context, name string) error {
	a, err := reading.Open(c, name)
	if err != nil {
		return err
	}
	defer a.Close()
	s := summarize(a.Archive)
	if c.Bool("json") {
		return reading.NewJSONEncoder(c.App.Writer).Encode(s)
	}
	return s.print(c.App.Writer)
}

func summarize(a *tarpack.Archive) summary {
	index := a.Index()
	st := index.Stats()
	s := summary{
		Archive: a.Name(), Format: format.Version, Entries: uint64(index.Len()),
		Files: st.Files, Directories: st.Dirs, Symlinks: st.Symlinks, Hardlinks: st.Hardlinks,
		Duplicates: st.Duplicates, Special: st.Specials,
		BytesIn: st.FileBytes + st.LinkBytes, BytesLinked: st.LinkBytes,
		ArchiveBytes: uint64(a.Size()), IndexBytes: uint64(index.Size()),
		MemberBytes: st.MemberBytes,
		IndexDigest: fmt.Sprintf("%016x", index.Digest()),
	}
	s.BytesOut = s.ArchiveBytes + s.IndexBytes
	if s.Entries > 0 {
		s.Overhead = float64(s.BytesOut-s.MemberBytes) / float64(s.Entries)
	}
	return s
}

func (s summary) print(w io.Writer) error {
	count := func(n uint64) string { return report.Count(int64(n)) }
	size := func(n uint64) string { return count(n) + " bytes" }
	ratio := 0.0
	if s.BytesIn > 0 {
		ratio = 100 * float64(s.BytesOut) / float64(s.BytesIn)
	}
	_, err := fmt.Fprintf(w, `archive      %s
format       tpk %d
entries      %s
  files      %s
  hard links %s of these files, of which %s are duplicates
  folders    %s
  symlinks   %s
  special    %s
bytes in     %s, of which %s in hard links
bytes out    %s, %.1f %% of those in
  archive    %s
  index      %s
overhead     %.1f bytes an entry
`, report.Quote(s.Archive), s.Format, count(s.Entries), count(s.Files+s.Hardlinks),
		count(s.Hardlinks), count(s.Duplicates), count(s.Directories), count(s.Symlinks),
		count(s.Special),
		size(s.BytesIn), size(s.BytesLinked), size(s.BytesOut), ratio,
		size(s.ArchiveBytes), size(s.IndexBytes), s.Overhead)
	return err
}
