package serve_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/internal/verified"
	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack"
)

// TestVerified: the metrics have the result for the archive that was verified, and not for the one
// that replaces it. A directory has none.
func TestVerified(t *testing.T) {
	dir := t.TempDir()
	results := filepath.Join(dir, "results")
	name := files{"x": "old"}.pack(t, filepath.Join(dir, "a.tar.gz"))
	other := files{"x": "old"}.pack(t, filepath.Join(dir, "copy.tar.gz"))
	plain := filepath.Join(dir, "plain")
	files{"y": "y"}.write(t, plain)
	r := start(t, serve.Options{VerifyMetrics: results, Archives: []serve.Archive{{Path: name},
		{Path: other, Mount: "/copy"}, {Path: plain, Mount: "/plain"}}})
	shown := func(want ...string) {
		t.Helper()
		got, copied := []string{}, 0
		_, all := admin(t, r.Server, "GET", "/metrics", "")
		for line := range strings.Lines(all) {
			if !strings.HasPrefix(line, "tpk_archive_verify_") {
				continue
			}
			labels, value, _ := strings.Cut(strings.TrimSpace(line), "} ")
			switch {
			case strings.HasSuffix(labels, `a.tar.gz",mount="/"`):
				got = append(got, value)
			case strings.HasSuffix(labels, `copy.tar.gz",mount="/copy"`) && value == "0":
				copied++
			default:
				t.Error(line)
			}
		}
		if !slices.Equal(got, want) || copied != len(want) {
			t.Errorf("%q, %d", got, copied)
		}
	}
	shown("0", "0", "0", "0", "0")
	if log := r.log.String(); strings.Contains(log, "not verified") {
		t.Errorf("a file that is not there yet: %q", log)
	}
	a, err := tarpack.Open(t.Context(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	digest := fmt.Sprintf("%016x", a.Index().Digest())
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := verified.Write(results, map[string]verified.Result{name: {Digest: digest,
		Checked: 5, Good: 4, Entries: 3, Bytes: 2, Problems: 1}}); err != nil {
		t.Fatal(err)
	}
	shown("5", "4", "3", "2", "1")

	replace(t, files{"x": "new"}.pack(t, filepath.Join(dir, "b.tar.gz")), name)
	shown("5", "4", "3", "2", "1") // the old one is still served
	if err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	shown("0", "0", "0", "0", "0")

	if err := os.WriteFile(results, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		shown("0", "0", "0", "0", "0")
	}
	want := results + ": it has no results of checks of archives: archives count as not verified"
	if log := r.log.String(); strings.Count(log, want) != 1 {
		t.Errorf("%q", log)
	}
}
