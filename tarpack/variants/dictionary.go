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
	testEvery   = 20       // one of so many pages of the sample shows what a dictionary saves
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
	train, test, err := b.samplePages(ctx)
	if err != nil || len(test) == 0 {
		return nil, err
	}
	size := b.o.DictionarySize
	if size == 0 {
		size = DefaultDictionarySize
	}
	size = min(size, variants.MaxDictionary)
	d := variants.Dictionary{Kind: pageKind, Bytes: newCover(train).choose(size)}
	if len(d.Bytes) == 0 {
		return nil, nil
	}
	d.SHA256 = sha256.Sum256(d.Bytes)
	d.Brotli = encodeBrotli(ctx, d.Bytes, b.settings.Level)
	if ok, err := b.pays(ctx, &d, test); err != nil || !ok {
		return nil, err
	}
	return []variants.Dictionary{d}, nil
}

// samplePages returns pages of the archive to choose a dictionary from, in random order, which is
// the same each time, and others to try it with. There are none if the archive has few pages.
func (b *builder) samplePages(ctx context.Context) (train, test [][]byte, err error) {
	x := b.a.Index()
	var pages []int
	for row, err := range x.All(0, x.Len()) {
		if err != nil {
			return nil, nil, err
		}
		if isCandidate(&row.Entry) && kindOf(row.Path) == pageKind && !isDotted(row.Path) {
			pages = append(pages, row.Ordinal)
		}
	}
	if len(pages) < minPages {
		return nil, nil, nil
	}
	step := max(1, len(pages)/samplePages)
	total := 0
	for i := 0; i < len(pages) && total < sampleBytes; i += step {
		if ctx.Err() != nil {
			return nil, nil, context.Cause(ctx)
		}
		page, err := b.content(pages[i], 0)
		if err != nil {
			return nil, nil, err
		}
		total += len(page)
		if i/step%testEvery == testEvery/2 {
			test = append(test, page)
		} else {
			train = append(train, page)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same archive makes the same file
	rng.Shuffle(len(train), func(i, j int) { train[i], train[j] = train[j], train[i] })
	return train, test, nil
}

// pays reports whether a visit of visitPages pages takes fewer bytes with a dictionary than in
// brotli. The dictionary itself counts, and the first page, which comes before it.
func (b *builder) pays(ctx context.Context, d *variants.Dictionary, test [][]byte) (bool, error) {
	z, err := newZstd(1, zstd.WithEncoderLevel(zstd.SpeedBestCompression),
		zstd.WithEncoderDictRaw(0, d.Bytes))
	if err != nil {
		return false, err
	}
	defer z.Close()
	br, dcz := 0, 0
	for _, page := range test {
		n := len(encodeBrotli(ctx, page, b.settings.Level))
		br += n
		dcz += min(n, variants.DCZHeaderSize+len(z.EncodeAll(page, nil)))
	}
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	with := br + (visitPages-1)*dcz + len(d.Brotli)*len(test)
	return with < visitPages*br, nil
}
