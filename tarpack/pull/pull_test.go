package pull_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tarpack/tpk/internal/filetest"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/attributes"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/pull"
	"github.com/tarpack/tpk/tarpack/shard"
	"github.com/tarpack/tpk/tarpack/source"
)

// A server is a source.Source that counts what it is asked for, and may fail.
type server struct {
	source.Source
	content []byte

	mu       sync.Mutex
	requests int
	bytes    int64
	asked    [][2]int64        // offset and length of each request
	fail     func(n int) error // of request n, from 0; half of its bytes are sent
	flip     func(n int) bool  // the first byte of request n is wrong
}

func (s *server) Identity() string { return fmt.Sprintf("%x", sha256.Sum256(s.content)) }

func (s *server) Get(_ context.Context, off, n int64) (io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.content[off : off+n]
	var err error
	if s.fail != nil {
		if err = s.fail(s.requests); err != nil {
			b = b[:len(b)/2]
		}
	}
	if s.flip != nil && s.flip(s.requests) {
		b = bytes.Clone(b)
		b[len(b)/2] ^= 0xff
	}
	s.requests++
	s.asked = append(s.asked, [2]int64{off, n})
	s.bytes += int64(len(b))
	if err != nil {
		return io.NopCloser(io.MultiReader(bytes.NewReader(b), failing{err})), nil
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// serve opens an archive as one on a server.
func serve(t *testing.T, name string, o *tarpack.OpenOptions) (*server, *tarpack.Archive) {
	t.Helper()
	s := &server{content: tartest.Read(t, name)}
	s.Source = source.Of(bytes.NewReader(s.content), int64(len(s.content)))
	side, err := os.ReadFile(name + format.SidecarSuffix)
	var a *tarpack.Archive
	if err == nil {
		a, err = tarpack.OpenSource(t.Context(), name, s, bytes.NewReader(side), int64(len(side)), o)
	} else {
		a, err = tarpack.OpenSource(t.Context(), name, s, nil, 0, o)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return s, a
}

// version returns the files of a site. Some differ from version to version, and all times do.
func version(t *testing.T, seed string, at int64) string {
	list := [][2]string{{"index.html", "version " + seed}, {"empty", ""}, {"link", "-> index.html"},
		{"a/dup", tartest.Text("same", 3000)}, {"b/dup", tartest.Text("same", 3000)},
		{"big", big(seed)}, {"hard", "=> index.html"}, {"x/y/z/", ""}, {"x/y/l", "-> ../../big"},
		{"new-" + seed, tartest.Text(seed, 10_000)}}
	for i := range 60 {
		list = append(list, [2]string{fmt.Sprintf("many/%02d/f", i), tartest.Text(fmt.Sprint(i), 5000)})
	}
	dir := tartest.Tree(t, list...)
	err := filepath.Walk(dir, func(name string, _ os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		return filetest.Lutimes(name, at)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// big is a content of several segments, of which one differs.
func big(seed string) string {
	return tartest.Text("1", 2<<20) + seed + strings.Repeat("-", 1<<20-len(seed)) +
		tartest.Text("2", 1<<19)
}

// copyTo copies an archive and its sidecar to a new directory.
func copyTo(t *testing.T, name string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "site.tar.gz")
	for _, suffix := range []string{"", format.SidecarSuffix} {
		if b, err := os.ReadFile(name + suffix); err == nil {
			tartest.WriteFile(t, to+suffix, b)
		}
	}
	return to
}

// wantSame compares an archive and its sidecar with another one.
func wantSame(t *testing.T, got, want string) {
	t.Helper()
	for _, suffix := range []string{"", format.SidecarSuffix} {
		w, err := os.ReadFile(want + suffix)
		g, gotErr := os.ReadFile(got + suffix)
		if (err == nil) != (gotErr == nil) || !bytes.Equal(g, w) {
			t.Errorf("%s%s: %d bytes, %v, want %d, %v", got, suffix, len(g), gotErr, len(w), err)
		}
	}
	names, err := filepath.Glob(filepath.Join(filepath.Dir(got), ".*"))
	if err != nil || len(names) > 0 {
		t.Errorf("left: %q, %v", names, err)
	}
}

// Every kind of archive is pulled over an old one, over none, and over a foreign or damaged one.
func TestPull(t *testing.T) {
	for kind, o := range map[string]pack.Options{
		"plain": {}, "sums": {SHA256: true}, "embedded": {EmbedIndex: true},
		"owners": {Owner: &attributes.Owner{ID: 7}}, "stored": {Level: pack.NoCompression, SHA256: true},
		"names": {Group: &attributes.Owner{ID: 7, Name: "www"}},
	} {
		t.Run(kind, func(t *testing.T) {
			from := tartest.Pack(t, version(t, "1", 1e9), o)
			if o.Owner != nil { // one that gives headers of the same length
				o.Owner = &attributes.Owner{ID: 3}
			}
			to := tartest.Pack(t, version(t, "2", 1.2e9), o)
			size := int64(len(tartest.Read(t, to)))
			for old, prepare := range map[string]func(name string){
				"old": func(string) {},
				"none": func(name string) {
					os.Remove(name)
					os.Remove(name + format.SidecarSuffix)
				},
				"foreign": func(name string) { tartest.WriteFile(t, name, []byte("hello")) },
				"damaged": func(name string) { // in many contents
					b := tartest.Read(t, name)
					for i := len(b) / 3; i < len(b)/2; i += 2000 {
						b[i] ^= 1
					}
					tartest.WriteFile(t, name, b)
				},
				"cut off": func(name string) {
					b := tartest.Read(t, name)
					tartest.WriteFile(t, name, b[:len(b)/2])
				},
				"no index": func(name string) { os.Remove(name + format.SidecarSuffix) },
			} {
				t.Run(old, func(t *testing.T) {
					name := copyTo(t, from)
					prepare(name)
					s, a := serve(t, to, nil)
					var notices []error
					res, err := pull.Pull(t.Context(), a, name,
						pull.Options{Notice: func(err error) { notices = append(notices, err) }})
					if err != nil {
						t.Fatal(err)
					}
					wantSame(t, name, to)
					if res.Fetched != s.bytes || int(res.Requests) != s.requests ||
						res.ArchiveBytes != size || res.Resumed != 0 ||
						res.Fetched+res.Copied+res.Made < size {
						t.Errorf("%+v, %d requests, %d bytes", res, s.requests, s.bytes)
					}
					t.Logf("%+v of %d, %v", res, size, notices)
					reused := old == "old" || old == "no index"
					reused = reused && kind != "owners" && kind != "names"
					if reused && res.Fetched > size/2 || res.Fetched > size*3/2 {
						t.Errorf("%d of %d bytes fetched", res.Fetched, size)
					}
				})
			}
		})
	}
}

// A run that is stopped at any request leaves the old archive and a journal, and the next one
// fetches only what is missing.
func TestResume(t *testing.T) {
	for kind, o := range map[string]pack.Options{
		"plain": {}, "owners": {Owner: &attributes.Owner{ID: 7}}, "sums": {SHA256: true},
	} {
		t.Run(kind, func(t *testing.T) {
			from := tartest.Pack(t, version(t, "1", 1e9), o)
			to := tartest.Pack(t, version(t, "2", 1.2e9), o)
			s, a := serve(t, to, nil)
			if _, err := pull.Pull(t.Context(), a, copyTo(t, from), pull.Options{}); err != nil {
				t.Fatal(err)
			}
			requests, total := s.requests, s.bytes
			for at := range requests {
				name := copyTo(t, from)
				s, a := serve(t, to, nil)
				cut := errors.New("cut off")
				s.fail = func(n int) error {
					if n >= at {
						return cut
					}
					return nil
				}
				if _, err := pull.Pull(t.Context(), a, name, pull.Options{}); !errors.Is(err, cut) {
					t.Fatalf("request %d: %v", at, err)
				}
				if !bytes.Equal(tartest.Read(t, name), tartest.Read(t, from)) {
					t.Fatalf("request %d: the old archive has changed", at)
				}
				left, err := filepath.Glob(filepath.Join(filepath.Dir(name), ".*"))
				if err != nil || len(left) != 1 || filepath.Base(left[0]) != ".site.tar.gz.pull.tpk-tmp" {
					t.Fatalf("request %d: left %q, %v", at, left, err)
				}
				tear(t, left[0], at)
				had := s.bytes
				s.fail = nil
				res, err := pull.Pull(t.Context(), a, name, pull.Options{})
				if err != nil {
					t.Fatal(err)
				}
				wantSame(t, name, to)
				// A gap that was joined before may be fetched in two parts now.
				if res.Resumed != had && at%3 == 0 || s.bytes > total+4096 || res.Fetched > total-had+4096 {
					t.Errorf("request %d of %d: %+v, %d and %d bytes, %d at once", at, requests, res, had,
						s.bytes-had, total)
				}
			}
		})
	}
}

// tear does to a journal what a crash may do: bytes of a record, or zeros, follow the last one.
func tear(t *testing.T, name string, kind int) {
	t.Helper()
	b := tartest.Read(t, name)
	switch kind % 3 {
	case 1:
		b = append(b, make([]byte, 100)...)
	case 2:
		b = append(b, b[40:60]...)
	}
	tartest.WriteFile(t, name, b)
}

// What was fetched of another generation is not used.
func TestOtherGeneration(t *testing.T) {
	from := tartest.Pack(t, version(t, "1", 1e9), pack.Options{})
	name := copyTo(t, from)
	s, a := serve(t, tartest.Pack(t, version(t, "2", 1.2e9), pack.Options{}), nil)
	s.fail = func(n int) error {
		if n > 0 {
			return source.ErrChanged
		}
		return nil
	}
	if _, err := pull.Pull(t.Context(), a, name, pull.Options{}); !errors.Is(err, source.ErrChanged) {
		t.Fatal(err)
	}
	to := tartest.Pack(t, version(t, "3", 1.3e9), pack.Options{})
	_, a = serve(t, to, nil)
	res, err := pull.Pull(t.Context(), a, name, pull.Options{})
	if err != nil || res.Resumed != 0 {
		t.Fatalf("%+v, %v", res, err)
	}
	wantSame(t, name, to)
}

// An expiring server is one whose Identity is another one each time, as the query of its URL is.
type expiring struct {
	*server
	id string
}

func (e expiring) Identity() string  { return e.id }
func (e expiring) ResumeKey() string { return e.server.Identity() }

// A download goes on if the ResumeKey is the same.
func TestResumeKey(t *testing.T) {
	from := tartest.Pack(t, version(t, "1", 1e9), pack.Options{})
	to := tartest.Pack(t, version(t, "2", 1.2e9), pack.Options{})
	name, cut := copyTo(t, from), errors.New("cut off")
	for _, id := range []string{"one", "two"} {
		s, side := serve(t, to, nil)
		a, err := tarpack.OpenSource(t.Context(), to, expiring{s, id}, side.Index(), side.Index().Size(),
			nil)
		if err != nil {
			t.Fatal(err)
		}
		s.fail = func(n int) error {
			if id == "one" && n > 0 {
				return cut
			}
			return nil
		}
		res, err := pull.Pull(t.Context(), a, name, pull.Options{})
		if id == "one" && !errors.Is(err, cut) || id == "two" && (err != nil || res.Resumed == 0) {
			t.Errorf("%s: %+v, %v", id, res, err)
		}
	}
	wantSame(t, name, to)
}

// Bytes that were damaged on the way are fetched once more; if they are always wrong, the old
// archive stays.
func TestFlipped(t *testing.T) {
	from := tartest.Pack(t, version(t, "1", 1e9), pack.Options{})
	to := tartest.Pack(t, version(t, "2", 1.2e9), pack.Options{})
	for _, always := range []bool{false, true} {
		name := copyTo(t, from)
		s, a := serve(t, to, nil)
		s.flip = func(n int) bool { return always || n < 2 }
		_, err := pull.Pull(t.Context(), a, name, pull.Options{})
		if !always {
			if err != nil {
				t.Fatal(err)
			}
			wantSame(t, name, to)
			continue
		}
		if !errors.Is(err, pull.ErrDamaged) ||
			!bytes.Equal(tartest.Read(t, name), tartest.Read(t, from)) {
			t.Errorf("%v", err)
		}
		if size := int64(len(s.content)); s.bytes > 3*size {
			t.Errorf("%d bytes fetched of %d", s.bytes, size)
		}
	}
}

// What the server has damaged, at any place that is asked for, fails with few requests more. The
// old archive is not blamed for it.
func TestDamagedServer(t *testing.T) {
	for kind, o := range map[string]pack.Options{"plain": {}, "sums": {SHA256: true},
		"owners": {Owner: &attributes.Owner{ID: 7}}} {
		t.Run(kind, func(t *testing.T) {
			from := tartest.Pack(t, version(t, "1", 1e9), o)
			to := tartest.Pack(t, version(t, "2", 1.2e9), o)
			s, a := serve(t, to, nil)
			if _, err := pull.Pull(t.Context(), a, copyTo(t, from), pull.Options{}); err != nil {
				t.Fatal(err)
			}
			failed := 0
			for _, r := range s.asked {
				d, a := serve(t, to, nil)
				d.content[r[0]+r[1]/2] ^= 0xff
				name := copyTo(t, from)
				_, err := pull.Pull(t.Context(), a, name, pull.Options{Notice: func(err error) {
					if errors.Is(err, pull.ErrReplaced) {
						t.Errorf("damage at %d: %v", r, err)
					}
				}})
				if err == nil { // the damage is between two ranges
					wantSame(t, name, to)
					continue
				}
				failed++
				if !errors.Is(err, pull.ErrDamaged) && !errors.Is(err, format.ErrCorrupt) ||
					!bytes.Equal(tartest.Read(t, name), tartest.Read(t, from)) {
					t.Errorf("damage at %d: %v", r, err)
				}
				if more := d.requests - s.requests; more > 8 {
					t.Errorf("damage at %d: %d requests, %d without", r, d.requests, s.requests)
				}
			}
			if failed < len(s.asked)/2 {
				t.Errorf("%d of %d failed", failed, len(s.asked))
			}
		})
	}
}

// With a signature, the result is the archive that was signed, also if owners have changed.
func TestSigned(t *testing.T) {
	for _, id := range []int{3, 7} {
		o := pack.Options{SHA256: true, Owner: &attributes.Owner{ID: 7}}
		from := tartest.Pack(t, version(t, "1", 1e9), o)
		o.Owner = &attributes.Owner{ID: id}
		to := tartest.Pack(t, version(t, "2", 1.2e9), o)
		trust := tartest.Sign(t, to)
		signed, err := trust.Open(to)
		if err != nil {
			t.Fatal(err)
		}
		s, a := serve(t, to, &tarpack.OpenOptions{Signed: signed})
		name := filepath.Join(filepath.Dir(copyTo(t, from)), filepath.Base(to))
		res, err := pull.Pull(t.Context(), a, name, pull.Options{Old: from})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := trust.Open(name); err != nil { // OUT has the name that was signed
			t.Error(err)
		}
		wantSame(t, name, to)
		if size := int64(len(s.content)); id == 7 && res.Fetched > size/4 {
			t.Errorf("%d of %d bytes fetched", res.Fetched, size)
		}
	}
}

// The archive is pulled from a set, from another place, and by the end of the context not at all.
func TestOld(t *testing.T) {
	from := tartest.Pack(t, version(t, "1", 1e9), pack.Options{})
	to := tartest.Pack(t, version(t, "2", 1.2e9), pack.Options{})
	name := filepath.Join(t.TempDir(), "site.tar.gz")
	_, a := serve(t, to, nil)
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	cancel(stopped)
	if _, err := pull.Pull(ctx, a, name, pull.Options{Old: from}); !errors.Is(err, stopped) {
		t.Errorf("%v", err)
	}
	if left, _ := os.ReadDir(filepath.Dir(name)); len(left) > 0 {
		t.Errorf("left %v", left)
	}
	_, err := pull.Pull(t.Context(), a, name, pull.Options{Old: name})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	var last pull.Progress
	res, err := pull.Pull(t.Context(), a, name, pull.Options{Old: from, Parallel: 1, Workers: 1,
		Progress: func(p pull.Progress) { last = p }})
	if err != nil || last.Fetched != res.Fetched || last.Total != res.ArchiveBytes ||
		last.Reused != res.Copied+res.Made {
		t.Errorf("%+v, %+v, %v", last, res, err)
	}
	wantSame(t, name, to)
}

// No archive takes the name of a shard set, of one of its shards, or one without room for ".tpi".
// Nothing is left.
func TestNames(t *testing.T) {
	dir := t.TempDir()
	tree := version(t, "1", 1e9)
	set := filepath.Join(dir, "site.tar.gz")
	res, err := shard.Pack(t.Context(), tree, set, shard.PackOptions{Shards: 2})
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, a := serve(t, tartest.Pack(t, tree, pack.Options{}), nil)
	for name, want := range map[string]error{
		set: format.ErrHidesSet, res.Shards[1].Name: format.ErrShardName,
		filepath.Join(dir, strings.Repeat("x", 253)): format.ErrLongName,
		dir: format.ErrNotRegular,
	} {
		if _, err := pull.Pull(t.Context(), a, name, pull.Options{}); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after, err := os.ReadDir(dir); err != nil || len(after) != len(before) {
		t.Errorf("%v, %v", after, err)
	}
}
