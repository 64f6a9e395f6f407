package packer

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"io"

	"github.com/cespare/xxhash/v2"
	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/dedup"
	"github.com/tarpack/tpk/tarpack/internal/input"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// A worker loads and compresses files. Each goroutine has its own, and so has the sequencer.
type worker struct {
	enc   *gzmember.Encoder
	known *dedup.Contents
	stores
	sums bool // compute the SHA-256 sums of what is written
	dry  bool // nothing is written, so nothing is compressed
}

func (p *Packer) newWorker() (worker, error) {
	enc, err := gzmember.NewEncoder(p.level)
	w := worker{enc: enc, known: p.known, dry: p.Out == nil, sums: p.Options.SHA256}
	w.stores = stores{all: p.Options.Level < 0, globs: p.Options.Store}
	return w, err
}

// run prepares files, and compresses the pieces of the big file that the sequencer is writing. It
// prefers neither: the sequencer waits for both.
func (w *worker) run(ctx context.Context, q *queue) error {
	jobs, pieces := q.jobs, q.pieces
	for jobs != nil || pieces != nil {
		select {
		case pc, ok := <-pieces:
			if !ok {
				pieces = nil
				continue
			}
			pc.compress(w.enc)
		case it, ok := <-jobs:
			if !ok {
				jobs = nil
				continue
			}
			it.err = w.prepare(it)
			close(it.ready)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// prepare loads a file, and compresses it unless a file with the same content is ahead.
func (w *worker) prepare(it *Item) error {
	src := it.Source.(input.Loader)
	err := src.Load(&it.Content)
	if err == nil {
		it.header, err = src.Header()
	}
	if pr := (*format.Problem)(nil); errors.As(err, &pr) {
		return pr
	}
	if err != nil {
		return tree.Error(it.path, err)
	}
	if len(it.Bytes.B) == 0 {
		it.Keep = it.Old.ContentSize() == 0
		return nil
	}
	if it.Member != nil && w.stores.has(it.path) {
		it.Member.Release()
		it.Member = nil
	}
	it.hash = xxhash.Sum64(it.Bytes.B)
	if it.Keep, err = it.hasOldContent(bytes.NewReader(it.Bytes.B)); err != nil || it.Keep || w.dry {
		return err
	}
	it.key = w.contentKey(it)
	switch {
	case it.Member != nil && w.known.Mode == format.DedupOff:
		return w.addSums(&it.Content)
	case it.Member == nil && w.known.Claim(it.key):
		return w.compress(it)
	}
	return nil
}

// hasOldContent reports whether content, whose hash is known, equals the content of Old.
func (it *Item) hasOldContent(content io.Reader) (bool, error) {
	if it.Old.From == nil {
		return false, nil
	}
	e, err := it.Old.ContentRecord()
	if err != nil || e.Type != sidecar.TypeFile || e.Size != it.size || e.Hash != it.hash {
		return false, err
	}
	if it.Old.From.Index.HasSHA256() {
		return it.Old.HasSum(content)
	}
	old, err := it.Old.From.OpenContent(int(it.Old.File))
	if err != nil {
		return false, err
	}
	defer old.Close()
	same, err, oldErr := output.SameBytes(content, old)
	if err == nil {
		err = unlessDamaged(oldErr)
	}
	return same, err
}

// appendContent appends C: segmented if the content is longer than a segment, stored if deflate
// does not pay.
func appendContent(
	enc *gzmember.Encoder, dst, content []byte,
) ([]byte, coding.Coding, gzmember.Segments, error) {
	const segment = 1 << coding.MinShift
	if len(content) <= segment {
		out, coding := enc.AppendContent(dst, content)
		return out, coding, gzmember.Segments{}, nil
	}
	worthIt, err := gzmember.Compressible(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return dst, 0, gzmember.Segments{}, err
	}
	if worthIt {
		segments := gzmember.Segments{Shift: coding.MinShift}
		out := gzmember.AppendMemberHeader(dst, nil)
		for rest := content; len(rest) > 0; {
			n := min(segment, len(rest))
			before := len(out)
			out = enc.AppendSegment(out, rest[:n], n == len(rest))
			segments.Lengths = append(segments.Lengths, uint32(len(out)-before))
			rest = rest[n:]
		}
		out = gzmember.AppendMemberTrailer(out, crc32.ChecksumIEEE(content), int64(len(content)))
		if gzmember.Saves(int64(len(out)-len(dst)), int64(len(content))) {
			return out, coding.Segmented, segments, nil
		}
		dst = out[:len(dst)]
	}
	return gzmember.AppendStored(dst, content), coding.Stored, gzmember.Segments{}, nil
}

// unlessDamaged returns err, or nil if err means that a content in an archive is damaged. Such a
// content equals no other and is copied as it is: finding it is the job of verify. Any other reason
// why an archive cannot be read must not pass for a difference.
func unlessDamaged(err error) error {
	if errors.Is(err, gzmember.ErrCorrupt) || errors.Is(err, gzmember.ErrTruncated) {
		return nil
	}
	return err
}
