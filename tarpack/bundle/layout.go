package bundle

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/tarpack/format"
)

// Version is the version of bundles that this package writes, and the newest that it reads.
const Version = 1

// Lengths in bytes, and limits.
const (
	footerSize   = 64
	maxDirectory = 64 << 10
	maxName      = 255
	maxSuffix    = 32
	partAlign    = 64 << 10 // pages that are mapped have up to 64 KiB
)

// magic is how a footer begins.
const magic = "TPKBUNDL"

var (
	// ErrNone means that a file is not a bundle.
	ErrNone = errors.New("no archive is bundled with it")
	// ErrDamaged means that a bundle was cut, changed or added to.
	ErrDamaged = errors.New("the bundle is damaged")
	// ErrVersion means that a newer tpk has made the bundle.
	ErrVersion = fmt.Errorf("%w: a newer tpk has made the bundle", format.ErrVersion)
)

// footer is the end of a bundle.
type footer struct {
	directory uint64 // length, in bytes
	payload   uint64 // bytes from the end of the program to the end of the footer
	hash      uint64 // of the directory
}

// append appends the footer to b.
func (f footer) append(b []byte) []byte {
	start := len(b)
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint64(b, Version)
	b = binary.LittleEndian.AppendUint64(b, f.directory)
	b = binary.LittleEndian.AppendUint64(b, f.payload)
	b = append(b, make([]byte, 16)...)
	b = binary.LittleEndian.AppendUint64(b, f.hash)
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b[start:]))
}

// parseFooter reads a footer. end is its end in the file. The error is ErrNone if b is not one.
func parseFooter(b []byte, end int64) (f footer, err error) {
	if string(b[:len(magic)]) != magic {
		return f, ErrNone
	}
	if binary.LittleEndian.Uint64(b[56:]) != xxhash.Sum64(b[:56]) {
		return f, fmt.Errorf("%w: its footer does not have its hash", ErrDamaged)
	}
	if v := binary.LittleEndian.Uint64(b[8:]); v != Version {
		return f, fmt.Errorf("%w: version %d", ErrVersion, v)
	}
	f.directory = binary.LittleEndian.Uint64(b[16:])
	f.payload = binary.LittleEndian.Uint64(b[24:])
	f.hash = binary.LittleEndian.Uint64(b[48:])
	if f.directory > maxDirectory || f.payload > uint64(end) || f.payload < f.directory+footerSize {
		return f, fmt.Errorf("%w: %d bytes are there, and the footer has %d: it was cut short",
			ErrDamaged, end, f.payload)
	}
	return f, nil
}

// directory is what is in a bundle.
type directory struct {
	Archive string `json:"archive"` // the name that it had, without a directory
	Files   []part `json:"files"`   // the archive first
}

// part is a file in a bundle.
type part struct {
	Suffix string `json:"suffix"` // of its name, after that of the archive
	Back   int64  `json:"back"`   // from its first byte to the end of the footer, in bytes
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// parseDirectory reads a directory that f describes.
func parseDirectory(b []byte, f footer) (*directory, error) {
	if xxhash.Sum64(b) != f.hash {
		return nil, fmt.Errorf("%w: its directory does not have its hash", ErrDamaged)
	}
	d := new(directory)
	if err := json.Unmarshal(b, d); err != nil {
		return nil, fmt.Errorf("%w: its directory: %w", ErrDamaged, err)
	}
	if err := d.check(f); err != nil {
		return nil, fmt.Errorf("%w: its directory: %w", ErrDamaged, err)
	}
	return d, nil
}

// check returns an error unless all files are where files can be, and have possible names.
func (d *directory) check(f footer) error {
	if err := checkName(d.Archive); err != nil {
		return err
	}
	if len(d.Files) == 0 || d.Files[0].Suffix != "" {
		return errors.New("the archive is missing")
	}
	seen := map[string]bool{}
	behind := int64(f.directory + footerSize)
	for _, p := range d.Files {
		switch sum, err := hex.DecodeString(p.SHA256); {
		case seen[p.Suffix]:
			return fmt.Errorf("it has two files %q", p.Suffix)
		case len(p.Suffix) > maxSuffix || strings.ContainsAny(p.Suffix, "/\\\x00"):
			return fmt.Errorf("impossible suffix %q", p.Suffix)
		case p.Back < behind || p.Back > int64(f.payload) || p.Size < 0 || p.Size > p.Back-behind:
			return fmt.Errorf("file %q of %d bytes at %d", p.Suffix, p.Size, p.Back)
		case err != nil || len(sum) != 32:
			return fmt.Errorf("file %q has no SHA-256", p.Suffix)
		}
		seen[p.Suffix] = true
	}
	return nil
}

// checkName returns an error unless an archive can have this name.
func checkName(name string) error {
	bad := func(r rune) bool { return r < ' ' || r == 0x7f || r == '/' || r == '\\' }
	if name == "" || len(name) > maxName || name == "." || name == ".." ||
		strings.ContainsFunc(name, bad) {
		return fmt.Errorf("impossible name %q", name)
	}
	return nil
}

// encode returns the directory and the footer. Behind them nothing follows.
func (d *directory) encode(payload int64) ([]byte, error) {
	b, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	f := footer{directory: uint64(len(b)), payload: uint64(payload), hash: xxhash.Sum64(b)}
	return f.append(b), nil
}
