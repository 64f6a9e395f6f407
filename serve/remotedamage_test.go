package serve_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
)

// member returns where the gzip member of a file lies in the archive that was put last.
func (s *storage) member(t *testing.T, path string) sidecar.Entry {
	t.Helper()
	a, err := tarpack.Open(t.Context(), s.local, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	i, ok, err := a.Index().Lookup(path)
	if err != nil || !ok {
		t.Fatalf("%s: %v, %v", path, ok, err)
	}
	e, err := a.Index().Entry(i)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// ask requests a file. whole is false if the body ended early.
func ask(t *testing.T, url string, header ...string) (status int, body string, whole bool) {
	t.Helper()
	return get(t, plainClient, url, header...)
}

// inflate returns the content of a gzip member, if it is one.
func inflate(body string) (string, error) {
	z, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(z)
	return string(b), err
}

// rightOrNone reports whether a server has sent a complete file. That must be what is wanted,
// unless that is "".
func rightOrNone(t *testing.T, url, want string, header []string) bool {
	t.Helper()
	status, body, whole := ask(t, url, header...)
	if !whole || status == 500 || status == 503 {
		return false
	}
	err := error(nil)
	if strings.Contains(strings.Join(header, " "), "gzip") {
		body, err = inflate(body)
	}
	if err != nil || want != "" && body != want {
		t.Errorf("%d with %d wrong bytes, %v", status, len(body), err)
	}
	return true
}

// A file is asked for whose bytes the server of the archive sends damaged, once or always, in each
// of the ways that a body is sent. Nothing wrong is the end of a complete answer, and nothing wrong
// stays in the cache: what was damaged once is right from then on, also after a restart without the
// server.
func TestRemoteDamage(t *testing.T) {
	long, short := words(1_500_000), words(2000)
	stored, noisy := noise(3000), noise(2<<20)
	site := files{"long": long, "short": short, "stored": stored, "noisy": noisy, "z": "z"}
	gz := "Accept-Encoding: gzip"
	for _, c := range []struct {
		path, want string
		header     string
	}{
		{"short", short, gz}, {"short", short, ""},
		{"short", short[5:900], "Range: bytes=5-899"},
		{"short", "", "Range: bytes=5-99,200-300"},
		{"stored", stored, ""}, {"stored", stored[7:], "Range: bytes=7-"},
		{"stored", stored, "Accept-Encoding: gzip, identity;q=0"},
		{"long", long, gz}, {"long", long, ""},
		{"noisy", noisy, ""}, {"noisy", noisy, "Accept-Encoding: gzip, identity;q=0"},
	} {
		for _, times := range []int{1, 1000} {
			t.Run(fmt.Sprint(c.path, c.header, times), func(t *testing.T) {
				header := []string{"Accept-Encoding: identity"}
				if c.header != "" {
					header = append(header, c.header)
				}
				askDamaged(t, site, times, c.path, c.want, header)
			})
		}
	}
}

// askDamaged asks for a file of a site whose bytes come wrong so many times: once or always.
func askDamaged(t *testing.T, site files, times int, path, want string, header []string) {
	t.Helper()
	s, dir := newStorage(t), t.TempDir()
	s.put(t, site)
	e := s.member(t, path)
	s.wrong[e.ContentOffset()+e.ContentLen/2] = times
	open := func() *running {
		return start(t, serve.Options{CacheDir: t.TempDir(), Archives: []serve.Archive{
			s.archive(blocks.New(blocks.Options{Dir: dir, ReadAhead: -1}))}})
	}
	r := open()
	right := func(r *running) bool {
		t.Helper()
		return rightOrNone(t, r.url("/"+path), want, header)
	}
	// A neighbour in the same block is right.
	if status, body, _ := ask(t, r.url("/z")); status != 200 || body != "z" {
		t.Errorf("/z: %d %q", status, body)
	}
	first, second := right(r), right(r)
	if times > 1 {
		if first || second {
			t.Error("a damaged file was sent")
		}
		return
	}
	if e.ContentLen < 1<<20 && !first || !second {
		t.Error("damaged once:", first, second)
	}
	s.down.Store(true)
	if !right(r) {
		t.Error("it is not in the cache")
	}
	r.stop()
	s.down.Store(false)
	r = open()
	s.down.Store(true)
	if !right(r) {
		t.Error("it is not in the cache after a restart")
	}
}

// A file that was right, and was driven out of the cache, comes again with a wrong byte.
func TestRemoteDamagedLater(t *testing.T) {
	site := files{}
	for i := range 40 {
		site[fmt.Sprint(i)] = noise(200_000 + i)
	}
	for name, o := range map[string]blocks.Options{
		"disk": {Dir: t.TempDir(), Limit: 3 << 20}, "memory": {Memory: 1 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStorage(t)
			s.put(t, site)
			o.ReadAhead = -1
			r := start(t, serve.Options{Archives: []serve.Archive{s.archive(blocks.New(o))}})
			for range 2 {
				if status, body, _ := ask(t, r.url("/7")); status != 200 || body != site["7"] {
					t.Fatal(status, len(body))
				}
			}
			s.mu.Lock()
			s.wrong[s.member(t, "7").ContentOffset()+99_000] = 1000
			s.mu.Unlock()
			for path, want := range site {
				if path == "7" {
					continue
				}
				if status, body, _ := ask(t, r.url("/"+path)); status != 200 || body != want {
					t.Fatalf("/%s: %d, %d bytes", path, status, len(body))
				}
			}
			for range 3 {
				status, body, whole := ask(t, r.url("/7"))
				if whole && status != 500 && (name == "memory" || body != site["7"]) {
					t.Error("damaged:", status, len(body)) // the disk may have some of it still
				}
			}
		})
	}
}
