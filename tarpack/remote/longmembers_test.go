package remote_test

import (
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/remote/internal/remotetest"
	"github.com/tarpack/tpk/tarpack/shard"
)

// Reading small files in order requests nothing of a long one between them, which comes when it is
// read itself. The index is beside the archive, in it, or of a set.
func TestLongMembers(t *testing.T) {
	var list [][2]string
	for i := range 60 {
		list = append(list, [2]string{fmt.Sprintf("f%02d", i), tartest.Noise(fmt.Sprint(i), 9000)})
	}
	list[30][1] = tartest.Noise("long", 3<<20)
	dir := tartest.Tree(t, list...)
	beside := tartest.Pack(t, dir, pack.Options{})
	embedded := tartest.Pack(t, dir, pack.Options{EmbedIndex: true})
	set := filepath.Join(t.TempDir(), "out.tar.gz")
	if _, err := shard.Pack(t.Context(), dir, set, shard.PackOptions{Shards: 3}); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{"beside": beside, "embedded": embedded,
		"set": filepath.Join(filepath.Dir(set), path.Base(listPath))} {
		t.Run(name, func(t *testing.T) {
			s := remotetest.New(t, nil)
			put(t, s, file)
			a, err := remote.Open(t.Context(), s.URL+"/dir/"+filepath.Base(file),
				&remote.Options{Blocks: newCache(t.TempDir())})
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			i, _, err := a.Index().Lookup("f30")
			if err != nil {
				t.Fatal(err)
			}
			for k := range list {
				if k == 30 {
					continue
				}
				got, err := fs.ReadFile(a.FS(), list[k][0])
				if err != nil || string(got) != list[k][1] {
					t.Fatalf("%s: %v", list[k][0], err)
				}
			}
			if n := requestedOf(t, s, a, i); n > 128<<10 { // in blocks with the neighbours
				t.Errorf("%d bytes of the long file were requested", n)
			}
			s.Do(nil)
			got, err := fs.ReadFile(a.FS(), "f30")
			if err != nil || string(got) != list[30][1] {
				t.Fatal(err)
			}
			if n := len(s.Requests()); n > 12 { // as it is read ahead
				t.Errorf("%d requests for the long file", n)
			}
		})
	}
}

// requestedOf returns how many bytes of an entry were requested.
func requestedOf(t *testing.T, s *remotetest.Server, a *tarpack.Archive, i int) (n int64) {
	t.Helper()
	e, err := a.Index().Entry(i)
	if err != nil {
		t.Fatal(err)
	}
	name, at := a.Name(), e.Offset
	if a.Shards() > 0 {
		if name, at, err = a.Shard(e.Offset); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range s.Requests() {
		var from, to int64
		if path.Base(r.URL.Path) != path.Base(name) {
			continue
		}
		if k, _ := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to); k == 2 {
			n += max(0, min(to+1, at+e.Length())-max(from, at))
		}
	}
	return n
}
