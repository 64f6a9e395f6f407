package tarpack

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/cespare/xxhash/v2"
	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
)

// A piece is up to 1 MiB of a big file on its way through a worker.
type piece struct {
	content *buffer
	last    bool
	out     *buffer
	ready   chan struct{}
}

func (pc *piece) compress(enc *gzmember.Encoder) {
	pc.out = getBuffer(len(pc.content.b) / 2)
	pc.out.b = enc.AppendSegment(pc.out.b, pc.content.b, pc.last)
	close(pc.ready)
}

func (pc *piece) release() {
	pc.content.release()
	pc.out.release()
}

// placeBig decides about a file that is too big for memory, and writes it.
func (p *packer) placeBig(ctx context.Context, it *item) error {
	f, err := it.file, error(nil)
	if f == nil {
		f, err = openSource(&it.sourceEntry)
	}
	if err != nil {
		return sourceError(it.path(), err)
	}
	defer f.Close()
	it.header = p.newHeader(it)
	content := func() io.Reader { return contextReader{ctx, io.NewSectionReader(f, 0, it.header.Size)} }

	// Only where another file has the same size is it worth reading this one twice.
	if p.dedup.bigSizes[it.header.Size] || it.oldSize() == it.header.Size {
		h := xxhash.New()
		if _, err := io.Copy(h, content()); err != nil {
			return sourceError(it.path(), err)
		}
		it.hash = h.Sum64()
		if it.keep, err = it.hasOldContent(it.hash, content()); err != nil {
			return sourceError(it.path(), err)
		}
		if it.keep {
			if err := unchanged(f, it.info); err != nil {
				return sourceError(it.path(), err)
			}
			return p.placeKept(it)
		}
	}
	if err := p.changes.content(it); err != nil || p.dry() {
		return err
	}
	if p.dedup.bigSizes[it.header.Size] {
		it.key = p.key(it)
		target, err := p.target(it, content())
		if err != nil {
			return err
		}
		if target != nil {
			p.addLink(it.header, it.old, target, true)
			return sourceError(it.path(), unchanged(f, it.info))
		}
	}
	p.dedup.bigSizes[it.header.Size] = true

	entry, err := p.writeHeader(&it.header)
	if err != nil {
		return err
	}
	md, err := p.writeBig(ctx, f, it, &entry)
	if err != nil {
		return err
	}
	it.hash = entry.Hash
	it.key = p.key(it)
	if err := p.remember(it); err != nil {
		return err
	}
	return p.writePadding(&entry, md)
}

// writeBig writes the C of a big file and fills in what the index says of it.
func (p *packer) writeBig(ctx context.Context, f *os.File, it *item, entry *build.Item) (md made, err error) {
	start := p.out.off
	src := &digestReader{r: contextReader{ctx, f}, hash: xxhash.New()}
	worthIt, err := gzmember.Compressible(f, entry.Size)
	worthIt = worthIt && entry.Size <= coding.MaxSegmented
	switch {
	case err != nil:
	case worthIt:
		md, err = p.writeSegmented(ctx, src, it, entry.Size)
	default:
		md.coding = coding.Stored
		err = p.writeStored(src, entry.Size)
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = fmt.Errorf("%w: it has shrunk", ErrChanged)
	}
	if err == nil {
		err = unchanged(f, it.info)
	}
	if err != nil {
		if p.out.failed() != nil {
			return md, err // not the source's fault
		}
		return md, sourceError(it.path(), err)
	}
	entry.ContentLen = p.out.off - start
	entry.Hash, entry.CRC = src.hash.Sum64(), src.crc
	entry.Sniff = sidecar.SniffContent(src.head)
	return md, nil
}

// writeStored writes a stored C.
func (p *packer) writeStored(src io.Reader, size int64) error {
	w := gzmember.NewStoredWriter(p.out, size)
	buf := getBuffer(writeSize)
	defer buf.release()
	for left := size; left > 0; {
		b := buf.b[:min(left, writeSize)]
		if _, err := io.ReadFull(src, b); err != nil {
			return err
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
		left -= int64(len(b))
	}
	return w.Close()
}

// writeSegmented writes a segmented C whose pieces the workers compress. Whatever the size of a segment, a piece
// has 1 MiB, so memory does not grow with the file; a segment of several pieces has flushes inside.
func (p *packer) writeSegmented(ctx context.Context, src *digestReader, it *item, size int64) (made, error) {
	md := made{coding: coding.Segmented}
	md.segments.Shift = coding.ShiftFor(size)
	perSegment := 1 << (md.segments.Shift - coding.MinShift)
	if err := p.out.write(gzmember.AppendMemberHeader(nil, nil)); err != nil {
		return md, err
	}
	var queue []*piece // sent to the workers, in order
	written := 0
	drain := func() error { // writes the first of the queue
		pc := queue[0]
		queue = queue[1:]
		select {
		case <-pc.ready:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		defer pc.release()
		if written%perSegment == 0 {
			md.segments.Lengths = append(md.segments.Lengths, 0)
		}
		md.segments.Lengths[len(md.segments.Lengths)-1] += uint32(len(pc.out.b))
		written++
		return p.out.write(pc.out.b)
	}
	for left := size; left > 0; {
		n := min(left, 1<<coding.MinShift)
		left -= n
		pc := &piece{content: getBuffer(int(n)), last: left == 0, ready: make(chan struct{})}
		pc.content.b = pc.content.b[:n]
		if _, err := io.ReadFull(src, pc.content.b); err != nil {
			return md, err
		}
		select {
		case p.pieces <- pc:
		case <-ctx.Done():
			return md, context.Cause(ctx)
		}
		queue = append(queue, pc)
		if len(queue) > p.workers {
			if err := drain(); err != nil {
				return md, err
			}
		}
	}
	for len(queue) > 0 {
		if err := drain(); err != nil {
			return md, err
		}
	}
	return md, p.out.write(gzmember.AppendMemberTrailer(nil, src.crc, size))
}

// A digestReader computes what the index wants to know of the content that is read through it.
type digestReader struct {
	r    io.Reader
	hash *xxhash.Digest
	crc  uint32
	head []byte // the first bytes, for sniffing
}

func (d *digestReader) Read(b []byte) (int, error) {
	n, err := d.r.Read(b)
	d.hash.Write(b[:n])
	d.crc = crc32.Update(d.crc, crc32.IEEETable, b[:n])
	if room := sidecar.SniffLen - len(d.head); room > 0 {
		d.head = append(d.head, b[:min(n, room)]...)
	}
	return n, err
}

// A contextReader stops when its context does.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(b []byte) (int, error) {
	if err := context.Cause(c.ctx); err != nil {
		return 0, err
	}
	return c.r.Read(b)
}
