package packer

import (
	"context"
	"hash/crc32"
	"io"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/tarwriter"
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

// A pieceWriter writes the pieces of a segmented C in order. Whatever the size of a segment, a
// piece has 1 MiB, so memory does not grow with the file. A segment of several pieces has flushes
// inside.
type pieceWriter struct {
	out        *tarwriter.Writer
	segments   gzmember.Segments
	perSegment int
	queue      []*piece // sent to the workers, in order
	written    int
}

// next writes the first piece of the queue once it is compressed.
func (w *pieceWriter) next(ctx context.Context) error {
	pc := w.queue[0]
	w.queue = w.queue[1:]
	select {
	case <-pc.ready:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer pc.release()
	if w.written%w.perSegment == 0 {
		w.segments.Lengths = append(w.segments.Lengths, 0)
	}
	w.segments.Lengths[len(w.segments.Lengths)-1] += uint32(len(pc.out.B))
	w.written++
	return w.out.Put(pc.out.B)
}

// writeSegmented writes a segmented C whose pieces the workers compress.
func (s *sequencer) writeSegmented(
	ctx context.Context, src *digestReader, size int64,
) (gzmember.Segments, error) {
	w := &pieceWriter{out: s.out, segments: gzmember.Segments{Shift: coding.ShiftFor(size)}}
	w.perSegment = 1 << (w.segments.Shift - coding.MinShift)
	if err := s.out.Put(gzmember.AppendMemberHeader(nil, nil)); err != nil {
		return w.segments, err
	}
	for left := size; left > 0; {
		n := min(left, 1<<coding.MinShift)
		left -= n
		pc := &piece{content: output.GetBuffer(int(n)), last: left == 0, ready: make(chan struct{})}
		pc.content.B = pc.content.B[:n]
		if _, err := io.ReadFull(src, pc.content.B); err != nil {
			return w.segments, err
		}
		select {
		case s.queue.pieces <- pc:
		case <-ctx.Done():
			return w.segments, context.Cause(ctx)
		}
		w.queue = append(w.queue, pc)
		if len(w.queue) > s.workers {
			if err := w.next(ctx); err != nil {
				return w.segments, err
			}
		}
	}
	for len(w.queue) > 0 {
		if err := w.next(ctx); err != nil {
			return w.segments, err
		}
	}
	return w.segments, s.out.Put(gzmember.AppendMemberTrailer(nil, src.crc, size))
}

// A digestReader computes what the index holds of the content that is read through it.
type digestReader struct {
	r      io.Reader
	digest format.ContentDigest
	crc    uint32
	sums   *build.Sums // nil: none are needed
}

func newDigestReader(r io.Reader, sums bool) *digestReader {
	d := &digestReader{r: r}
	d.digest.Reset()
	if sums {
		d.sums = &build.Sums{}
		d.sums.Reset()
	}
	return d
}

func (d *digestReader) Read(b []byte) (int, error) {
	n, err := d.r.Read(b)
	_, _ = d.digest.Write(b[:n]) // never fails
	d.crc = crc32.Update(d.crc, crc32.IEEETable, b[:n])
	if d.sums != nil {
		_, _ = d.sums.Write(b[:n]) // never fails
	}
	return n, err
}
