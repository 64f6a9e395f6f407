package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/cmd/tpk/help"
	"github.com/tarpack/tpk/cmd/tpk/reading"
	"github.com/tarpack/tpk/cmd/tpk/report"
	"github.com/tarpack/tpk/internal/count"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/cache"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/remote"
)

func infoCommand() *cli.Command {
	return &cli.Command{
		Name:      "info",
		Usage:     "print a summary of an archive",
		UsageText: "tpk info [--json] [--sha256] ARCHIVE",
		Description: help.Text(`
Prints the number of entries of each type, where a hard link is a file as well, bytes in (the size
of all files, including duplicates), bytes out (the size of archive and index), and the overhead per
entry: the bytes in archive and index that are not compressed content.

The SHA-256 is what sha256sum prints for the file ARCHIVE. All of the file has to be read for it, so
for an archive of more than 256 MiB or on a server, and for shard sets, info computes it only with
--sha256. The rest comes from the index at once. For a set, the SHA-256 of each shard is printed.

Of a tar or zip of another program, size and SHA-256 are those of the file. The index and the
overhead are those of the archive that it was converted into, whose size is printed as well.

The variants and the text index beside ARCHIVE are no part of the bytes out.

`+help.RemoteToo,
			"ARCHIVE, or an entry of it, can't be read",
			"tpk info site.tar.gz",
			"tpk info --json site.tar.gz | jq .duplicates",
			"tpk info --sha256 huge.tar.gz"),
		Flags: slices.Concat([]cli.Flag{
			flags.Switch("json", "print a JSON object"),
			flags.Switch("sha256", "compute the SHA-256 of an archive of any size"),
			flags.NoConvert(),
		}, flags.Trust(), flags.Remote()),
		Action: action(readArgument, runInfo),
	}
}

// A summary is what info prints. Sizes are in bytes.
type summary struct {
	Archive      string  `json:"archive"`
	Format       int     `json:"format"`
	Entries      uint64  `json:"entries"`
	Files        uint64  `json:"files"` // hard links included
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
	// EmbeddedBytes is how much of ArchiveBytes is the index in the archive, 0 if there is none.
	EmbeddedBytes uint64 `json:"embedded_bytes"`
	SHA256        string `json:"sha256,omitempty"` // of the archive, in hexadecimal
	FileSums      bool   `json:"file_sums"`        // the index has the SHA-256 of each file
	// ConvertedBytes is the size of the archive that the file was converted into, if it was. The index
	// and the overhead are of that.
	ConvertedBytes uint64 `json:"converted_bytes,omitempty"`

	Shards []shardSum `json:"shards,omitempty"` // of a set, if its sums were computed

	Variants *besideFile `json:"variants,omitempty"`
	Text     *besideFile `json:"text,omitempty"` // the text index

	beside bool // the index is beside the archive
}

// A shardSum is the SHA-256 of a shard.
type shardSum struct {
	Archive string `json:"archive"`
	SHA256  string `json:"sha256"`
}

// maxQuickSum is the size of the largest archive whose SHA-256 is computed unasked.
const maxQuickSum = 256 << 20

func runInfo(c *cli.Context, name string) (err error) {
	a, err := reading.Open(c, name)
	if err != nil {
		return err
	}
	defer reading.Close(a, &err)
	name = reading.NameOf(a, name)
	s := summarize(a.Archive)
	if a.Converted {
		if err := s.ofConverted(name); err != nil {
			return err
		}
	}
	if err := s.findBeside(a); err != nil {
		return err
	}
	if err := s.sum(c, name, a); err != nil {
		return report.In(name, err)
	}
	if c.Bool("json") {
		err = reading.NewJSONEncoder(c.App.Writer).Encode(s)
	} else {
		err = s.print(c.App.Writer)
	}
	if err == nil && a.Refused > 0 {
		err = report.ErrReported
	}
	return err
}

func summarize(a *tarpack.Archive) summary {
	index := a.Index()
	st := index.Stats()
	s := summary{
		Archive: a.Name(), Format: format.Version, Entries: uint64(index.Len()),
		Files: st.Files + st.Hardlinks, Directories: st.Dirs, Symlinks: st.Symlinks,
		Hardlinks:  st.Hardlinks,
		Duplicates: st.Duplicates, Special: st.Specials,
		BytesIn: st.FileBytes + st.LinkBytes, BytesLinked: st.LinkBytes,
		ArchiveBytes: uint64(a.Size()), IndexBytes: uint64(index.Size()),
		MemberBytes: st.MemberBytes,
		IndexDigest: fmt.Sprintf("%016x", index.Digest()), FileSums: index.HasSHA256(),
	}
	s.BytesOut = s.ArchiveBytes + s.IndexBytes
	if e, err := a.Embedded(); err == nil && e.Size == index.Size() {
		s.EmbeddedBytes = uint64(e.Length())
	}
	if a.IndexEmbedded() {
		s.BytesOut = s.ArchiveBytes
	}
	s.beside = !a.IndexEmbedded()
	if s.Entries > 0 {
		s.Overhead = float64(s.BytesOut-s.MemberBytes) / float64(s.Entries)
	}
	return s
}

// ofConverted puts the size of the file name, which was converted, in place of the archive's.
func (s *summary) ofConverted(name string) error {
	fi, err := os.Stat(name)
	if err != nil {
		return err
	}
	s.Archive = name
	s.ConvertedBytes, s.ArchiveBytes = s.ArchiveBytes, uint64(fi.Size())
	s.BytesOut = s.ArchiveBytes + s.IndexBytes
	return nil
}

// sum computes the SHA-256 of the file name, which is the archive or was converted into it, or of
// each shard.
func (s *summary) sum(c *cli.Context, name string, a *cache.Archive) (err error) {
	if a.Shards() > 0 {
		if !c.Bool("sha256") {
			return nil
		}
		return s.sumShards(c, a.Archive)
	}
	var src io.ReaderAt = a.Source()
	size := a.Size() + a.Unfinished()
	if a.Converted {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		fi, err := f.Stat()
		if err != nil {
			return err
		}
		src, size = f, fi.Size()
	}
	quick := size <= maxQuickSum && !remote.IsURL(a.Name())
	if quick && !c.IsSet("sha256") || c.Bool("sha256") {
		s.SHA256, err = sumOf(c, a.Archive, 0, src, 0, size)
	}
	return err
}

func (s *summary) sumShards(c *cli.Context, a *tarpack.Archive) error {
	for off := int64(0); off < a.Size(); {
		name, _, err := a.Shard(off)
		if err != nil {
			return err
		}
		// Shards follow each other, so the first offset that is in another one ends this one.
		size := int64(sort.Search(int(a.Size()-off), func(n int) bool {
			other, _, err := a.Shard(off + int64(n))
			return err != nil || other != name
		}))
		sum, err := sumOf(c, a, len(s.Shards), a.Source(), off, size)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		s.Shards = append(s.Shards, shardSum{filepath.Base(name), sum})
		off += size
	}
	return nil
}

// sumOf returns the SHA-256 of size bytes of r from off on, in hexadecimal. They are file i of an
// archive. If that must be signed, an error says that they are not what was.
func sumOf(
	c *cli.Context, a *tarpack.Archive, i int, r io.ReaderAt, off, size int64,
) (string, error) {
	sum, err := tarpack.HashRange(c.Context, r, off, size)
	if err == nil && a.Signed() != nil {
		err = a.Signed().Files[i].Check(sum)
	}
	return hex.EncodeToString(sum[:]), err
}

func (s summary) print(w io.Writer) error {
	number := func(n uint64) string { return report.Count(int64(n)) }
	size := func(n uint64) string { return count.Of(n, "byte", "bytes") }
	ratio := 0.0
	if s.BytesIn > 0 {
		ratio = 100 * float64(s.BytesOut) / float64(s.BytesIn)
	}
	converted := ""
	if s.ConvertedBytes > 0 {
		converted = "converted    into " + size(s.ConvertedBytes) + ", and the index is of that\n"
	}
	_, err := fmt.Fprintf(w, `archive      %s
format       tpk %d
entries      %s
  files      %s
  hard links %s of these files, of which duplicates: %s
  folders    %s
  symlinks   %s
  special    %s
bytes in     %s, of which %s in hard links
bytes out    %s, %.1f %% of those in
  archive    %s
  index      %s%s
%s%s%soverhead     %.1f bytes an entry
%s`, report.Quote(s.Archive), s.Format, number(s.Entries), number(s.Files),
		number(s.Hardlinks), number(s.Duplicates), number(s.Directories), number(s.Symlinks),
		number(s.Special),
		size(s.BytesIn), size(s.BytesLinked), size(s.BytesOut), ratio,
		size(s.ArchiveBytes), size(s.IndexBytes), s.embedded(), converted,
		s.Variants.line("variants     "), s.Text.line("text index   "), s.Overhead, s.sums())
	return err
}

// embedded returns where the index is, if it is in the archive.
func (s *summary) embedded() string {
	switch {
	case s.EmbeddedBytes == 0:
		return ""
	case s.beside:
		return ", beside the archive and in it"
	}
	return ", in the archive"
}

// sums returns the lines about SHA-256.
func (s *summary) sums() string {
	lines := s.archiveSums()
	if s.FileSums {
		lines += "file sums    SHA-256, in the index ('tpk ls --sha256' prints them)\n"
	}
	return lines
}

// archiveSums returns the lines about the SHA-256 of the archive or its shards.
func (s *summary) archiveSums() string {
	const title = "sha-256      "
	switch {
	case s.SHA256 != "":
		return title + s.SHA256 + "\n"
	case len(s.Shards) == 0:
		return title + "not computed (--sha256 does)\n"
	}
	var b strings.Builder
	for _, x := range s.Shards {
		b.WriteString(title + x.SHA256 + "  " + report.Quote(x.Archive) + "\n")
	}
	return b.String()
}
