package serve

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/forge"
	"github.com/tarpack/tpk/serve"
)

// TestForgedFolderEnd: an index in which a folder ends behind entries that are not in it. Each page
// is answered, and the server goes on.
func TestForgedFolderEnd(t *testing.T) {
	archive, sidecar := forge.Build(
		forge.Item{Path: "longdir", Type: forge.Dir, Mode: 0o755,
			Lies: func(r *forge.Record) { r.Word++ }},
		forge.Item{Path: "longdir/x", Type: forge.File, Mode: 0o644, Content: []byte("x")},
		forge.Item{Path: "z", Type: forge.File, Mode: 0o644, Content: []byte("z")},
	)
	forged := filepath.Join(t.TempDir(), "forged.tar.gz")
	for name, b := range map[string][]byte{forged: archive, forged + ".tpi": sidecar} {
		if err := os.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	good := packTree(t, map[string]string{"longdir/x": "x", "z": "z"})
	base := "http://" + start(t, serve.Options{Listing: true, Archives: []serve.Archive{
		{Path: forged, Mount: "/a"}, {Path: good, Mount: "/b"}},
		Log: func(line string) {
			if strings.Contains(line, "runtime error") {
				t.Error(line)
			}
		}})
	for _, target := range []string{
		"/a/longdir/?list", "/a/longdir/?list&q=z", "/a/longdir/?list&q=z&scope=folder",
		"/a/longdir/?list=overview", "/a/longdir/?list=overview&format=json", "/a/?list=overview",
		"/a/longdir/?list=compare&with=/b/longdir", "/b/longdir/?list=compare&with=/a/longdir",
		"/a/longdir/?list=compare&with=/b/longdir&format=json", "/a/?list=compare&with=/b",
		"/a/longdir/?list&download=zip", "/a/longdir/?list&download=tar.gz",
		"/a/longdir/?list&download=zip&name=x", "/a/longdir/?list=get", "/a/longdir/?list=readme",
		"/a/longdir/?list&view=grid", "/a/longdir/?list&filter=z", "/a/longdir/x?list=view",
	} {
		r, err := http.Get(base + target)
		if err != nil {
			t.Fatalf("%s: %v", target, err)
		}
		// A download that began well may end early, when the damage is met.
		_, err = io.Copy(io.Discard, r.Body)
		r.Body.Close()
		if err != nil && !strings.Contains(target, "download") {
			t.Errorf("%s: %v", target, err)
		}
	}
	r, err := http.Get(base + "/a/z")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if body, err := io.ReadAll(r.Body); string(body) != "z" || err != nil {
		t.Errorf("after that: %q, %v", body, err)
	}
}
