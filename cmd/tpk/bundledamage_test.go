package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack"
)

// A damaged index in a bundle, beside the archive or in it, is found before any entry is checked.
// The hint is one for a bundle.
func TestBundleDamagedIndex(t *testing.T) {
	for _, embed := range []bool{false, true} {
		dir := t.TempDir()
		archive, out := filepath.Join(dir, "site.tar.gz"), filepath.Join(dir, "mysite.exe")
		if err := os.WriteFile(filepath.Join(dir, "a"), []byte("text"), 0o644); err != nil {
			t.Fatal(err)
		}
		pack := []string{"pack", "--include", "a", dir, archive}
		if embed {
			pack = append(pack, "--embed-index")
		}
		for _, line := range [][]string{pack, {"bundle", archive, out}} {
			var messages bytes.Buffer
			if code := run(append([]string{"tpk"}, line...), io.Discard, &messages); code != 0 {
				t.Fatalf("%s: %d: %s", line, code, &messages)
			}
		}
		damageIndex(t, archive, out)
		for _, share := range []string{"1", "100%"} {
			var messages bytes.Buffer
			code := run([]string{"tpk", "verify", "--sample", share, out}, io.Discard, &messages)
			if got := messages.String(); code != 1 || strings.Count(got, "\n") != 1 ||
				!strings.HasSuffix(got, ": make or download the bundle again\n") {
				t.Errorf("embedded %v, %s: %d %s", embed, share, code, got)
			}
		}
	}
}

// damageIndex changes a byte near the end of the index of an archive that is in out.
func damageIndex(t *testing.T, archive, out string) {
	t.Helper()
	a, err := tarpack.Open(t.Context(), archive, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	index := make([]byte, a.Index().Size())
	if _, err := a.Index().ReadAt(index, 0); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	end := index[len(index)-32:]
	at := bytes.LastIndex(b, end)
	if at < 0 {
		t.Fatal("the index is not in the bundle")
	}
	b[at] ^= 1
	if err := os.WriteFile(out, b, 0o755); err != nil {
		t.Fatal(err)
	}
}
