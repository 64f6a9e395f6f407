package signature

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/tarpack/tpk/tarpack/format"
)

// Hash is a SHA-256.
type Hash = [sha256.Size]byte

// Sum is what is signed of an archive or of a shard set, a text (FORMAT.md 6.1):
//
//	# tpk sum 1
//	# size 5103402
//	# index 3a0f…
//	9b1c…  site.tar.gz
//
// sha256sum -c skips the lines that begin with # and reads the others.
type Sum struct {
	Size  int64 // of the archive, or of all shards, in bytes
	Index Hash  // of the header of the sidecar
	List  Hash  // of the list of a set; zero for an archive
	Files []File
}

// File is one of the files that are signed: the archive, or a shard.
type File struct {
	Name   string // without a directory
	SHA256 Hash
}

// Check returns an error that wraps ErrChanged unless sum is the SHA-256 that was signed.
func (f File) Check(sum Hash) error {
	if sum != f.SHA256 {
		return fmt.Errorf("%w: its SHA-256 is %x, not %x", ErrChanged, sum, f.SHA256)
	}
	return nil
}

// MaxArchiveSum is more bytes than the Sum of one archive can have.
const MaxArchiveSum = 4096

const (
	sumVersion = 1
	sumHead    = "# tpk sum "
	// maxSum is more bytes than a Sum of MaxShards files can have.
	maxSum = 512 + format.MaxShards*(2*sha256.Size+4+256)
)

// Append appends the text of the sum.
func (s *Sum) Append(dst []byte) []byte {
	dst = fmt.Appendf(dst, "%s%d\n# size %d\n# index %x\n", sumHead, sumVersion, s.Size, s.Index)
	if s.List != (Hash{}) {
		dst = fmt.Appendf(dst, "# list %x\n", s.List)
	}
	for _, f := range s.Files {
		dst = fmt.Appendf(dst, "%x  %s\n", f.SHA256, f.Name)
	}
	return dst
}

// Parse reads the text of a sum. There is only one text for each Sum, and it refuses any other. The
// error wraps ErrOtherArchive, or format.ErrVersion if the version is a later one.
func Parse(text []byte) (*Sum, error) {
	lines := strings.SplitAfter(string(text), "\n")
	version, ok := strings.CutPrefix(lines[0], sumHead)
	if n, err := strconv.Atoi(strings.TrimSuffix(version, "\n")); ok && err == nil && n > sumVersion {
		return nil, fmt.Errorf("%w: sum version %d, this tpk reads up to %d",
			format.ErrVersion, n, sumVersion)
	}
	s := &Sum{}
	for _, line := range lines[1:] {
		if !s.parseLine(strings.TrimSuffix(line, "\n")) {
			break
		}
	}
	if len(s.Files) == 0 || s.Size < format.EndSize || !bytes.Equal(s.Append(nil), text) {
		return nil, fmt.Errorf("%w: it is no list of checksums that tpk has written", ErrOtherArchive)
	}
	for _, f := range s.Files {
		if err := CheckName(f.Name); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrOtherArchive, err)
		}
	}
	return s, nil
}

// parseLine reads a line after the first one. Parse finds what it accepts wrongly.
func (s *Sum) parseLine(line string) bool {
	key, value, _ := strings.Cut(strings.TrimPrefix(line, "# "), " ")
	switch key {
	case "size":
		n, err := strconv.ParseInt(value, 10, 64)
		s.Size = n
		return err == nil
	case "index":
		return parseHash(&s.Index, value)
	case "list":
		return parseHash(&s.List, value)
	}
	f := File{Name: strings.TrimPrefix(value, " ")}
	ok := parseHash(&f.SHA256, key)
	if ok {
		s.Files = append(s.Files, f)
	}
	return ok
}

func parseHash(h *Hash, text string) bool {
	b, err := hex.DecodeString(text)
	return err == nil && copy(h[:], b) == len(h) && len(b) == len(h)
}

// CheckName returns an error if a name can't stand in a sum. sha256sum writes names with a
// backslash or a line break in another way, and programs differ about it.
func CheckName(name string) error {
	for _, c := range []byte(name) {
		if c < ' ' || c == 0x7f || c == '\\' || c == '/' {
			return fmt.Errorf("the name %q has a control character, a slash or a backslash", name)
		}
	}
	if name == "" || name == "." || name == ".." {
		return fmt.Errorf("%q is no name of a file", name)
	}
	return nil
}
