package patch

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/zstd"

	"github.com/tarpack/tpk/tarpack/internal/output"
)

// A Span is Len bytes of the new archive from offset Off.
type Span struct{ Off, Len int64 }

// Applied is what Apply has done.
type Applied struct {
	// Missing is what could not be made: the old archive is damaged, or this release does not have the
	// encoder. The file has zeros there.
	Missing []Span
	Copied  int64 // bytes of the old archive
	Made    int64 // bytes that the patch has, or of which it has the content
}

// Apply writes the new archive to an empty file. The caller writes what is missing in its place,
// then calls Check.
//
// The error wraps ErrCorrupt if the patch is damaged, else it is one of reading or writing.
func (p *Patch) Apply(ctx context.Context, old, out *os.File) (done Applied, err error) {
	a := &applier{Patch: p, old: old, out: &output.Writer{W: out, File: out}}
	if p.Supported() {
		if a.encoder, err = newEncoder(int(p.Level)); err != nil {
			return done, err
		}
	}
	a.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(maxInstructions), zstd.IgnoreChecksum(true))
	if err != nil {
		return done, err
	}
	defer a.zstd.Close()
	defer a.out.Stop()
	pos := int64(HeaderSize)
	for n := range p.Chunks {
		if ctx.Err() != nil {
			return done, context.Cause(ctx)
		}
		size, err := a.chunk(pos)
		if err != nil {
			return done, fmt.Errorf("chunk %d: %w", n, err)
		}
		pos += size
	}
	if pos != p.size || a.out.Off != p.NewSize {
		return done, fmt.Errorf("%w: its chunks make %d bytes of %d", ErrCorrupt, a.out.Off, p.NewSize)
	}
	return a.done, a.out.Flush()
}

// Check returns an error that wraps ErrResult if r does not have the bytes of the new archive.
func (p *Patch) Check(ctx context.Context, r io.ReaderAt) error {
	h := sha256.New()
	in := &output.ContextReader{Ctx: ctx, R: io.NewSectionReader(r, 0, p.NewSize)}
	if n, err := io.Copy(h, in); err != nil {
		return err
	} else if n != p.NewSize {
		return fmt.Errorf("%w: %d bytes of %d", ErrResult, n, p.NewSize)
	}
	if sum := h.Sum(nil); [sha256.Size]byte(sum) != p.SHA256 {
		return fmt.Errorf("%w: its SHA-256 is %x, not %x", ErrResult, sum, p.SHA256)
	}
	return nil
}

// An applier is one run of Apply.
type applier struct {
	*Patch
	old      *os.File
	out      *output.Writer
	encoder  encoder
	zstd     *zstd.Decoder // without a dictionary
	inflater inflater
	done     Applied

	packed, text, dictionary, made []byte
}

// chunk writes what the chunk at pos makes, and returns its length.
func (a *applier) chunk(pos int64) (int64, error) {
	var head [chunkHeader]byte
	left := a.size - pos - chunkHeader
	if left < 0 {
		return 0, fmt.Errorf("%w: it ends early", ErrCorrupt)
	}
	if err := readAt(a.r, head[:], pos); err != nil {
		return 0, err
	}
	c, err := parseChunk(head[:], left, a.NewSize-a.out.Off)
	if err != nil {
		return 0, err
	}
	n := int64(c.packedInstructions) + int64(c.packedData)
	a.packed = append(a.packed[:0], make([]byte, n)...)
	if err := readAt(a.r, a.packed, pos+chunkHeader); err != nil {
		return 0, err
	}
	a.text, err = decompress(a.zstd, a.text, a.packed[:c.packedInstructions], c.instructions)
	if err != nil {
		return 0, err
	}
	x, err := parseInstructions(a.text, &c, a.OldSize)
	if err != nil {
		return 0, err
	}
	right, err := a.make(&c, &x)
	if err != nil {
		return 0, err
	}
	return chunkHeader + n, a.write(&x, right)
}

// readAt fills b with the bytes of r from off.
func readAt(r io.ReaderAt, b []byte, off int64) error {
	n, err := r.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == io.EOF {
		err = fmt.Errorf("at byte %d: %w", off, io.ErrUnexpectedEOF)
	}
	return err
}

// decompress returns the n bytes of a frame, in the room of dst.
func decompress(d *zstd.Decoder, dst, frame []byte, n uint32) ([]byte, error) {
	if n == 0 && len(frame) == 0 {
		return dst[:0], nil
	}
	dst, err := d.DecodeAll(frame, dst[:0])
	if err != nil || uint64(len(dst)) != uint64(n) {
		return nil, fmt.Errorf("%w: a zstd frame", ErrCorrupt)
	}
	return dst, nil
}

// make makes the bytes of the steps that are no copies, one after the other. It returns false if
// they are not those of the new archive.
func (a *applier) make(c *chunk, x *instructions) (right bool, err error) {
	a.made = a.made[:0]
	if !a.Supported() && needsEncoder(x) {
		return false, nil
	}
	a.dictionary = a.dictionary[:0]
	for k := range x.sources {
		a.dictionary, err = a.inflater.append(a.dictionary, a.old, &x.sources[k])
		if errors.Is(err, ErrCorrupt) {
			return false, nil // the old archive is damaged
		}
		if err != nil {
			return false, err
		}
	}
	data, err := a.decompressData(c)
	if err != nil {
		return false, nil // with another dictionary it may be anything
	}
	for k := range x.steps {
		s := &x.steps[k]
		if s.how == stepCopy {
			continue
		}
		before := len(a.made)
		a.made = a.encoder.append(a.made, s, data[:s.data+s.extra])
		data = data[s.data+s.extra:]
		if int64(len(a.made)-before) != s.out {
			return false, nil
		}
	}
	return xxhash.Sum64(a.made) == c.made, nil
}

// needsEncoder reports whether a step compresses.
func needsEncoder(x *instructions) bool {
	return slices.ContainsFunc(x.steps, func(s step) bool { return s.how > stepRaw })
}

// decompressData returns the data of a chunk.
func (a *applier) decompressData(c *chunk) ([]byte, error) {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(maxData), zstd.WithDecoderMaxWindow(maxWindow),
		zstd.WithDecoderDictRaw(0, a.dictionary), zstd.IgnoreChecksum(true))
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return decompress(d, nil, a.packed[c.packedInstructions:], c.data)
}

// write writes what a chunk makes, or zeros if it is not right.
func (a *applier) write(x *instructions, right bool) error {
	made := a.made
	for k := range x.steps {
		s := &x.steps[k]
		var err error
		switch {
		case s.how == stepCopy:
			a.done.Copied += s.out
			err = a.out.Copy(a.old, s.off, s.out)
		case right:
			a.done.Made += s.out
			err = a.out.Put(made[:s.out])
			made = made[s.out:]
		default:
			a.miss(s.out)
			err = a.out.Put(make([]byte, s.out))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// miss notes the next n bytes as missing.
func (a *applier) miss(n int64) {
	list := a.done.Missing
	if k := len(list) - 1; k >= 0 && list[k].Off+list[k].Len == a.out.Off {
		list[k].Len += n
		return
	}
	a.done.Missing = append(list, Span{a.out.Off, n})
}
