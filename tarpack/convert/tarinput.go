package convert

import (
	"archive/tar"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/tarpack/tpk/tarpack/format"
)

// A tarInput reads the entries of tars that follow each other, as GNU tar does with --ignore-zeros.
//
// It finds where headers are, and hands each one, with the extended headers before it, to
// archive/tar. That alone decides what a header means. Records of global extended headers, which
// archive/tar leaves to its caller, become records of the entry.
type tarInput struct {
	r      countingReader
	isOver overFunc    // reports whether no tar follows
	t      *tar.Reader // reads the current entry
	block  [format.BlockSize]byte
	ahead  bool  // block has been read already
	end    int64 // of the content of the current entry
	zeros  int   // zero blocks since the last entry
	junk   junk  // bytes behind the end of the tar that are no tar
	cut    bool  // the padding of the last entry is missing
	bad    badBlocks
	found  bool // a header was found
	global []paxRecord
	meta   map[byte][]byte // extended headers of the next entry, by typeflag, as they are

	// What is wrong with the records of extended headers: of the current entry, and of global ones
	// since the caller has looked.
	lostPax    []string
	lostGlobal []error

	some bool       // an entry was read
	at   int64      // of the header of the current entry
	name string     // of the current entry
	lost []tarField // numbers of the current entry that can't be read
}

// badBlocks are a damaged header and what follows it, up to the next header or the end of the
// input. GNU tar skips the same.
type badBlocks struct {
	at, size int64 // size is 0 if there is no damage
	// lostMeta means that the damaged header was an extended one. Without it, the next entry may have
	// another name.
	lostMeta bool
	report   func(at, size int64) // receives them when their end is known
}

// An overFunc reports whether the input goes on with something else than a tar. zeros is the number
// of zero blocks since the last entry.
type overFunc func(zeros int) (bool, error)

// maxMeta is the largest extended header.
const maxMeta = 16 << 20

// typeSolaris is the typeflag of the extended headers of Solaris, which have the form of POSIX's.
const typeSolaris = 'X'

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

// newTarInput returns the tars in r. damaged receives the offset of each damaged header, and the
// size of what is left out because of it.
func newTarInput(r io.Reader, isOver overFunc, damaged func(at, size int64)) *tarInput {
	return &tarInput{r: countingReader{r: r}, isOver: isOver, meta: map[byte][]byte{},
		bad: badBlocks{report: damaged}}
}

func (t *tarInput) Read(b []byte) (int, error) {
	n, err := t.t.Read(b)
	if err == io.ErrUnexpectedEOF {
		err = t.errCut()
	}
	return n, err
}

// errCut returns the error of an input that ends in the content of the current entry.
func (t *tarInput) errCut() error {
	return fmt.Errorf("%w: it ends in the content of %s, whose header is at offset %d",
		ErrInputTruncated, format.Printable(t.name), t.at)
}

// next returns the header of the next entry, or io.EOF at the end of the input. After it,
// t.bad.lostMeta means that an extended header of the entry is damaged.
func (t *tarInput) next() (*tar.Header, error) {
	t.bad.lostMeta = false
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
		case tar.TypeXHeader, typeSolaris, tar.TypeXGlobalHeader, tar.TypeGNULongName,
			tar.TypeGNULongLink:
			b, err := t.readMeta()
			if err != nil {
				return nil, err
			}
			if flag == typeSolaris {
				flag = tar.TypeXHeader
			}
			if flag != tar.TypeXGlobalHeader {
				t.meta[flag] = b
			} else if err := t.setGlobal(b[format.BlockSize:]); err != nil {
				return nil, err
			}
		default:
			if th, err := t.entry(); !errors.Is(err, errBadEntry) {
				return th, err
			}
		}
	}
}

// readBlock reads a block, and reports whether it is a header. What is neither a header nor zeros
// is a damaged header. Behind the end of a tar it is junk, unless it has the form of a header. Junk
// must not hold an archive other than a tar that goes on at a block.
func (t *tarInput) readBlock() (bool, error) {
	n, err := format.BlockSize, error(nil)
	if t.ahead {
		t.ahead = false
	} else {
		if len(t.meta) == 0 {
			over, err := t.isOver(t.zeros)
			switch {
			case err != nil:
				return false, err
			case over && t.bad.size > 0:
				return t.readBad(0, io.EOF)
			case over:
				return false, io.EOF
			}
		}
		n, err = io.ReadFull(&t.r, t.block[:])
	}
	if t.bad.size > 0 {
		return t.readBad(n, err)
	}
	zero := len(bytes.TrimRight(t.block[:n], "\x00")) == 0
	switch {
	case err != nil && t.r.n < format.BlockSize && (err == io.EOF || err == io.ErrUnexpectedEOF):
		return false, errNoTar
	case len(t.meta) > 0 && (err == io.EOF || err == io.ErrUnexpectedEOF):
		return false, io.ErrUnexpectedEOF // the entry of an extended header is missing
	case err == io.EOF || err == io.ErrUnexpectedEOF && (zero || t.zeros > 0):
		if !zero {
			t.junk.add(t.block[:n])
		}
		return false, cmp.Or(t.junk.check(), io.EOF)
	case err != nil:
		return false, err
	case t.junk.size > 0 && t.isHeader(): // as in GNU tar, which skips to the next header
		t.bad.report(t.r.n-format.BlockSize-t.junk.size, t.junk.size)
		t.junk = junk{}
	case t.junk.size > 0:
		t.junk.add(t.block[:])
		return false, t.junk.check()
	case zero:
		clear(t.meta) // extended headers of nothing, as in GNU tar
		t.zeros++
		return false, nil
	case !t.isHeader():
		if t.zeros == 0 || seemsTarHeader(t.block[:]) {
			return false, t.beginBad()
		}
		t.junk.add(t.block[:])
		return false, t.junk.check()
	}
	if t.zeros > 1 {
		t.global = nil
	}
	t.zeros, t.found = 0, true
	return true, nil
}

// isHeader reports whether the block is a header that can be read.
func (t *tarInput) isHeader() bool { return isTarHeader(t.block[:]) && hasTarSize(t.block[:]) }

// beginBad begins to leave out blocks at a damaged header, which was read last.
func (t *tarInput) beginBad() error {
	if !t.found && !seemsTarHeader(t.block[:]) && !isTarHeader(t.block[:]) {
		return t.errHeader()
	}
	t.bad.at, t.bad.size = t.r.n-format.BlockSize, format.BlockSize
	t.zeros = 0 // nothing of another format follows before a header
	switch t.block[156] {
	case tar.TypeXHeader, typeSolaris, tar.TypeGNULongName, tar.TypeGNULongLink:
		t.bad.lostMeta = true
	}
	clear(t.meta)
	return nil
}

// readBad goes on with n bytes that were read with err. It ends at a header, or at the end of the
// input.
func (t *tarInput) readBad(n int, err error) (bool, error) {
	isHeader := err == nil && t.isHeader()
	switch {
	case err == nil && !isHeader, err == io.ErrUnexpectedEOF:
		t.bad.size += int64(n)
		return false, nil
	case err != nil && err != io.EOF:
		return false, err
	case !isHeader && !t.found:
		return false, fmt.Errorf("%w at offset %d", ErrHeaderDamaged, t.bad.at)
	}
	t.found = true
	t.bad.report(t.bad.at, t.bad.size)
	t.bad.size = 0
	return isHeader, err
}

// errNoTar: the data is not a tar.
var errNoTar = errors.New("its content is not a tar")

// errHeader returns the error of the header that was read last.
func (t *tarInput) errHeader() error {
	if t.r.n <= format.BlockSize {
		return errNoTar
	}
	return fmt.Errorf("%w at offset %d", ErrHeaderDamaged, t.r.n-format.BlockSize)
}

// readMeta reads the extended header whose first block has been read.
func (t *tarInput) readMeta() ([]byte, error) {
	size, ok := tarNumber(t.block[124:136])
	switch {
	case !ok || size < 0:
		return nil, t.errHeader()
	case size > maxMeta:
		return nil, fmt.Errorf("an extended header of %d bytes, over the limit of %d", size, maxMeta)
	}
	b := make([]byte, format.BlockSize+roundUp(size))
	copy(b, t.block[:])
	if _, err := io.ReadFull(&t.r, b[format.BlockSize:]); err != nil {
		return nil, noEOF(err)
	}
	return b[:format.BlockSize+size], nil
}

// errBadEntry: an entry can't be read, and is left out.
var errBadEntry = errors.New("a bad entry")

// entry hands the header in t.block to archive/tar, behind its extended headers. After
// errBadEntry, the input goes on behind the content.
func (t *tarInput) entry() (*tar.Header, error) {
	var head bytes.Buffer
	records := t.meta[tar.TypeXHeader]
	if len(records) > 0 {
		records = records[format.BlockSize:]
	}
	own, lost := paxRecords(records)
	t.lostPax = lost
	records = encodePax(slices.Concat(t.global, own)) // those of the entry count
	if len(records) > 0 {
		head.Write(paxHeader(len(records)))
		writePadded(&head, records)
	}
	for _, flag := range []byte{tar.TypeGNULongName, tar.TypeGNULongLink} {
		writePadded(&head, t.meta[flag])
	}
	clear(t.meta)
	t.lost = mendNumbers(t.block[:])
	head.Write(t.block[:])
	start := t.r.n
	t.at, t.name = start-format.BlockSize, "an entry"
	t.t = tar.NewReader(io.MultiReader(&head, &t.r))
	th, err := t.t.Next()
	switch {
	case errors.Is(err, tar.ErrHeader) || errors.Is(err, tar.ErrFieldTooLong):
		return nil, t.skipEntry(start)
	case err != nil:
		return nil, noEOF(err)
	}
	if th.Typeflag == tar.TypeGNUSparse { // its map may go on behind the header
		start = t.r.n
	}
	t.name, t.some = th.Name, true
	if t.end, err = t.contentEnd(th, start); err != nil {
		return nil, err
	}
	return th, nil
}

// skipEntry begins to leave out an entry at its header, which archive/tar can't read, and goes to
// the end of its content, which begins at start.
func (t *tarInput) skipEntry(start int64) error {
	size, _ := tarNumber(t.block[124:136])
	switch t.block[156] {
	case tar.TypeLink, tar.TypeSymlink, tar.TypeChar, tar.TypeBlock, tar.TypeDir, tar.TypeFifo:
		size = 0
	}
	if size > 1<<62 {
		return t.errHeader()
	}
	t.end = max(start+size, t.r.n) // archive/tar may have read a part of it
	if err := t.skipContent(); err != nil {
		return err
	}
	t.bad.at, t.bad.size = t.at, t.r.n-t.at
	t.found = t.some // without any entry, the tar is refused
	return errBadEntry
}

// contentEnd returns where the content of an entry ends that begins at start.
func (t *tarInput) contentEnd(th *tar.Header, start int64) (int64, error) {
	size, ok := tarNumber(t.block[124:136])
	if s := th.PAXRecords["size"]; s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		for _, g := range t.global {
			if g.key == "size" && g.value == s && n != size && th.Typeflag != tar.TypeDir {
				return 0, fmt.Errorf("a global size of %s, and a size of %d in the header before "+
					"offset %d", s, size, start)
			}
		}
		size, ok = n, err == nil
	}
	switch th.Typeflag {
	case tar.TypeSymlink, tar.TypeChar, tar.TypeBlock, tar.TypeDir, tar.TypeFifo:
		size = 0
	case tar.TypeLink:
		if size > 0 && ok {
			return t.linkEnd(start, size)
		}
	}
	if !ok || size < 0 || size > 1<<62 {
		return 0, fmt.Errorf("the tar has an invalid size in the header before offset %d", start)
	}
	return start + size, nil
}

// linkEnd returns where the content of a hard link with a size ends. POSIX pax (-o linkdata) writes
// the content of the target again, and old programs write none. Only the next block shows which it
// is. Readers disagree about a content that looks like a header.
func (t *tarInput) linkEnd(start, size int64) (int64, error) {
	if over, err := t.isOver(0); over || err != nil {
		return start, err
	}
	_, err := io.ReadFull(&t.r, t.block[:])
	switch {
	case err == io.EOF:
		return start, nil
	case err != nil:
		return 0, noEOF(err)
	case isTarHeader(t.block[:]) || len(bytes.Trim(t.block[:], "\x00")) == 0:
		t.ahead = true
		return start, nil
	}
	return start + size, nil
}

// skipContent reads to the end of the current entry. Only its padding may be missing.
func (t *tarInput) skipContent() error {
	if t.ahead {
		return nil
	}
	if t.r.n > roundUp(t.end) {
		return fmt.Errorf("the tar has an invalid size in the header before offset %d", t.r.n)
	}
	if _, err := io.CopyN(io.Discard, &t.r, max(0, t.end-t.r.n)); err == io.EOF {
		return t.errCut()
	} else if err != nil {
		return err
	}
	_, err := io.CopyN(io.Discard, &t.r, roundUp(t.end)-t.r.n)
	if err == io.EOF {
		t.cut, err = true, nil
	}
	return err
}

func roundUp(n int64) int64 { return (n + format.BlockSize - 1) &^ (format.BlockSize - 1) }

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
