package serve_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

// TestEmbeddedIndex serves an archive that has its index in itself, without an index in the cache.
// It is downloaded as it is, and its index as index writes it. A sidecar that does not fit, as one
// that an archive before has left, is not looked at. When the index is taken out, the archive is
// still served.
func TestEmbeddedIndex(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	name := version(1).pack(t, filepath.Join(dir, "site.tar.gz"))
	stale, err := os.ReadFile(name + format.SidecarSuffix)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tarpack.EmbedIndex(ctx, name, tarpack.EmbedOptions{}); err != nil {
		t.Fatal(err)
	}
	archive, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	side := filepath.Join(dir, "side")
	if _, err := tarpack.Reindex(ctx, name, tarpack.ReindexOptions{Sidecar: side}); err != nil {
		t.Fatal(err)
	}
	index, err := os.ReadFile(side)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name+format.SidecarSuffix, stale, 0o644); err != nil {
		t.Fatal(err)
	}
	cache := filepath.Join(dir, "cache")
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: name}}, CacheDir: cache})
	for path, want := range map[string]string{
		"/": "version 1", "/?list&download=tar.gz": string(archive), "/?list&download=tpi": string(index),
		"/mid.txt": version(1)["mid.txt"],
	} {
		if status, body := fetch(t, plainClient, r.url(path)); status != 200 || body != want {
			t.Errorf("%s: %d, %d bytes, want %d", path, status, len(body), len(want))
		}
	}
	if _, err := os.Stat(cache); !os.IsNotExist(err) {
		t.Errorf("there is a cache: %v", err)
	}
	if _, err := tarpack.TakeOutIndex(ctx, name, tarpack.EmbedOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is served again", func() bool {
		status, body := fetch(t, plainClient, r.url("/"))
		return status == 200 && body == "version 1"
	})
}
