package serve_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	tarremote "github.com/tarpack/tpk/tarpack/remote"
)

// How many requests a symbolic link and an absent path of an archive on a server take, with nothing
// in the cache, if only the table of the index is in memory. The walk from the root takes one more
// for almost each name on the way.
func TestRemoteLinkRequests(t *testing.T) {
	s := newStorage(t)
	tree := files{}
	for i := range 3000 {
		dir := fmt.Sprintf("share/doc/module%02d/struct%03d/", i%17, i/20)
		tree[dir+fmt.Sprintf("method.%d.html", i)] = words(200 + i%1000)
		if i%20 == 0 {
			tree[dir+fmt.Sprintf("alias.%d.html", i)] = fmt.Sprintf(
				"-> ../../module%02d/struct%03d/method.%d.html", (i+5)%17, (i+5)/20, i+5)
		}
	}
	tree["share/html"] = "-> doc"
	s.put(t, tree)
	x, err := sidecar.OpenBytes(s.at["/a.tar.gz"+format.SidecarSuffix])
	if err != nil {
		t.Fatal(err)
	}
	table := x.TableSize()
	if x.Size() <= table {
		t.Fatalf("an index of %d bytes, its table has %d", x.Size(), table)
	}
	cold := func(path string, want int) (requests int) {
		r := start(t, serve.Options{CacheDir: t.TempDir(), Archives: []serve.Archive{{
			Path: s.URL + "/a.tar.gz", Open: func(ctx context.Context) (*tarpack.Archive, error) {
				return tarremote.Open(ctx, s.URL+"/a.tar.gz", &tarremote.Options{LoadIndex: table})
			}}}})
		defer r.stop()
		before := s.count.Load()
		if status, _ := fetch(t, plainClient, r.url(path)); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
		return int(s.count.Load() - before)
	}
	const n = 12
	links, below, absent := 0, 0, 0
	for k := range n {
		i := k * 240
		dir := fmt.Sprintf("/module%02d/struct%03d/", i%17, i/20)
		links += cold("/share/doc"+dir+fmt.Sprintf("alias.%d.html", i), 200)
		below += cold("/share/html"+dir+fmt.Sprintf("method.%d.html", i), 200)
		absent += cold("/share/doc"+dir+fmt.Sprintf("method.%d.map", i), 404)
	}
	t.Logf("%d links: %d requests; below a link: %d; absent: %d", n, links, below, absent)
	if links > n*45/10 || below > n*4 || absent > n*12/10 {
		t.Errorf("%d links: %d requests; below a link: %d; absent: %d", n, links, below, absent)
	}
}
