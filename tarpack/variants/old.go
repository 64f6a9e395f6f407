package variants

import (
	"crypto/sha256"
	"slices"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/variants"
)

// oldFile is the variants file that a new one replaces.
type oldFile struct {
	file *variants.File      // nil: there is none
	sets map[sidecar.Sum]int // by the SHA-256 of their contents
}

// open takes over an open file. It is not trusted: what is taken from it is decoded first.
func (o *oldFile) open(f *variants.File) {
	o.file, o.sets = f, make(map[sidecar.Sum]int, f.Sets())
	for i := range f.Sets() {
		if _, sum, err := f.SetAt(i); err == nil {
			o.sets[sum] = i
		}
	}
}

func (o *oldFile) close() {
	if o.file != nil {
		o.file.Close() // read only
	}
}

// reuse adds the variants of the old file to those of a job, whose sum is set. It returns false if
// the old file lacks some, has others, or was made at another level. What it has not, though it was
// tried, did not gain.
func (b *builder) reuse(j *job) bool {
	i, ok := b.old.sets[j.sum]
	if !ok {
		return false
	}
	set, sum, err := b.old.file.SetAt(i)
	if err != nil || sum != j.sum || set.Size != j.size {
		return false
	}
	before := b.old.file.Settings()
	encoded := j.encoded
	for c := range variants.NumCodings {
		if len(encoded[c].Bytes) > 0 {
			continue
		}
		if !b.settings.Codings.Has(c) {
			if v, ok := set.Get(c); ok && b.o.Settings.Codings == 0 { // once a sibling
				if e, ok := b.take(j, v); ok {
					encoded[c] = e
				}
			}
			continue
		}
		if !before.Codings.Has(c) || c == variants.Brotli && before.Level != b.settings.Level {
			return false
		}
		if c == variants.DictionaryZstd && !b.sameDictionary(j.kind) {
			return false
		}
		v, ok := set.Get(c)
		if !ok {
			continue
		}
		if encoded[c], ok = b.take(j, v); !ok {
			return false
		}
	}
	j.encoded, j.reused = encoded, true
	return true
}

// sameDictionary reports whether the old file has the dictionary for a kind, or none is needed.
func (b *builder) sameDictionary(kind string) bool {
	i := b.enc.dictionary(kind)
	if i < 0 {
		return true
	}
	sum := b.enc.dictionaries[i].SHA256
	return slices.ContainsFunc(b.old.file.Dictionaries(), func(d variants.Dictionary) bool {
		return d.SHA256 == sum && d.Kind == kind
	})
}

// take returns a variant of the old file. It returns false unless that decodes to the content, and
// gains as much as a new one must.
func (b *builder) take(j *job, v variants.Variant) (e variants.Encoded, ok bool) {
	if v.Coding == variants.DictionaryZstd {
		e.Dictionary = b.enc.dictionary(j.kind)
		sum := b.old.file.Dictionaries()[v.Dictionary].SHA256
		if e.Dictionary < 0 || b.enc.dictionaries[e.Dictionary].SHA256 != sum {
			return e, false
		}
	}
	var err error
	if e.Bytes, err = b.old.file.Append(nil, v); err != nil || !gains(len(e.Bytes), j.gzip) {
		return e, false
	}
	content, err := b.old.file.Decode(nil, v, e.Bytes, j.size)
	return e, err == nil && sha256.Sum256(content) == j.sum
}
