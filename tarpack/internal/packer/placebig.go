package packer

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cespare/xxhash/v2"
	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/input"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// placeBig places a file that is too big for memory. It is read once, or twice if a file of the
// same size was written before.
func (s *sequencer) placeBig(ctx context.Context, it *Item) error {
	src := it.Source.(input.Opener)
	f, err := src.Open()
	if err != nil {
		return s.unread(it, tree.Error(it.path, err))
	}
	defer f.Close()
	if it.header, err = src.Header(); err != nil {
		return err
	}
	content := func() io.Reader {
		return output.ContextReader{Ctx: ctx, R: io.NewSectionReader(f, 0, it.size)}
	}
	isCandidate := s.known.BigSizes[it.size] || it.Old.ContentSize() == it.size
	if isCandidate || s.skipUnread != nil { // before a byte of it is written
		h := xxhash.New()
		if _, err := io.Copy(h, content()); context.Cause(ctx) != nil {
			return context.Cause(ctx)
		} else if err != nil {
			return s.unread(it, tree.Error(it.path, err))
		}
		it.hash = h.Sum64()
		if it.Keep, err = it.hasOldContent(content()); err != nil {
			return tree.Error(it.path, err)
		}
		if it.Keep {
			if err := src.Unchanged(f); err != nil {
				return tree.Error(it.path, err)
			}
			return s.placeKept(it)
		}
	}
	if err := s.changes.content(it); err != nil || s.dry {
		return err
	}
	if s.known.BigSizes[it.size] {
		it.key = s.contentKey(it)
		target, err := s.target(it, content())
		if err != nil {
			return err
		}
		if target != nil {
			s.addDuplicate(it, target, it.header.ModTime != target.ModTime)
			return tree.Error(it.path, src.Unchanged(f))
		}
	}
	s.known.BigSizes[it.size] = true
	return s.writeBig(ctx, it, src, f)
}

// writeBig writes H, C and P of a big file, and remembers it.
func (s *sequencer) writeBig(
	ctx context.Context, it *Item, src input.Opener, f input.File,
) error {
	entry, err := s.out.WriteHeader(&it.header)
	if err != nil {
		return err
	}
	defer func() { entry.CloseSums() }()
	if err := s.writeBigContent(ctx, it, f, &entry); err != nil {
		if s.out.Failed() != nil {
			return err // not the source's fault
		}
		return tree.Error(it.path, err)
	}
	if err := src.Unchanged(f); err != nil {
		return tree.Error(it.path, err)
	}
	it.hash = entry.Hash
	it.key = s.contentKey(it)
	if err := s.remember(it, it.header.ModTime); err != nil {
		return err
	}
	return s.out.WritePadding(&entry, it.Coding, &it.Segments)
}

// writeBigContent writes the C of a big file and completes the entry with what the index has of it.
func (s *sequencer) writeBigContent(
	ctx context.Context, it *Item, f input.File, entry *build.Item,
) error {
	start := s.out.Off
	content := output.ContextReader{Ctx: ctx, R: io.NewSectionReader(f, 0, it.size)}
	src := newDigestReader(content, s.sums)
	worthIt, err := gzmember.Compressible(f, it.size)
	switch {
	case err != nil:
	case worthIt && it.size <= coding.MaxSegmented && !s.stores.has(it.path):
		it.Coding = coding.Segmented
		it.Segments, err = s.writeSegmented(ctx, src, it.size)
	default:
		it.Coding = coding.Stored
		err = s.writeStored(src, it.size)
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = fmt.Errorf("%w: it has shrunk", format.ErrChanged)
	}
	entry.ContentLen = s.out.Off - start
	src.digest.Record(&entry.Entry)
	entry.CRC = src.crc
	if s.sums {
		err = errors.Join(err, src.sums.Record(&entry.ContentSums))
	}
	return err
}

// writeStored writes a stored C.
func (s *sequencer) writeStored(src io.Reader, size int64) error {
	w := gzmember.NewStoredWriter(s.out, size)
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
