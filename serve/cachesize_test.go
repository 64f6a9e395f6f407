package serve_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/internal/filetest"
	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
)

// taken returns how many bytes the files of a directory have on the disk, as far as they are
// blocks or not.
func taken(t *testing.T, dir string) (ofBlocks, others int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		n := onDisk(t, path)
		if strings.HasPrefix(d.Name(), "blocks-") {
			ofBlocks += n
		} else {
			others += n
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ofBlocks, others
}

// What was converted counts for the size of the cache: what is no longer served is removed, and
// what was fetched takes the rest.
func TestCacheSize(t *testing.T) {
	const limit = 4 << 20
	dir, cache := t.TempDir(), filepath.Join(t.TempDir(), "cache")
	s := newStorage(t)
	site := files{}
	for i := range 40 {
		site[fmt.Sprint("remote", i)] = noise(200_000 + i)
	}
	s.put(t, site)
	zip := func(i int) string {
		name := filepath.Join(dir, fmt.Sprint(i, ".zip"))
		writeZip(t, name, noise(1_500_000+i))
		return name
	}
	r := start(t, serve.Options{CacheDir: cache, CacheSize: limit, Archives: []serve.Archive{
		{Path: zip(0), Mount: "/zip"},
		s.archive(blocks.New(blocks.Options{Dir: cache, Limit: limit, ReadAhead: -1}))}})
	for i := 1; i < 5; i++ {
		body := fmt.Sprintf(`[{"path": %q, "mount": "/zip"}]`, zip(i))
		if status, answer := admin(t, r.Server, "DELETE", "/archives?mount=/zip&path="+
			filepath.Join(dir, fmt.Sprint(i-1, ".zip")), ""); status != 200 {
			t.Fatal(answer)
		}
		if status, answer := admin(t, r.Server, "POST", "/archives", body); status != 200 {
			t.Fatal(answer)
		}
		if status, got := fetch(t, plainClient, r.url("/zip/")); status != 200 ||
			got != noise(1_500_000+i) {
			t.Fatal(status, len(got))
		}
		for path, want := range site {
			if status, got := fetch(t, plainClient, r.url("/"+path)); status != 200 || got != want {
				t.Fatal(path, status, len(got))
			}
		}
		if b, others := taken(t, cache); b+others > limit+limit/8 || b < limit/8 || others < 1_500_000 {
			t.Errorf("%d: %d bytes of blocks and %d of others, of %d", i, b, others, int64(limit))
		}
	}
}

func onDisk(t *testing.T, path string) int64 {
	t.Helper()
	fi, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return filetest.OnDisk(fi)
}
