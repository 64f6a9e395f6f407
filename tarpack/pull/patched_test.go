package pull_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/attributes"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/patch"
	"github.com/tarpack/tpk/tarpack/pull"
	"github.com/tarpack/tpk/tarpack/source"
)

// A patchServer has a patch. It shares the requests of the server of the archive.
type patchServer struct {
	*server
	b  []byte
	id string
}

func (p *patchServer) Name() string     { return "http://x/a.tpp" }
func (p *patchServer) Size() int64      { return int64(len(p.b)) }
func (p *patchServer) Identity() string { return p.id }
func (p *patchServer) Close() error     { return nil }

func (p *patchServer) ReadAt(b []byte, off int64) (int, error) {
	return bytes.NewReader(p.b).ReadAt(b, off)
}

func (p *patchServer) Get(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	s := &server{content: p.b, fail: p.fail, requests: p.requests}
	body, err := s.Get(ctx, off, n)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests, p.bytes = s.requests, p.bytes+s.bytes
	return body, err
}

// open returns the option that opens a patch.
func (s *server) open(b []byte) func(context.Context, uint64) (pull.Patch, error) {
	return func(context.Context, uint64) (pull.Patch, error) {
		return &patchServer{s, b, fmt.Sprint(xxhash.Sum64(b))}, nil
	}
}

// patchOf returns the patch between two archives.
func patchOf(t *testing.T, from, to string) []byte {
	t.Helper()
	name := filepath.Join(t.TempDir(), "p.tpp")
	if _, err := patch.Make(t.Context(), from, to, patch.Options{Out: name}); err != nil {
		t.Fatal(err)
	}
	return tartest.Read(t, name)
}

// A pull with a patch makes every kind of archive, and fetches little but the patch.
func TestPatched(t *testing.T) {
	for kind, o := range map[string]pack.Options{
		"plain": {}, "sums": {SHA256: true}, "embedded": {EmbedIndex: true},
		"owners": {Owner: &attributes.Owner{ID: 7, Name: "www"}},
	} {
		t.Run(kind, func(t *testing.T) {
			from := tartest.Pack(t, version(t, "1", 1e9), o)
			to := tartest.Pack(t, version(t, "2", 1.2e9), o)
			b := patchOf(t, from, to)
			for old, c := range map[string]struct {
				prepare func(name string)
				patched bool
				notices bool
			}{
				"old":  {func(string) {}, true, false},
				"none": {func(name string) { os.Remove(name) }, false, false},
				"damaged": {func(name string) { // what is copied and what is not
					b := tartest.Read(t, name)
					for i := len(b) / 3; i < len(b)/2; i += 2000 {
						b[i] ^= 1
					}
					tartest.WriteFile(t, name, b)
				}, false, true},
			} {
				name := copyTo(t, from)
				c.prepare(name)
				s, a := serve(t, to, nil)
				var notices []error
				po := pull.Options{Notice: func(err error) { notices = append(notices, err) }}
				po.Patch = s.open(b)
				res, err := pull.Pull(t.Context(), a, name, po)
				if err != nil {
					t.Fatalf("%s: %v", old, err)
				}
				wantSame(t, name, to)
				if (res.Patch > 0) != c.patched || (len(notices) > 0) != c.notices ||
					c.patched && (res.Fetched != int64(len(b)) || res.Copied+res.Made != res.ArchiveBytes) {
					t.Errorf("%s: %+v of a patch of %d bytes, %q", old, res, len(b), notices)
				}
			}
		})
	}
}

// Whatever a server offers as a patch, the result is the new archive.
func TestHostilePatch(t *testing.T) {
	from := tartest.Pack(t, version(t, "1", 1e9), pack.Options{})
	to := tartest.Pack(t, version(t, "2", 1.2e9), pack.Options{})
	third := tartest.Pack(t, version(t, "3", 1.2e9), pack.Options{})
	good := patchOf(t, from, to)
	poke := func(at int, v byte) []byte {
		b := bytes.Clone(good)
		b[at] ^= v
		binary.LittleEndian.PutUint64(b[patch.HeaderSize-8:], xxhash.Sum64(b[:patch.HeaderSize-8]))
		return b
	}
	cases := map[string][]byte{
		"empty": {}, "text": []byte("hello"), "cut off": good[:len(good)/2],
		"of another old archive": patchOf(t, third, to), "to another": patchOf(t, from, third),
		"other sum": poke(50, 1), "other size": poke(40, 1), "newer version": poke(8, 3),
		"other encoder": poke(12, 1), "long": append(bytes.Clone(good), make([]byte, 1<<20)...),
	}
	for at := patch.HeaderSize; at < len(good); at += len(good) / 20 {
		cases[fmt.Sprint("byte ", at)] = poke(at, 0x40)
	}
	for kind, b := range cases {
		s, a := serve(t, to, nil)
		name := copyTo(t, from)
		notices := 0
		res, err := pull.Pull(t.Context(), a, name, pull.Options{
			Patch: s.open(b), Notice: func(error) { notices++ }})
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		wantSame(t, name, to)
		if notices == 0 && res.Patch == 0 && kind != "long" {
			t.Errorf("%s: %+v and no notice", kind, res)
		}
	}
}

// What is no patch for the archives costs no more than the bytes of a header, and is named.
func TestPatchHeader(t *testing.T) {
	from := tartest.Pack(t, version(t, "1", 1e9), pack.Options{})
	to := tartest.Pack(t, version(t, "2", 1.2e9), pack.Options{})
	third := tartest.Pack(t, version(t, "3", 1.2e9), pack.Options{})
	s, a := serve(t, to, nil)
	if _, err := pull.Pull(t.Context(), a, copyTo(t, from), pull.Options{}); err != nil {
		t.Fatal(err)
	}
	without := s.bytes
	for kind, b := range map[string][]byte{
		"zeros": make([]byte, 10_000), "of another archive": patchOf(t, third, to),
		"short": []byte("TPKPATCH"), "cut off": patchOf(t, from, to)[:900],
	} {
		s, a := serve(t, to, nil)
		var notices []error
		_, err := pull.Pull(t.Context(), a, copyTo(t, from), pull.Options{Patch: s.open(b),
			Notice: func(err error) { notices = append(notices, err) }})
		if err != nil || len(notices) != 1 ||
			!strings.HasPrefix(notices[0].Error(), "http://x/a.tpp: ") ||
			s.bytes > without+patch.HeaderSize {
			t.Errorf("%s: %v, %q, %d bytes, %d without", kind, err, notices, s.bytes, without)
		}
	}
}

// Errors of opening a patch: none is as usual, others are notices.
func TestNoPatch(t *testing.T) {
	from := tartest.Pack(t, version(t, "1", 1e9), pack.Options{})
	to := tartest.Pack(t, version(t, "2", 1.2e9), pack.Options{})
	for _, failed := range []error{fs.ErrNotExist, source.ErrUnavailable} {
		_, a := serve(t, to, nil)
		name := copyTo(t, from)
		notices := 0
		_, err := pull.Pull(t.Context(), a, name, pull.Options{
			Patch:  func(context.Context, uint64) (pull.Patch, error) { return nil, failed },
			Notice: func(error) { notices++ }})
		if err != nil || (notices > 0) != (failed != fs.ErrNotExist) {
			t.Errorf("%v: %v, %d notices", failed, err, notices)
		}
		wantSame(t, name, to)
	}
}

// A pull that is stopped while it fetches a patch goes on there, unless the patch is another one.
func TestResumePatch(t *testing.T) {
	from := tartest.Pack(t, version(t, "1", 1e9), pack.Options{})
	to := tartest.Pack(t, version(t, "2", 1.2e9), pack.Options{})
	b := patchOf(t, from, to)
	for _, other := range []bool{false, true} {
		s, a := serve(t, to, nil)
		name := copyTo(t, from)
		cut := errors.New("cut off")
		s.fail = func(int) error { return cut }
		o := pull.Options{Patch: s.open(b)}
		if _, err := pull.Pull(t.Context(), a, name, o); !errors.Is(err, cut) {
			t.Fatal(err)
		}
		if !bytes.Equal(tartest.Read(t, name), tartest.Read(t, from)) {
			t.Fatal("the old archive has changed")
		}
		s.fail = nil
		if other {
			o.Patch = func(context.Context, uint64) (pull.Patch, error) {
				return &patchServer{s, b, "renewed"}, nil
			}
		}
		had := s.bytes
		res, err := pull.Pull(t.Context(), a, name, o)
		if err != nil || res.Patch == 0 || !other && s.bytes != int64(len(b)) ||
			other && s.bytes-had != int64(len(b)) {
			t.Errorf("%+v, %v: %d and %d bytes of %d", res, err, had, s.bytes-had, len(b))
		}
		wantSame(t, name, to)
	}
}

// With a signature, a patch to another archive with the same index is not used.
func TestSignedPatch(t *testing.T) {
	noise := tartest.Noise("n", 3000)
	from := tartest.Pack(t, tartest.Tree(t, [2]string{"b", noise + "old"}), pack.Options{SHA256: true})
	one, other := twins(t, noise)
	signed, err := tartest.Sign(t, one).Open(one)
	if err != nil {
		t.Fatal(err)
	}
	for to, patched := range map[string]bool{one: true, other: false} {
		s, a := serve(t, one, &tarpack.OpenOptions{Signed: signed})
		name := filepath.Join(t.TempDir(), "other-name.tar.gz")
		res, err := pull.Pull(t.Context(), a, name, pull.Options{Old: from,
			Patch: s.open(patchOf(t, from, to))})
		if err != nil || (res.Patch > 0) != patched {
			t.Errorf("%+v, %v", res, err)
		}
		wantSame(t, name, one)
	}
}
