package serve_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// TestForeignWrittenOver writes over a zip in place while it is served, without a reload. Each
// answer has one content and its entity-tag: the old ones until the new content is complete.
func TestForeignWrittenOver(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file string
		watch      bool
	}{
		{"a zip", "site.zip", false},
		{"a zip, watched", "site.zip", true},
		{"a folder's pack", "pack.tar.gz", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			name := filepath.Join(dir, c.file)
			writeZip(t, name, "one")
			o := serve.Options{Archives: []serve.Archive{{Path: name}}, CacheDir: t.TempDir()}
			if c.file == "pack.tar.gz" {
				o.Archives, o.Fallback, o.Nested = nil, dir, true
			}
			r := start(t, o, serve.RunOptions{Watch: c.watch})
			tags := map[string]string{}
			ask := func(before, after string) string {
				t.Helper()
				resp, err := plainClient.Get(r.url("/"))
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				got, tag := string(body), resp.Header.Get("ETag")
				if err != nil || resp.StatusCode != 200 || got != before && got != after ||
					tags[got] != "" && tags[got] != tag {
					t.Fatalf("%d %q %s, %v; it is %q or %q", resp.StatusCode, got, tag, err, before, after)
				}
				tags[got] = tag
				return got
			}
			eventually(t, "it is converted", func() bool {
				status, _ := fetch(t, plainClient, r.url("/"))
				return status == 200
			})
			ask("one", "one")

			// A writer that is slow. Only its user, or root, can know that it isn't done.
			f, err := os.OpenFile(name, os.O_WRONLY|os.O_TRUNC, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			two := zipped(t, "two")
			if _, err := f.Write(two[:len(two)/2]); err != nil {
				t.Fatal(err)
			}
			noticed := func(n int, text string) func() bool {
				return func() bool {
					ask("one", "one")
					return strings.Count(r.log.String(), text) == n
				}
			}
			const change = "has changed: it is served as it was until"
			eventually(t, "the change is noticed", noticed(1, change))
			if _, err := f.Write(two[len(two)/2:]); err != nil || f.Close() != nil {
				t.Fatal(err)
			}
			eventually(t, "the second is served", func() bool { return ask("one", "two") == "two" })

			// What can't be converted changes nothing, and is reported once.
			if err := os.WriteFile(name, two[:len(two)/2], 0o644); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the bad one is noticed", func() bool {
				ask("two", "two")
				return strings.Count(r.log.String(), "still served as it was: ") == 1
			})
			writeZip(t, name, "three")
			eventually(t, "the third is served", func() bool { return ask("two", "three") == "three" })
			if n := strings.Count(r.log.String(), change); n != 2 {
				t.Errorf("%d changes:\n%s", n, r.log)
			}
		})
	}
}
