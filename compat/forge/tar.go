package forge

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const block = 512

// Entry is one entry of a tar, not parsed.
type Entry struct {
	Header  []byte // its blocks, after those of a PAX header or GNU long names
	Content []byte
	File    bool // a regular file, which gets its own members
}

// ErrNoEntry is the error for a tar that cannot be divided into entries.
var ErrNoEntry = errors.New("cannot be cut into entries")

// Cut divides a tar into its entries, up to its two zero blocks or its end. A size in a PAX record
// takes precedence, as POSIX requires.
func Cut(archive []byte) ([]Entry, error) {
	var entries []Entry
	start, paxSize := 0, int64(-1)
	for at := 0; at+block <= len(archive); {
		b := archive[at : at+block]
		if bytes.Count(b, []byte{0}) == block {
			return entries, nil
		}
		size, err := number(b[124:136])
		if err != nil {
			return nil, err
		}
		at += block
		switch b[156] {
		case tar.TypeXHeader, tar.TypeXGlobalHeader, tar.TypeGNULongLink, tar.TypeGNULongName:
			if size < 0 || size > int64(len(archive)-at) {
				return nil, fmt.Errorf("%w: a header of %d bytes", ErrNoEntry, size)
			}
			if b[156] == tar.TypeXHeader {
				paxSize = sizeRecord(archive[at : at+int(size)])
			}
			at = min(at+int(size+block-1)/block*block, len(archive))
			continue
		}
		if paxSize >= 0 {
			size = paxSize
		}
		if !hasContent(b[156]) {
			size = 0
		}
		if size < 0 || size > int64(len(archive)-at) {
			return nil, fmt.Errorf("%w: a file of %d bytes", ErrNoEntry, size)
		}
		e := Entry{Header: archive[start:at], Content: archive[at : at+int(size)],
			File: b[156] == tar.TypeReg || b[156] == 0}
		entries = append(entries, e)
		at = min(at+int(size+block-1)/block*block, len(archive))
		start, paxSize = at, -1
	}
	return entries, nil
}

func hasContent(typeflag byte) bool {
	return !strings.ContainsRune("123456", rune(typeflag))
}

func sizeRecord(records []byte) int64 {
	for line := range strings.Lines(string(records)) {
		if _, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " size="); ok {
			if n, err := strconv.ParseInt(value, 10, 64); err == nil {
				return n
			}
		}
	}
	return -1
}

// number reads an octal or base-256 field.
func number(field []byte) (int64, error) {
	if field[0]&0x80 != 0 {
		x := int64(field[0] & 0x3f)
		for _, c := range field[1:] {
			x = x<<8 | int64(c)
		}
		if field[0]&0x40 != 0 {
			return -1, nil
		}
		return x, nil
	}
	s := strings.Trim(string(field), " \x00")
	if s == "" {
		return 0, nil
	}
	x, err := strconv.ParseInt(s, 8, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrNoEntry, err)
	}
	return x, nil
}

// Archive returns an archive of the entries: H, C and P for each regular file, and a G for each run
// of other entries. The digest goes into T.
func Archive(entries []Entry, digest uint64) []byte {
	var out, group []byte
	flush := func() {
		if len(group) > 0 {
			out = append(out, Member(group, nil)...)
			group = nil
		}
	}
	for _, e := range entries {
		if len(group)+len(e.Header) > 64<<10 {
			flush()
		}
		if !e.File && len(e.Content) == 0 {
			group = append(group, e.Header...)
			continue
		}
		flush()
		out = append(out, Member(e.Header, nil)...)
		if n := len(e.Content); n > 0 {
			out = append(out, Member(e.Content, nil)...)
			if pad := -n & (block - 1); pad > 0 {
				out = append(out, Zeros(pad, nil)...)
			}
		}
	}
	flush()
	return append(out, Trailer(uint64(len(entries)), uint64(len(out)), digest)...)
}
