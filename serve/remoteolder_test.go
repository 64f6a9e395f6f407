package serve_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
)

// get requires that a server has a file, with and without gzip.
func (r *running) get(t *testing.T, path, want string) {
	t.Helper()
	for _, coding := range []string{"gzip", "identity"} {
		status, body, whole := ask(t, r.url("/"+path), "Accept-Encoding: "+coding)
		if coding == "gzip" && strings.HasPrefix(body, "\x1f\x8b") {
			body, _ = inflate(body)
		}
		if status != 200 || !whole || body != want {
			t.Errorf("/%s: %d, %d bytes, %v", path, status, len(body), whole)
		}
	}
}

// An archive is replaced again and again. Files that stay the same, or get another name, are not
// fetched again, also if the storage is down.
func TestRemoteOlder(t *testing.T) {
	s := newStorage(t)
	site := files{}
	for i := range 30 {
		site[fmt.Sprint("text", i)] = words(20_000 + i)
		site[fmt.Sprint("noise", i)] = noise(90_000 + i)
	}
	site["long"] = noise(3 << 20)
	s.put(t, site)
	r := start(t, serve.Options{Archives: []serve.Archive{
		s.archive(blocks.New(blocks.Options{Dir: t.TempDir(), ReadAhead: -1}))}})
	for path, want := range site {
		r.get(t, path, want)
	}
	for generation := range 12 {
		name := fmt.Sprint("text", generation)
		content := "new " + site[name]
		site["moved"+name] = site[name]
		site[name] = content
		s.put(t, site)
		s.asked()
		if err := r.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		opening := len(s.asked())
		r.get(t, name, content)
		if n := len(s.asked()); n > 1 || opening > 4 {
			t.Errorf("%d requests to open it, and %d for a file", opening, n)
		}
		s.down.Store(true)
		for path, want := range maps.All(site) {
			r.get(t, path, want)
		}
		s.down.Store(false)
		if list := s.asked(); len(list) > 0 {
			t.Errorf("generation %d: asked for %q", generation, list)
		}
	}
	// The server goes on with what is in the newest.
	name := "text0"
	s.put(t, files{name: "last"})
	if err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.get(t, name, "last")
	if status, _, _ := ask(t, r.url("/text1")); status != 404 {
		t.Error("a file of a former archive:", status)
	}
}

// Contents of former generations that are no longer in the cache are fetched from the newest.
func TestRemoteOlderEvicted(t *testing.T) {
	s := newStorage(t)
	site := files{}
	for i := range 30 {
		site[fmt.Sprint(i)] = noise(200_000 + i)
	}
	s.put(t, site)
	r := start(t, serve.Options{Archives: []serve.Archive{
		s.archive(blocks.New(blocks.Options{Dir: t.TempDir(), Limit: 3 << 20, ReadAhead: -1}))}})
	for generation := range 4 {
		for path, want := range site {
			r.get(t, path, want)
		}
		site["new"] = fmt.Sprint(generation)
		s.put(t, site)
		if err := r.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
