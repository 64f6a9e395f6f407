package variants

import (
	"context"
	"crypto/sha256"
	"math/rand/v2"

	"github.com/klauspost/compress/zstd"

	"github.com/tarpack/tpk/sidecar/variants"
)

// DefaultDictionarySize is the most bytes of a dictionary. It was chosen by measurement:
// docs/decisions/2026-11-30-variants.md.
const DefaultDictionarySize = 48 << 10

// What a dictionary is chosen by.
const (
	minPages    = 20       // fewer pages get none
	samplePages = 4000     // that are looked at, spread over the archive
	sampleBytes = 64 << 20 // of these
	testEvery   = 10       // one of so many pages of the sample shows what a dictionary saves
	visitPages  = 100      // of the visit that a dictionary must make cheaper
)

// dictionaries returns the dictionaries of the new file. Those of the old one are kept, as browsers
// have them, and variants were encoded with them.
func (b *builder) dictionaries(ctx context.Context) ([]variants.Dictionary, error) {
	if !b.settings.Codings.Has(variants.DictionaryZstd) {
		return nil, nil
	}
	if b.old.file != nil && len(b.old.file.Dictionaries()) > 0 {
		return b.old.file.Dictionaries(), nil
	}
	sample, err := b.samplePages(ctx)
	if err != nil || len(sample.test) == 0 {
		return nil, err
	}
	return b.choose(ctx, sample)
}

// choose returns the dictionary with which a visit takes fewest bytes, or none. It tries several
// sizes: a larger dictionary saves more on each page, and takes longer to pay for itself.
func (b *builder) choose(ctx context.Context, sample *pageSample) ([]variants.Dictionary, error) {
	most := b.o.DictionarySize
	if most == 0 {
		most = DefaultDictionarySize
	}
	most = min(most, variants.MaxDictionary)
	cover := newCover(sample.train)
	fewest, err := sample.visit(nil)
	var best []variants.Dictionary
	for size := most; size >= most/8 && size > 0 && err == nil; size /= 2 {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		d := variants.Dictionary{Kind: pageKind, Bytes: cover.choose(size)}
		if len(d.Bytes) == 0 {
			break
		}
		d.SHA256 = sha256.Sum256(d.Bytes)
		d.Brotli = encodeBrotli(ctx, d.Bytes, b.settings.Level)
		var n int
		if n, err = sample.visit(&d); err == nil && n < fewest {
			fewest, best = n, []variants.Dictionary{d}
		}
	}
	return best, err
}

// A pageSample has pages of an archive, in random order.
type pageSample struct {
	pages int      // of the archive
	train [][]byte // to choose a dictionary from
	test  [][]byte // to try it with
	br    []int    // bytes of these in brotli
}

// samplePages returns a sample of the pages of the archive, the same each time. It is empty if
// there are few pages.
func (b *builder) samplePages(ctx context.Context) (*pageSample, error) {
	x, sample := b.a.Index(), &pageSample{}
	var pages []*job
	var size int64
	for row, err := range x.All(0, x.Len()) {
		if err != nil {
			return nil, err
		}
		if isCandidate(&row.Entry) && kindOf(row.Path) == pageKind && !isDotted(row.Path) {
			pages = append(pages, &job{ordinal: row.Ordinal, size: row.Entry.Size})
			size += row.Entry.Size
		}
	}
	if sample.pages = len(pages); len(pages) < minPages {
		return sample, nil
	}
	step := max(1, len(pages)/samplePages, int(size/sampleBytes)+1)
	total := 0
	for i := 0; i < len(pages) && total < sampleBytes; i += step {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		page, err := b.content(pages[i].ordinal, pages[i].size)
		if err != nil {
			return nil, err
		}
		total += len(page)
		if i/step%testEvery == testEvery/2 {
			sample.test = append(sample.test, page)
			sample.br = append(sample.br, len(encodeBrotli(ctx, page, b.settings.Level)))
		} else {
			sample.train = append(sample.train, page)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same archive makes the same file
	rng.Shuffle(len(sample.train), func(i, j int) {
		sample.train[i], sample.train[j] = sample.train[j], sample.train[i]
	})
	return sample, nil
}

// visit returns how many bytes a visit of visitPages pages takes, or of all if there are fewer, as
// often as there are pages to test. Without a dictionary, d is nil, they are in brotli. With one,
// it counts as well, and the first page comes before it.
func (s *pageSample) visit(d *variants.Dictionary) (bytes int, err error) {
	further := min(s.pages, visitPages) - 1
	if d == nil {
		for _, br := range s.br {
			bytes += br + further*br
		}
		return bytes, nil
	}
	z, err := newZstd(1, zstd.WithEncoderLevel(zstd.SpeedBestCompression),
		zstd.WithEncoderDictRaw(0, d.Bytes))
	if err != nil {
		return 0, err
	}
	defer z.Close()
	bytes = len(d.Brotli) * len(s.test)
	for i, page := range s.test {
		dcz := variants.DCZHeaderSize + len(z.EncodeAll(page, nil))
		bytes += s.br[i] + further*min(s.br[i], dcz)
	}
	return bytes, nil
}
