package tarpack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"

	"github.com/cespare/xxhash/v2"
	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
)

// An item is an entry on its way to the archive. Its ready channel is nil when no worker prepares it.
type item struct {
	sourceEntry
	old    keptRef  // the entry of this path in an archive that is at hand; zero: there is none
	keep   bool     // the content is that of old
	given  *Header  // the header, where it is neither from disk nor from an archive
	file   *os.File // a big file that is open already
	done   func()   // told when the entry is placed, if set
	raw    *buffer  // a raw deflate stream that is to become C, of content whose CRC-32 is rawCRC
	rawCRC uint32
	gone   string // instead of an entry: the path of one that is in no archive any more
	inode  inode  // zero unless the file has several names in the tree
	again  bool   // another name of the file came before
	weight int64  // bytes of the budget that it holds
	ready  chan struct{}

	// What the worker has found out, valid once ready is closed.
	err     error
	header  Header
	content *buffer
	hash    uint64
	key     uint64
	member  *buffer // C; nil when it was left to the sequencer, or the content is empty
	made    made
}

// release gives back the item's reference to its directory, if it has one.
func (it *item) release() {
	if it != nil && it.dir != nil {
		it.dir.release()
	}
}

// made says how a C was written.
type made struct {
	coding   coding.Coding
	segments gzmember.Segments
}

// work prepares files, and compresses the pieces of the big file that the sequencer has at hand; those
// first, since the sequencer waits for them.
func (p *packer) work(ctx context.Context) error {
	maker, err := newContentMaker(p.level)
	if err != nil {
		return err
	}
	jobs, pieces := p.jobs, p.pieces
	for jobs != nil || pieces != nil {
		select {
		case pc, ok := <-pieces:
			if !ok {
				pieces = nil
				continue
			}
			pc.compress(maker.enc)
		case it, ok := <-jobs:
			if !ok {
				jobs = nil
				continue
			}
			it.err = p.prepare(it, maker)
			close(it.ready)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// prepare reads a file, and compresses it unless another one with the same content is ahead.
func (p *packer) prepare(it *item, maker *contentMaker) (err error) {
	switch {
	case it.raw != nil:
		err = it.inflateRaw()
	case it.content == nil:
		err = p.read(it)
	}
	if pr := (*Problem)(nil); errors.As(err, &pr) {
		return pr
	}
	if err != nil {
		return sourceError(it.path(), err)
	}
	it.header = p.newHeader(it)
	if len(it.content.b) == 0 {
		return nil
	}
	it.hash = xxhash.Sum64(it.content.b)
	if it.keep, err = it.hasOldContent(it.hash, bytes.NewReader(it.content.b)); err != nil || it.keep || p.dry() {
		return err
	}
	it.key = p.key(it)
	if it.member == nil && p.dedup.claim(it.key) {
		return it.compress(maker)
	}
	return nil
}

// hasOldContent tells whether content, with that hash, is the one that the entry's path has in the archive at hand.
func (it *item) hasOldContent(hash uint64, content io.Reader) (bool, error) {
	if it.old.from == nil {
		return false, nil
	}
	e, err := it.old.content()
	if err != nil || e.Type != sidecar.TypeFile || e.Size != it.info.Size() || e.Hash != hash {
		return false, err
	}
	old, err := it.old.from.openContent(it.old.file)
	if err != nil {
		return false, err
	}
	defer old.Close()
	same, err, oldErr := sameBytes(content, old)
	if err == nil {
		err = unlessDamaged(oldErr)
	}
	return same, err
}

// key is what makes a file with that content and header a candidate for deduplication.
func (p *packer) key(it *item) uint64 {
	return p.dedup.key(it.hash, it.header.Size, it.header.Mode, it.header.ModTime)
}

// newHeader is the header of an entry that is not copied, all but the link target.
func (p *packer) newHeader(it *item) Header {
	if it.given != nil {
		return *it.given
	}
	return p.header(&it.sourceEntry)
}

// compress makes C of the content.
func (it *item) compress(maker *contentMaker) (err error) {
	it.member = getBuffer(len(it.content.b)/2 + 64)
	it.member.b, it.made, err = maker.appendContent(it.member.b, it.content.b)
	return err
}

// read takes the file's bytes into memory and makes sure that they are those of one moment.
func (p *packer) read(it *item) error {
	f, err := openSource(&it.sourceEntry)
	if err != nil {
		return err
	}
	defer f.Close()
	size := int(it.info.Size())
	it.content = getBuffer(size + 1)
	b := it.content.b[:size+1] // a byte more, to see that the file has grown
	n, err := f.Read(b)
	if err == nil && n != size { // a regular file that gives all it has, and no more, is at its end
		var more int
		more, err = io.ReadFull(f, b[n:])
		n += more
	}
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	switch {
	case n > size:
		return ErrChanged
	case n < size:
		return fmt.Errorf("%w: it has shrunk", ErrChanged)
	}
	it.content.b = b[:n]
	return unchanged(f, it.info)
}

// openSource opens a file and makes sure that it is the one that lstat saw.
func openSource(e *sourceEntry) (*os.File, error) {
	f, err := e.dir.root.OpenFile(e.name, os.O_RDONLY|openNonblock, 0)
	if err != nil {
		return nil, err
	}
	if err := unchanged(f, e.info); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// unchanged compares an open file with what lstat saw of it.
func unchanged(f *os.File, was fs.FileInfo) error {
	is, err := f.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(is, was) || is.Size() != was.Size() || !is.ModTime().Equal(was.ModTime()) {
		return ErrChanged
	}
	return nil
}

// header makes the tar header of an entry, all but the link target.
func (p *packer) header(e *sourceEntry) Header {
	h := Header{Path: e.path(), Type: e.typ, Mode: unixMode(e.info.Mode()), ModTime: e.info.ModTime().Unix()}
	if e.typ == sidecar.TypeFile {
		h.Size = e.info.Size()
	}
	if t := p.o.LatestModTime; !t.IsZero() {
		h.ModTime = min(h.ModTime, t.Unix())
	}
	st := statOf(e.info)
	if e.typ == sidecar.TypeChar || e.typ == sidecar.TypeBlock {
		h.DevMajor, h.DevMinor = st.major, st.minor
	}
	if p.o.PreserveOwner {
		h.UID, h.GID = st.uid, st.gid
		h.Uname, h.Gname = ownerNames.user(st.uid), ownerNames.group(st.gid)
	}
	return h
}

// unixMode returns the low 12 bits of a Unix mode.
func unixMode(m fs.FileMode) uint16 {
	mode := uint16(m.Perm())
	if m&fs.ModeSetuid != 0 {
		mode |= 0o4000
	}
	if m&fs.ModeSetgid != 0 {
		mode |= 0o2000
	}
	if m&fs.ModeSticky != 0 {
		mode |= 0o1000
	}
	return mode
}

// A contentMaker writes C for contents in memory. One goroutine at a time may use it.
type contentMaker struct {
	enc *gzmember.Encoder
}

func newContentMaker(level int) (*contentMaker, error) {
	enc, err := gzmember.NewEncoder(level)
	return &contentMaker{enc: enc}, err
}

// newHeaderEncoder returns the encoder for groups, whose bytes do not depend on the level of the content.
func newHeaderEncoder() (*gzmember.Encoder, error) { return gzmember.NewEncoder(9) }

// appendContent appends C: segmented where the content is over a segment, stored where deflate does not pay.
func (m *contentMaker) appendContent(dst, content []byte) ([]byte, made, error) {
	const segment = 1 << coding.MinShift
	if len(content) <= segment {
		out, coding := m.enc.AppendContent(dst, content)
		return out, made{coding: coding}, nil
	}
	worthIt, err := gzmember.Compressible(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return dst, made{}, err
	}
	if worthIt {
		md := made{coding: coding.Segmented, segments: gzmember.Segments{Shift: coding.MinShift}}
		out := gzmember.AppendMemberHeader(dst, nil)
		for rest := content; len(rest) > 0; {
			n := min(segment, len(rest))
			before := len(out)
			out = m.enc.AppendSegment(out, rest[:n], n == len(rest))
			md.segments.Lengths = append(md.segments.Lengths, uint32(len(out)-before))
			rest = rest[n:]
		}
		out = gzmember.AppendMemberTrailer(out, crc32.ChecksumIEEE(content), int64(len(content)))
		if gzmember.Saves(int64(len(out)-len(dst)), int64(len(content))) {
			return out, md, nil
		}
		dst = out[:len(dst)]
	}
	return gzmember.AppendStored(dst, content), made{coding: coding.Stored}, nil
}
