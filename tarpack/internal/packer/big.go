package packer

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/cespare/xxhash/v2"
	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// A piece is up to 1 MiB of a big file on its way through a worker.
type piece struct {
	content *output.Buffer
	last    bool
	out     *output.Buffer
	ready   chan struct{}
}

func (pc *piece) compress(enc *gzmember.Encoder) {
	pc.out = output.GetBuffer(len(pc.content.B) / 2)
	pc.out.B = enc.AppendSegment(pc.out.B, pc.content.B, pc.last)
	close(pc.ready)
}

func (pc *piece) release() {
	pc.content.Release()
	pc.out.Release()
}

// placeBig decides about a file that is too big for memory, and writes it.
func (p *Packer) placeBig(ctx context.Context, it *Item) error {
	f, err := it.File, error(nil)
	if f == nil {
		f, err = openSource(&it.Entry)
	}
	if err != nil {
		return tree.Error(it.Path(), err)
	}
	defer f.Close()
	it.header = p.newHeader(it)
	content := func() io.Reader { return output.ContextReader{Ctx: ctx, R: io.NewSectionReader(f, 0, it.header.Size)} }

	// Only where another file has the same size is it worth reading this one twice.
	if p.dedup.bigSizes[it.header.Size] || it.oldSize() == it.header.Size {
		h := xxhash.New()
		if _, err := io.Copy(h, content()); err != nil {
			return tree.Error(it.Path(), err)
		}
		it.hash = h.Sum64()
		if it.Keep, err = it.hasOldContent(it.hash, content()); err != nil {
			return tree.Error(it.Path(), err)
		}
		if it.Keep {
			if err := unchanged(f, it.Info); err != nil {
				return tree.Error(it.Path(), err)
			}
			return p.placeKept(it)
		}
	}
	if err := p.Changes.content(it); err != nil || p.dry() {
		return err
	}
	if p.dedup.bigSizes[it.header.Size] {
		it.key = p.key(it)
		target, err := p.target(it, content())
		if err != nil {
			return err
		}
		if target != nil {
			p.addLink(it.header, it.Old, target, true)
			return tree.Error(it.Path(), unchanged(f, it.Info))
		}
	}
	p.dedup.bigSizes[it.header.Size] = true

	entry, err := p.WriteHeader(&it.header)
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
func (p *Packer) writeBig(ctx context.Context, f *os.File, it *Item, entry *build.Item) (md made, err error) {
	start := p.Out.Off
	src := newDigestReader(output.ContextReader{Ctx: ctx, R: f})
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
		err = fmt.Errorf("%w: it has shrunk", format.ErrChanged)
	}
	if err == nil {
		err = unchanged(f, it.Info)
	}
	if err != nil {
		if p.Out.Failed() != nil {
			return md, err // not the source's fault
		}
		return md, tree.Error(it.Path(), err)
	}
	entry.ContentLen = p.Out.Off - start
	src.digest.Record(&entry.Entry)
	entry.CRC = src.crc
	return md, nil
}

// writeStored writes a stored C.
func (p *Packer) writeStored(src io.Reader, size int64) error {
	w := gzmember.NewStoredWriter(p.Out, size)
	buf := output.GetBuffer(output.WriteSize)
	defer buf.Release()
	for left := size; left > 0; {
		b := buf.B[:min(left, output.WriteSize)]
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
func (p *Packer) writeSegmented(ctx context.Context, src *digestReader, it *Item, size int64) (made, error) {
	md := made{coding: coding.Segmented}
	md.segments.Shift = coding.ShiftFor(size)
	perSegment := 1 << (md.segments.Shift - coding.MinShift)
	if err := p.Out.Put(gzmember.AppendMemberHeader(nil, nil)); err != nil {
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
		md.segments.Lengths[len(md.segments.Lengths)-1] += uint32(len(pc.out.B))
		written++
		return p.Out.Put(pc.out.B)
	}
	for left := size; left > 0; {
		n := min(left, 1<<coding.MinShift)
		left -= n
		pc := &piece{content: output.GetBuffer(int(n)), last: left == 0, ready: make(chan struct{})}
		pc.content.B = pc.content.B[:n]
		if _, err := io.ReadFull(src, pc.content.B); err != nil {
			return md, err
		}
		select {
		case p.pieces <- pc:
		case <-ctx.Done():
			return md, context.Cause(ctx)
		}
		queue = append(queue, pc)
		if len(queue) > p.Workers {
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
	return md, p.Out.Put(gzmember.AppendMemberTrailer(nil, src.crc, size))
}

// digestReader computes what the index records of the content that is read through it.
type digestReader struct {
	r      io.Reader
	digest format.ContentDigest
	crc    uint32
}

func newDigestReader(r io.Reader) *digestReader {
	d := &digestReader{r: r}
	d.digest.Reset()
	return d
}

func (d *digestReader) Read(b []byte) (int, error) {
	n, err := d.r.Read(b)
	_, _ = d.digest.Write(b[:n]) // never fails
	d.crc = crc32.Update(d.crc, crc32.IEEETable, b[:n])
	return n, err
}
