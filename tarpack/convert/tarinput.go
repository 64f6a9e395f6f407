package convert

import (
	"archive/tar"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/tarpack/tpk/tarpack/format"
)

// A tarInput reads the entries of tars that follow each other, as GNU tar does with --ignore-zeros.
//
// It finds where headers are, and hands each one, with the extended headers before it, to
// archive/tar. That alone decides what a header means. Records of global extended headers, which
// archive/tar leaves to its caller, become records of the entry.
type tarInput struct {
	r      countingReader
	isOver func() (bool, error) // reports whether no tar follows; nil if one always may
	t      *tar.Reader          // reads the current entry
	block  [format.BlockSize]byte
	end    int64 // of the content of the current entry
	zeros  int   // zero blocks since the last entry
	junk   int64 // bytes behind the end of the tar that are no tar
	cut    bool  // the padding of the last entry is missing
	global []paxRecord
	meta   map[byte][]byte // extended headers of the next entry, by typeflag, as they are
}

// maxMeta is the largest extended header that archive/tar reads.
const maxMeta = 1 << 20

// A paxRecord is a record of an extended header.
type paxRecord struct{ key, value string }

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

func newTarInput(r io.Reader, isOver func() (bool, error)) *tarInput {
	return &tarInput{r: countingReader{r: r}, isOver: isOver, meta: map[byte][]byte{}}
}

func (t *tarInput) Read(b []byte) (int, error) { return t.t.Read(b) }

// next returns the header of the next entry, or io.EOF at the end of the input.
func (t *tarInput) next() (*tar.Header, error) {
	if err := t.skipContent(); err != nil {
		return nil, err
	}
	for {
		ok, err := t.readBlock()
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		switch flag := t.block[156]; flag {
		case tar.TypeXHeader, tar.TypeXGlobalHeader, tar.TypeGNULongName, tar.TypeGNULongLink:
			b, err := t.readMeta()
			if err != nil {
				return nil, err
			}
			if flag != tar.TypeXGlobalHeader {
				t.meta[flag] = b
			} else if err := t.setGlobal(b[format.BlockSize:]); err != nil {
				return nil, err
			}
		default:
			return t.entry()
		}
	}
}

// readBlock reads a block, and reports whether it is a header. Anything that is neither a header
// nor zeros is an error, except behind the end of a tar: there it must not be followed by a header.
func (t *tarInput) readBlock() (bool, error) {
	if t.isOver != nil && len(t.meta) == 0 {
		if over, err := t.isOver(); over || err != nil {
			return false, cmp.Or(err, io.EOF)
		}
	}
	n, err := io.ReadFull(&t.r, t.block[:])
	zero := len(bytes.TrimRight(t.block[:n], "\x00")) == 0
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF && (zero || t.zeros > 0):
		switch {
		case t.r.n < format.BlockSize:
			return false, io.ErrUnexpectedEOF
		case !zero:
			t.junk += int64(n)
		}
		return false, io.EOF
	case err != nil:
		return false, err
	case zero:
		clear(t.meta) // extended headers of nothing, as in GNU tar
		t.zeros++
		return false, nil
	case !isTarHeader(t.block[:]):
		if t.zeros == 0 {
			return false, tar.ErrHeader
		}
		t.junk += format.BlockSize
		return false, nil
	case t.junk > 0:
		return false, fmt.Errorf("%w: %d bytes before offset %d are no tar", tar.ErrHeader, t.junk,
			t.r.n-format.BlockSize)
	}
	if t.zeros > 1 {
		t.global = nil
	}
	t.zeros = 0
	return true, nil
}

// readMeta reads the extended header whose first block has been read.
func (t *tarInput) readMeta() ([]byte, error) {
	size, ok := tarNumber(t.block[124:136])
	switch {
	case !ok || size < 0:
		return nil, tar.ErrHeader
	case size > maxMeta:
		return nil, tar.ErrFieldTooLong
	}
	b := make([]byte, format.BlockSize+roundUp(size))
	copy(b, t.block[:])
	if _, err := io.ReadFull(&t.r, b[format.BlockSize:]); err != nil {
		return nil, noEOF(err)
	}
	return b[:format.BlockSize+size], nil
}

// setGlobal takes the records of a global extended header (POSIX pax, "pax Header Block").
func (t *tarInput) setGlobal(b []byte) error {
	records, ok := paxRecords(b)
	if !ok {
		return tar.ErrHeader
	}
	for _, r := range records {
		if r.key == "size" || strings.HasPrefix(r.key, "GNU.sparse.") {
			return fmt.Errorf("a global extended header with the record %q", r.key)
		}
		kept := t.global[:0:0]
		for _, g := range t.global {
			if g.key != r.key {
				kept = append(kept, g)
			}
		}
		if t.global = kept; r.value != "" {
			t.global = append(t.global, r)
		}
	}
	return nil
}

// entry hands the header in t.block to archive/tar, behind its extended headers.
func (t *tarInput) entry() (*tar.Header, error) {
	var head bytes.Buffer
	records := t.meta[tar.TypeXHeader]
	if len(records) > 0 {
		records = records[format.BlockSize:]
	}
	if len(t.global) > 0 || bytes.Contains(records, []byte("linkpath=")) {
		records = withGlobal(t.global, records)
	}
	if len(records) > 0 {
		head.Write(paxHeader(len(records)))
		writePadded(&head, records)
	}
	for _, flag := range []byte{tar.TypeGNULongName, tar.TypeGNULongLink} {
		writePadded(&head, t.meta[flag])
	}
	clear(t.meta)
	head.Write(t.block[:])
	start := t.r.n
	t.t = tar.NewReader(io.MultiReader(&head, &t.r))
	th, err := t.t.Next()
	if err != nil {
		return nil, noEOF(err)
	}
	if th.Typeflag == tar.TypeGNUSparse { // its map may go on behind the header
		start = t.r.n
	}
	size, ok := tarNumber(t.block[124:136])
	if s := th.PAXRecords["size"]; s != "" {
		size, err = strconv.ParseInt(s, 10, 64)
		ok = err == nil
	}
	switch th.Typeflag {
	case tar.TypeLink, tar.TypeSymlink, tar.TypeChar, tar.TypeBlock, tar.TypeDir, tar.TypeFifo:
		size = 0
	}
	if !ok || size < 0 || size > 1<<62 {
		return nil, tar.ErrHeader
	}
	t.end = start + size
	return th, nil
}

// skipContent reads to the end of the current entry. Only its padding may be missing.
func (t *tarInput) skipContent() error {
	if t.r.n > roundUp(t.end) {
		return tar.ErrHeader
	}
	if _, err := io.CopyN(io.Discard, &t.r, max(0, t.end-t.r.n)); err != nil {
		return noEOF(err)
	}
	_, err := io.CopyN(io.Discard, &t.r, roundUp(t.end)-t.r.n)
	if err == io.EOF {
		t.cut, err = true, nil
	}
	return err
}

// paxRecords parses the records of an extended header.
func paxRecords(b []byte) ([]paxRecord, bool) {
	var records []paxRecord
	for len(b) > 0 {
		length, _, ok := bytes.Cut(b, []byte(" "))
		n, err := strconv.Atoi(string(length))
		if !ok || err != nil || n <= len(length)+1 || n > len(b) || b[n-1] != '\n' {
			return nil, false
		}
		key, value, ok := strings.Cut(string(b[len(length)+1:n-1]), "=")
		if !ok || key == "" {
			return nil, false
		}
		records = append(records, paxRecord{key, value})
		b = b[n:]
	}
	return records, true
}

// withGlobal returns the records b of an entry behind the global ones, so that those of the entry
// count. A linkpath ends at a NUL, as in GNU tar. Invalid records are returned as they are, for
// archive/tar to refuse.
func withGlobal(global []paxRecord, b []byte) []byte {
	records, ok := paxRecords(b)
	if !ok {
		return b
	}
	var out []byte
	for _, r := range append(global[:len(global):len(global)], records...) {
		if r.key == "linkpath" {
			r.value, _, _ = strings.Cut(r.value, "\x00")
		}
		rest := " " + r.key + "=" + r.value + "\n"
		n := len(rest) + 1
		for n != len(rest)+len(strconv.Itoa(n)) {
			n = len(rest) + len(strconv.Itoa(n))
		}
		out = append(out, strconv.Itoa(n)+rest...)
	}
	return out
}

// paxHeader returns the header block of an extended header of the given size.
func paxHeader(size int) []byte {
	b := make([]byte, format.BlockSize)
	copy(b, "PaxHeader")
	copy(b[100:], fmt.Sprintf("%07o\x00%07o\x00%07o\x00%011o\x00%011o\x00", 0o644, 0, 0, size, 0))
	b[156] = tar.TypeXHeader
	copy(b[257:], "ustar\x0000")
	unsigned, _ := tarSums(b)
	copy(b[148:], fmt.Sprintf("%06o\x00 ", unsigned))
	return b
}

// writePadded writes b and zeros up to a full block.
func writePadded(w *bytes.Buffer, b []byte) {
	w.Write(b)
	w.Write(make([]byte, roundUp(int64(len(b)))-int64(len(b))))
}

func roundUp(n int64) int64 { return (n + format.BlockSize - 1) &^ (format.BlockSize - 1) }

// isTarHeader reports whether a block has the checksum of a tar header.
func isTarHeader(b []byte) bool {
	want, ok := tarNumber(b[148:156])
	unsigned, signed := tarSums(b)
	return ok && (want == unsigned || want == signed)
}

// tarSums returns the checksum of a header. Some old programs summed up signed bytes.
func tarSums(b []byte) (unsigned, signed int64) {
	for i, c := range b[:format.BlockSize] {
		if i >= 148 && i < 156 {
			c = ' '
		}
		unsigned += int64(c)
		signed += int64(int8(c))
	}
	return unsigned, signed
}

// tarNumber parses a numeric field: octal digits, or the base-256 of GNU tar if its top bit is set.
func tarNumber(b []byte) (int64, bool) {
	if b[0]&0x80 == 0 {
		s, _, _ := strings.Cut(strings.Trim(string(b), " \x00"), "\x00")
		if s == "" {
			return 0, true
		}
		n, err := strconv.ParseUint(s, 8, 63)
		return int64(n), err == nil
	}
	if b[0]&0x40 != 0 { // negative
		return -1, true
	}
	n := int64(b[0] & 0x3f)
	for _, c := range b[1:] {
		if n >= 1<<54 {
			return 0, false
		}
		n = n<<8 | int64(c)
	}
	return n, true
}
