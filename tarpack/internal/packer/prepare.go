package packer

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
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// An item is an entry on its way to the archive. Its ready channel is nil when no worker prepares it.
type Item struct {
	tree.Entry
	Old         BaseEntry      // the entry of this path in an archive that is at hand; zero: there is none
	Keep        bool           // the content is that of old
	GivenHeader *format.Header // the header, where it is neither from disk nor from an archive
	File        *os.File       // a big file that is open already
	Done        func()         // told when the entry is placed, if set
	Raw         *output.Buffer // a raw deflate stream that is to become C, of content whose CRC-32 is rawCRC
	RawCRC      uint32
	RemovedPath string        // instead of an entry: the path of one that is in no archive any more
	Inode       durable.Inode // zero unless the file has several names in the tree
	LaterName   bool          // another name of the file came before
	Weight      int64         // bytes of the budget that it holds
	ready       chan struct{}

	// What the worker has found out, valid once ready is closed.
	err     error
	header  format.Header
	Content *output.Buffer
	hash    uint64
	key     uint64
	member  *output.Buffer // C; nil when it was left to the sequencer, or the content is empty
	made    made
}

// release gives back the item's reference to its directory, if it has one.
func (it *Item) Release() {
	if it != nil && it.Dir != nil {
		it.Dir.Release()
	}
}

// made says how a C was written.
type made struct {
	coding   coding.Coding
	segments gzmember.Segments
}

// work prepares files, and compresses the pieces of the big file that the sequencer has at hand; those
// first, since the sequencer waits for them.
func (p *Packer) work(ctx context.Context) error {
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
func (p *Packer) prepare(it *Item, maker *contentMaker) (err error) {
	switch {
	case it.Raw != nil:
		err = it.inflateRaw()
	case it.Content == nil:
		err = p.read(it)
	}
	if pr := (*format.Problem)(nil); errors.As(err, &pr) {
		return pr
	}
	if err != nil {
		return tree.Error(it.Path(), err)
	}
	it.header = p.newHeader(it)
	if len(it.Content.B) == 0 {
		return nil
	}
	it.hash = xxhash.Sum64(it.Content.B)
	if it.Keep, err = it.hasOldContent(it.hash, bytes.NewReader(it.Content.B)); err != nil || it.Keep || p.dry() {
		return err
	}
	it.key = p.key(it)
	if it.member == nil && p.dedup.claim(it.key) {
		return it.compress(maker)
	}
	return nil
}

// hasOldContent tells whether content, with that hash, is the one that the entry's path has in the archive at hand.
func (it *Item) hasOldContent(hash uint64, content io.Reader) (bool, error) {
	if it.Old.From == nil {
		return false, nil
	}
	e, err := it.Old.content()
	if err != nil || e.Type != sidecar.TypeFile || e.Size != it.Info.Size() || e.Hash != hash {
		return false, err
	}
	old, err := it.Old.From.OpenContent(int(it.Old.file))
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
func (p *Packer) key(it *Item) uint64 {
	return p.dedup.key(it.hash, it.header.Size, it.header.Mode, it.header.ModTime)
}

// newHeader is the header of an entry that is not copied, all but the link target.
func (p *Packer) newHeader(it *Item) format.Header {
	if it.GivenHeader != nil {
		return *it.GivenHeader
	}
	return p.Header(&it.Entry)
}

// compress makes C of the content.
func (it *Item) compress(maker *contentMaker) (err error) {
	it.member = output.GetBuffer(len(it.Content.B)/2 + 64)
	it.member.B, it.made, err = maker.appendContent(it.member.B, it.Content.B)
	return err
}

// read takes the file's bytes into memory and makes sure that they are those of one moment.
func (p *Packer) read(it *Item) error {
	f, err := openSource(&it.Entry)
	if err != nil {
		return err
	}
	defer f.Close()
	size := int(it.Info.Size())
	it.Content = output.GetBuffer(size + 1)
	b := it.Content.B[:size+1] // a byte more, to see that the file has grown
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
		return format.ErrChanged
	case n < size:
		return fmt.Errorf("%w: it has shrunk", format.ErrChanged)
	}
	it.Content.B = b[:n]
	return unchanged(f, it.Info)
}

// openSource opens a file and makes sure that it is the one that lstat saw.
func openSource(e *tree.Entry) (*os.File, error) {
	f, err := e.Dir.Root.OpenFile(e.Name, os.O_RDONLY|durable.OpenNonblock, 0)
	if err != nil {
		return nil, err
	}
	if err := unchanged(f, e.Info); err != nil {
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
		return format.ErrChanged
	}
	return nil
}

// header makes the tar header of an entry, all but the link target.
func (p *Packer) Header(e *tree.Entry) format.Header {
	h := format.Header{Path: e.Path(), Type: e.Typ, Mode: format.UnixMode(e.Info.Mode()), ModTime: e.Info.ModTime().Unix()}
	if e.Typ == sidecar.TypeFile {
		h.Size = e.Info.Size()
	}
	if t := p.Options.LatestModTime; !t.IsZero() {
		h.ModTime = min(h.ModTime, t.Unix())
	}
	st := durable.StatOf(e.Info)
	if e.Typ == sidecar.TypeChar || e.Typ == sidecar.TypeBlock {
		h.DevMajor, h.DevMinor = st.Major, st.Minor
	}
	if p.Options.PreserveOwner {
		h.UID, h.GID = st.UID, st.GID
		h.Uname, h.Gname = durable.OwnerNames.User(st.UID), durable.OwnerNames.Group(st.GID)
	}
	return h
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
