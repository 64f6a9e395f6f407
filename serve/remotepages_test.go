package serve_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
)

// farPages are pages of an archive on a server at /m, with what they show, and whether they need
// more of it than the index.
var farPages = map[string]struct {
	want     string
	contents bool
}{
	"/m/?list":                     {"README.md", false},
	"/m/?list=overview":            {"text.txt", false},
	"/m/?list=compare&with=/local": {"text.txt", false},
	"/m/?q=text":                   {"text.txt", false},
	"/m/?list=readme":              {"words of the README", true},
	"/m/?list=compare&with=/local&file=d/text.txt": {"zebras", true},
	"/local/?list=compare&with=/m&file=d/text.txt": {"zebras", true},
}

// farTree is a tree whose texts lie in blocks of their own, and are stored nowhere else.
func farTree() files {
	return files{"README.md": "The words of the README", "a": noise(200_000), "d/a": noise(200_001),
		"d/text.txt": "zebras\n", "d/z": noise(200_002)}
}

// TestPagesOfFar: while the server of an archive is down, or ends its answers halfway, pages of its
// contents are a 503, and the others are there. Then they are right.
func TestPagesOfFar(t *testing.T) {
	local := files{"d/text.txt": "something else entirely\n"}.pack(t,
		filepath.Join(t.TempDir(), "local.tar.gz"))
	halfway := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100000")
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write(make([]byte, 100))
	})
	for page, p := range farPages {
		s := newStorage(t)
		s.put(t, farTree())
		far := s.open("/a.tar.gz", blocks.New(blocks.Options{Dir: t.TempDir(), ReadAhead: -1}))
		far.Mount = "/m"
		r := start(t, listed(far, serve.Archive{Path: local, Mount: "/local"}))
		ask := func(when string, status int) {
			t.Helper()
			got, body := fetch(t, plainClient, r.url(page))
			if got != status || status == 200 && !strings.Contains(body, p.want) {
				t.Errorf("%s, %s: %d, want %d: %s", page, when, got, status, body)
			}
		}
		needs := 200
		if p.contents {
			needs = 503
		}
		s.down.Store(true)
		ask("down", needs)
		s.down.Store(false)
		s.answer.Store(&halfway)
		ask("halfway", needs)
		s.answer.Store(nil)
		ask("up", 200)
		s.down.Store(true)
		ask("remembered", 200)
	}
}

// TestPagesOfDamaged: what is damaged on the way from a server is on no page. If that happens once,
// the page has what is right.
func TestPagesOfDamaged(t *testing.T) {
	local := files{"d/text.txt": "something else entirely\n"}.pack(t,
		filepath.Join(t.TempDir(), "local.tar.gz"))
	for page, p := range farPages {
		if !p.contents {
			continue
		}
		for _, times := range []int{1, 1000} {
			s := newStorage(t)
			s.put(t, farTree())
			for _, path := range []string{"README.md", "d/text.txt"} {
				e := s.member(t, path)
				s.wrong[e.ContentOffset()+e.ContentLen-12] = times // before the CRC-32
			}
			far := s.open("/a.tar.gz", blocks.New(blocks.Options{Dir: t.TempDir(), ReadAhead: -1}))
			far.Mount = "/m"
			r := start(t, listed(far, serve.Archive{Path: local, Mount: "/local"}))
			status, body := fetch(t, plainClient, r.url(page))
			if right := strings.Contains(body, p.want); right != (status == 200) ||
				times == 1 && !right || times > 1 && right {
				t.Errorf("%s, %d times: %d %s", page, times, status, body)
			}
		}
	}
}

// TestPagesOfReplacedFar: when an archive is replaced on its server, pages are of the one before,
// or of the new one, or a 503, and soon of the new one.
func TestPagesOfReplacedFar(t *testing.T) {
	other := files{"same.txt": "one\ntwo\n"}.pack(t, filepath.Join(t.TempDir(), "other.tar.gz"))
	s := newStorage(t)
	s.put(t, generation(0))
	far := s.open("/a.tar.gz", blocks.New(blocks.Options{Dir: t.TempDir(), ReadAhead: -1}))
	far.Mount = "/a"
	r := start(t, listed(far, serve.Archive{Path: other, Mount: "/b"}),
		serve.RunOptions{Poll: 5 * time.Millisecond})
	for n := range 4 {
		s.put(t, generation(n%2))
		now, before := []string{"gen-0", "gen-1"}[n%2], []string{"gen-1", "gen-0"}[n%2]
		for _, page := range []string{"/a/?list", "/a/?list=readme", "/a/?list=overview",
			"/a/?list=compare&with=/b", "/b/?list=compare&with=/a&file=same.txt"} {
			eventually(t, page+" is new", func() bool {
				status, body := fetch(t, plainClient, r.url(page))
				isNew, isOld := strings.Contains(body, now), strings.Contains(body, before)
				if status != 503 && (status != 200 || isNew == isOld) {
					t.Errorf("%s: %d, new: %v, old: %v", page, status, isNew, isOld)
				}
				return isNew
			})
		}
	}
}
