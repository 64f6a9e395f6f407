package tartest

import (
	"bytes"
	"compress/gzip"
	"slices"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/tarpack/tpk/tarpack/siblings"
)

// Gzip returns a content as one member of gzip.
func Gzip(content string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(content)) //nolint:errcheck // into memory
	w.Close()
	return b.String()
}

// Brotli returns a content in brotli.
func Brotli(content string) string {
	var b bytes.Buffer
	w := brotli.NewWriterLevel(&b, 9)
	w.Write([]byte(content)) //nolint:errcheck // into memory
	w.Close()
	return b.String()
}

// Zstd returns a content as one frame of Zstandard.
func Zstd(content string) string {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	return string(w.EncodeAll([]byte(content), nil))
}

// Sibling returns the precompressed sibling of the file name, for Tree.
func Sibling(name, content string) [2]string { return [2]string{name + ".gz", Gzip(content)} }

// SiblingsOption is the field Siblings, with which the sibling of x.log is left out.
func SiblingsOption() Option {
	return Option{Field: "Siblings", Value: &siblings.Set{}, Effect: func(zero, set *Outcome) bool {
		return slices.Contains(zero.Paths, "x.log.gz") && !slices.Contains(set.Paths, "x.log.gz")
	}}
}
