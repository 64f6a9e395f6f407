package serve_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"aead.dev/minisign"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/sign"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/source"
)

// packSigned packs files and signs the archive with a new key.
func packSigned(t *testing.T, f files) (name string, trust *signature.Trust) {
	t.Helper()
	key := signingKey(t)
	return f.packSignedWith(t, key, 0), &signature.Trust{Key: key.Public()}
}

// signingKey returns a new key.
func signingKey(t *testing.T) signature.SecretKey {
	t.Helper()
	_, private, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := private.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	key, err := signature.ParseSecretKey(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// packSignedWith packs files and signs the archive.
func (fs files) packSignedWith(t *testing.T, key signature.SecretKey, level int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "dir")
	fs.write(t, dir)
	name := filepath.Join(t.TempDir(), "a.tar.gz")
	_, err := pack.Dir(t.Context(), dir, name, pack.Options{SHA256: true, Level: level})
	if err == nil {
		_, err = sign.Sign(t.Context(), name, key, sign.Options{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// counted counts the bytes that are read from a source.
type counted struct {
	source.Source
	bytes atomic.Int64
}

func (s *counted) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.Source.ReadAt(p, off)
	s.bytes.Add(int64(n))
	return n, err
}

func (s *counted) ReadNow(p []byte, off int64) bool {
	n, _ := s.ReadAt(p, off)
	return n == len(p)
}

// signedFiles are the files of a signed archive.
type signedFiles struct{ archive, index, sum, signature []byte }

func readSigned(t *testing.T, name string) (f signedFiles) {
	t.Helper()
	for suffix, b := range map[string]*[]byte{
		"": &f.archive, format.SidecarSuffix: &f.index, signature.SumSuffix: &f.sum,
		signature.SignatureSuffix: &f.signature,
	} {
		var err error
		if *b, err = os.ReadFile(name + suffix); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// open opens the archive in memory.
func (f *signedFiles) open(t *testing.T, o *tarpack.OpenOptions) (*counted, *tarpack.Archive) {
	t.Helper()
	n := int64(len(f.archive))
	src := &counted{Source: source.Of(bytes.NewReader(f.archive), n)}
	a, err := tarpack.OpenSource(t.Context(), "a", src, bytes.NewReader(f.index),
		int64(len(f.index)), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return src, a
}

// TestSignedAtOnce: of requests for a file that come together, one compares it with what was
// signed, and the others wait for that.
func TestSignedAtOnce(t *testing.T) {
	name, trust := packSigned(t, files{"noise.bin": noise(3 << 20)})
	f := readSigned(t, name)
	signed, err := trust.Check(name, f.sum, f.signature)
	if err != nil {
		t.Fatal(err)
	}
	src, a := f.open(t, &tarpack.OpenOptions{Signed: signed})
	procs := runtime.GOMAXPROCS(1) // as many contents are read at the same time
	c := clients(t, serve.Options{Archives: []serve.Archive{{Opened: a}}, Trust: trust})[0]
	runtime.GOMAXPROCS(procs)
	get := func() {
		if resp, body := c.do(t, "GET", "/noise.bin"); resp.StatusCode != 200 || len(body) != 3<<20 {
			t.Errorf("%s, %d bytes", resp.Status, len(body))
		}
	}
	const requests = 8
	before := src.bytes.Load()
	var all sync.WaitGroup
	for range requests {
		all.Go(get)
	}
	all.Wait()
	together := src.bytes.Load() - before
	before = src.bytes.Load()
	get()
	if one := src.bytes.Load() - before; together > (requests+2)*one {
		t.Errorf("%d requests read %d bytes, one that comes later %d", requests, together, one)
	}
}

// TestSigned serves a signed archive that the program has opened. Each file is read twice for its
// first answer, for the check and for the answer, and once for later ones.
func TestSigned(t *testing.T) {
	tree := files{
		"page.html": words(5000), "stored.bin": noise(200 << 10), "large.txt": words(3 << 20),
	}
	name, trust := packSigned(t, tree)
	f := readSigned(t, name)
	signed, err := trust.Check(name, f.sum, f.signature)
	if err != nil {
		t.Fatal(err)
	}
	src, a := f.open(t, &tarpack.OpenOptions{Signed: signed})
	c := clients(t, serve.Options{Archives: []serve.Archive{{Opened: a}}, Trust: trust})[0]
	for path, content := range tree {
		var costs [3]int64
		for i := range costs {
			before := src.bytes.Load()
			resp, body := c.do(t, "GET", "/"+path, "Accept-Encoding: gzip")
			if resp.Header.Get("Content-Encoding") == "gzip" {
				body = gunzip(t, body)
			}
			if resp.StatusCode != 200 || body != content {
				t.Errorf("%s: %s, %d bytes", path, resp.Status, len(body))
			}
			costs[i] = src.bytes.Load() - before
		}
		if costs[1] != costs[2] || costs[0] <= costs[1] {
			t.Errorf("%s: answers read %d bytes", path, costs)
		}
	}
	_, unsigned := f.open(t, nil)
	s, err := serve.New(serve.Options{Archives: []serve.Archive{{Opened: unsigned}}, Trust: trust})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Load(t.Context()); !errors.Is(err, signature.ErrUnsigned) {
		t.Errorf("an archive that was opened without a signature: %v", err)
	}
}
