package variants

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math/bits"
	"slices"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack/format"
)

// An encoder encodes contents. It is safe for concurrent use.
type encoder struct {
	settings     variants.Settings
	dictionaries []variants.Dictionary
	byDictionary []*zstd.Encoder
	plain        *zstd.Encoder
	quick        *zstd.Encoder // shows whether a stored content can be compressed
}

func newEncoder(s variants.Settings, dictionaries []variants.Dictionary, workers int) (
	e *encoder, err error,
) {
	e = &encoder{settings: s, dictionaries: dictionaries}
	best := zstd.WithEncoderLevel(zstd.SpeedBestCompression)
	if e.quick, err = newZstd(workers, zstd.WithEncoderLevel(zstd.SpeedFastest)); err != nil {
		return nil, err
	}
	if s.Codings.Has(variants.Zstd) {
		if e.plain, err = newZstd(workers, best); err != nil {
			return nil, err
		}
	}
	for _, d := range dictionaries {
		// The C library reads a raw dictionary with the ID 0 only.
		z, err := newZstd(workers, best, zstd.WithEncoderDictRaw(0, d.Bytes))
		if err != nil {
			return nil, err
		}
		e.byDictionary = append(e.byDictionary, z)
	}
	return e, nil
}

func newZstd(workers int, options ...zstd.EOption) (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, append(options,
		zstd.WithEncoderConcurrency(workers), zstd.WithEncoderCRC(false), // the file has a hash
		zstd.WithWindowSize(variants.MaxWindow))...)
}

func (e *encoder) close() {
	for _, z := range append(e.byDictionary, e.plain, e.quick) {
		if z != nil {
			z.Close()
		}
	}
}

// gains reports whether n bytes are at least 5 % fewer than those of a gzip member.
func gains(n int, gzip int64) bool { return int64(n)*100 <= gzip*95 }

// encode adds the variants of a content that gain enough to those that the job has.
func (e *encoder) encode(ctx context.Context, content []byte, j *job) {
	if j.stored && !gains(len(e.quick.EncodeAll(content, nil)), j.gzip) {
		return
	}
	keep := func(c variants.Coding, b []byte, dictionary int) {
		if gains(len(b), j.gzip) {
			j.encoded[c] = variants.Encoded{Bytes: b, Dictionary: dictionary}
		}
	}
	if e.settings.Codings.Has(variants.Brotli) && len(j.encoded[variants.Brotli].Bytes) == 0 {
		keep(variants.Brotli, encodeBrotli(ctx, content, e.settings.Level), 0)
	}
	if e.plain != nil && len(j.encoded[variants.Zstd].Bytes) == 0 {
		keep(variants.Zstd, e.plain.EncodeAll(content, nil), 0)
	}
	if i := e.dictionary(j.kind); i >= 0 {
		keep(variants.DictionaryZstd, e.encodeDCZ(content, i), i)
	}
}

// dictionary returns the number of the dictionary for a kind of contents, or -1.
func (e *encoder) dictionary(kind string) int {
	return slices.IndexFunc(e.dictionaries, func(d variants.Dictionary) bool { return d.Kind == kind })
}

// encodeDCZ encodes a content with a dictionary (RFC 9842 §5).
func (e *encoder) encodeDCZ(content []byte, dictionary int) []byte {
	head := variants.AppendDCZHeader(nil, e.dictionaries[dictionary].SHA256)
	return e.byDictionary[dictionary].EncodeAll(content, head)
}

// The windows of brotli, as powers of two (RFC 7932 §9.1).
const (
	minWindow = 16
	maxWindow = 22
)

// brotliPart is how many bytes are encoded before a stop is noticed. At level 11 they take a
// quarter of a second.
const brotliPart = 128 << 10

// encodeBrotli returns a content in brotli, or less of it if ctx ends.
func encodeBrotli(ctx context.Context, content []byte, level int) []byte {
	var out bytes.Buffer
	window := min(max(bits.Len(uint(len(content))), minWindow), maxWindow)
	w := brotli.NewWriterOptions(&out, brotli.WriterOptions{Quality: level, LGWin: window})
	for part := range slices.Chunk(content, brotliPart) {
		if ctx.Err() != nil {
			break
		}
		w.Write(part) //nolint:errcheck // into memory
	}
	w.Close()
	return out.Bytes()
}

// prepare encodes the content of a job, or takes what the old file has of it.
func (b *builder) prepare(ctx context.Context, j *job) error {
	x := b.a.Index()
	if x.HasSHA256() && b.old.file != nil {
		sum, err := x.SHA256(j.ordinal)
		if err != nil {
			return err
		}
		j.sum = sum
		if !b.hasSibling(j) && b.reuse(j) {
			return nil
		}
	}
	content, err := b.content(j.ordinal, j.size)
	if err != nil {
		return err
	}
	j.sum = sha256.Sum256(content)
	if err := b.takeSiblings(j, content); err != nil {
		return err
	}
	if !b.reuse(j) {
		b.enc.encode(ctx, content, j)
	}
	return context.Cause(ctx)
}

// content returns the content of entry i, of size bytes. An error names the entry.
func (b *builder) content(i int, size int64) ([]byte, error) {
	content, err := b.a.AppendContent(make([]byte, 0, size), i)
	if err == nil {
		return content, nil
	}
	name, nameErr := b.a.Index().Path(i)
	if nameErr != nil {
		return nil, nameErr
	}
	return nil, fmt.Errorf("%s: %w", b.a.Name(), &format.Problem{Path: name, Offset: -1, Err: err})
}
