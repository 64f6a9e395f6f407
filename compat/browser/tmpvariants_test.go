package browser

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/pack"
)

func packVariants(t *testing.T, dir string) string {
	t.Helper()
	name := dir + ".tar.gz"
	if _, err := pack.Dir(context.Background(), dir, name, pack.Options{}); err != nil {
		t.Fatal(err)
	}
	a, err := tarpack.Open(context.Background(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	x := a.Index()
	f, err := os.Create(name + ".tpv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := variants.NewWriter(f, variants.Of(x), variants.Settings{})
	br := func(b []byte) []byte {
		var o bytes.Buffer
		w := brotli.NewWriterLevel(&o, 9)
		_, _ = w.Write(b)
		_ = w.Close()
		return o.Bytes()
	}
	var dict []byte
	number := 0
	for i := range x.Len() {
		e, _ := x.Entry(i)
		path, _ := x.Path(i)
		if e.Type != sidecar.TypeFile || e.Size == 0 || !strings.HasSuffix(path, ".html") {
			continue
		}
		c, err := a.OpenContent(i)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(c)
		if err != nil {
			t.Fatal(err)
		}
		if dict == nil {
			dict = content
			if number, err = w.AddDictionary(variants.Dictionary{Kind: ".html", Bytes: dict, Brotli: br(dict)}); err != nil {
				t.Fatal(err)
			}
		}
		var v [variants.NumCodings]variants.Encoded
		v[variants.Brotli].Bytes = br(content)
		z, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderDictRaw(0, dict))
		v[variants.DictionaryZstd] = variants.Encoded{Dictionary: number, Bytes: append(
			variants.AppendDCZHeader(nil, sha256.Sum256(dict)), z.EncodeAll(content, nil)...)}
		if _, err := w.Add(i, e.Size, sha256.Sum256(content), v); err != nil {
			t.Fatal(err)
		}
	}
	size, err := w.Finish()
	if err == nil {
		err = f.Truncate(size)
	}
	if err != nil {
		t.Fatal(err)
	}
	return name
}
