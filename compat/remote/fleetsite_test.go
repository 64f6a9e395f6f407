package remote

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
)

// A site has files whose contents are known for each generation. A third of them changes with each.
type site struct {
	files int
	quiet bool // the file of that number is a long one, and the first of the archive

	mu       sync.Mutex
	archives [][]byte // of the generations, as far as they were packed
	known    map[[32]byte]version
	tags     map[string][32]byte // of the contents that were sent with each ETag
}

// version is a generation of a file, the first that has its content.
type version struct{ file, generation int }

func newSite(t testing.TB, files int, quiet bool) *site {
	s := &site{files: files, quiet: quiet, known: map[[32]byte]version{}, tags: map[string][32]byte{}}
	s.archive(t, 0)
	return s
}

// quiet is a file that no load asks for. Nothing is before it in the archive. So no cache has it.
const quiet = 6

// middle is a long file between small ones.
const middle = 151

func (s *site) path(i int) string {
	if s.quiet && i == quiet {
		return "/a/quiet"
	}
	return fmt.Sprintf("/d%d/f%d", i%20, i)
}

// content returns a file of a generation: long ones, some that can't be compressed, and text.
func (s *site) content(i, generation int) []byte {
	if i%3 != 0 {
		generation = 0
	}
	switch {
	case i == 0, i == middle, s.quiet && i == quiet:
		return noise(3<<20, i, generation)
	case i%50 == 0:
		return noise(100_000+i, i, generation)
	}
	line := fmt.Sprintf("file %d of generation %d\n", i, generation)
	return bytes.Repeat([]byte(line), 1+i*7%500)
}

// noise returns n bytes that have no pattern.
func noise(n, i, generation int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(i), byte(i >> 8), byte(generation)}).Read(b)
	return b
}

// archive returns a generation as an archive with its index in it.
func (s *site) archive(t testing.TB, generation int) []byte {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.archives) <= generation {
		g := len(s.archives)
		dir := tools.Dir(t)
		for i := range s.files {
			b := s.content(i, g)
			name := filepath.Join(dir, "tree", s.path(i))
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, b, 0o644); err != nil {
				t.Fatal(err)
			}
			if sum := sha256.Sum256(b); i%3 == 0 || g == 0 {
				s.known[sum] = version{i, g}
			}
		}
		name := filepath.Join(dir, "a.tar.gz")
		fixture.Pack(t, filepath.Join(dir, "tree"), name, "--embed-index", "--level", "1")
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s.archives = append(s.archives, b)
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	return s.archives[generation]
}

// put uploads a generation, every other one in parts.
func (s *site) put(t testing.TB, g *gateway, generation int) {
	t.Helper()
	part := uint64(0)
	if generation%2 == 1 {
		part = 5 << 20
	}
	g.put(t, fleetKey, s.archive(t, generation), part)
}

// check requires that a body is that of a file, in a generation that is not older than oldest, and
// that its ETag was only ever sent with this body. It returns the generation.
func (s *site) check(
	t testing.TB, i, oldest int, coding, contentCoding, tag string, body []byte,
) (generation int) {
	t.Helper()
	sent := sha256.Sum256(body)
	if contentCoding == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err == nil {
			body, err = io.ReadAll(z)
		}
		if err != nil {
			t.Errorf("%s: %d bytes that are no gzip: %v", s.path(i), len(body), err)
			return 0
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.known[sha256.Sum256(body)]
	if !ok || v.file != i {
		t.Errorf("%s, %q: %d bytes of no generation", s.path(i), coding, len(body))
		return 0
	}
	if i%3 == 0 && v.generation < oldest {
		t.Errorf("%s is of generation %d, and all servers had %d", s.path(i), v.generation, oldest)
	}
	if was, ok := s.tags[tag]; !strings.HasPrefix(tag, `"`) || ok && was != sent &&
		contentCoding != "gzip" { // the same content can be packed by other bytes
		t.Errorf("%s: ETag %s was sent with another body", s.path(i), tag)
	}
	s.tags[tag] = sent
	return v.generation
}

// mustHave requires that a server has a file of a generation, with and without gzip.
func (s *site) mustHave(t testing.TB, host string, i, generation int) {
	t.Helper()
	for _, coding := range []string{"gzip", "identity"} {
		status, body, h := request(t, host+s.path(i), coding)
		if status != 200 {
			t.Errorf("%s: %d", s.path(i), status)
			continue
		}
		got := s.check(t, i, generation, coding, h.Get("Content-Encoding"), h.Get("ETag"), body)
		if i%3 == 0 && got != generation {
			t.Errorf("%s is of generation %d, not %d", s.path(i), got, generation)
		}
	}
}
