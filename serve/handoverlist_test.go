package serve_test

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack"
)

// TestHandOverArchives: what the admin server has added and removed is served by the next process,
// and by the one after it. An archive that is not a file is asked for as it was before: its name
// lacks the password.
func TestHandOverArchives(t *testing.T) {
	skipHandover(t)
	dir := t.TempDir()
	pack := func(name string) string {
		return files{name: name}.pack(t, filepath.Join(dir, name+".tar.gz"))
	}
	first, second, added, far := pack("first"), pack("second"), pack("added"), pack("far")
	o := serve.Options{Archives: []serve.Archive{{Path: first}, {Path: second, Mount: "/second"}}}
	o.Resolve = func(path string) (string, func(context.Context) (*tarpack.Archive, error), error) {
		secret, ok := strings.CutPrefix(path, "far:")
		if !ok {
			return path, nil, nil
		}
		return "far", func(ctx context.Context) (*tarpack.Archive, error) {
			if secret != "secret" {
				return nil, errors.New("wrong password")
			}
			return tarpack.Open(ctx, far, nil)
		}, nil
	}
	run := serve.RunOptions{Listen: []string{"127.0.0.1:0"}}
	older := start(t, o, run)
	next := func(older *running, want []serve.Archive) (newer *running) {
		t.Helper()
		if err := older.HandOver(func(l []serve.NamedListener, list []serve.Archive) error {
			if !slices.EqualFunc(list, want, func(a, b serve.Archive) bool {
				return a.Path == b.Path && a.Mount == b.Mount
			}) || (list == nil) != (want == nil) {
				t.Errorf("handed over are %v, not %v", list, want)
			}
			for _, method := range []string{"POST", "PUT", "DELETE"} {
				status, body := admin(t, older.Server, method, "/archives?path="+first, "[]")
				if status != 503 || !strings.Contains(body, "ask again in a moment") {
					t.Error(method, status, body)
				}
			}
			if status, body := admin(t, older.Server, "POST", "/reload", ""); status != 200 {
				t.Error("reload:", status, body)
			}
			run.Former, run.FormerArchives = duplicates(t, l), list
			newer = start(t, o, run)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return newer
	}
	unchanged := next(older, nil)
	// After a handover that fails, the list can be changed.
	failure := errors.New("no such program")
	refuse := func([]serve.NamedListener, []serve.Archive) error { return failure }
	if err := unchanged.HandOver(refuse); err != failure {
		t.Fatal(err)
	}
	for _, step := range []struct{ method, target, body string }{
		{"POST", "/archives?at=top", `{"path": "` + added + `", "mount": "/new"}`},
		{"POST", "/archives", `[{"path": "far:secret"}, {"path": "` + added + `"}]`},
		{"DELETE", "/archives?path=" + first, ""},
	} {
		status, body := admin(t, unchanged.Server, step.method, step.target, step.body)
		if status != 200 {
			t.Fatal(status, body)
		}
	}
	want := []serve.Archive{{Path: added, Mount: "new"}, {Path: second, Mount: "second"},
		{Path: "far:secret"}, {Path: added}}
	last := next(next(unchanged, want), want)
	for path, status := range map[string]int{"/first": 404, "/second/second": 200, "/far": 200,
		"/added": 200, "/new/added": 200} {
		if got := statusOf(t, last, path); got != status {
			t.Errorf("%s: %d, not %d", path, got, status)
		}
	}
	if status, body := admin(t, last.Server, "PUT", "/archives", "[]"); status != 200 {
		t.Fatal(status, body)
	}
	if got := statusOf(t, next(last, []serve.Archive{}), "/added"); got != 404 {
		t.Error("an archive that was removed:", got)
	}
}

// statusOf returns the status of a path, by a connection of its own.
func statusOf(t *testing.T, r *running, path string) int {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	status, _ := fetch(t, c, r.url(path))
	return status
}

// testFormerArchives checks RunOptions.FormerArchives: they take the place of Options.Archives, and
// one that can't be opened ends Run.
func testFormerArchives(t *testing.T) {
	dir := t.TempDir()
	a := files{"a": "a"}.pack(t, filepath.Join(dir, "a.tar.gz"))
	b := files{"b": "b"}.pack(t, filepath.Join(dir, "b.tar.gz"))
	o := serve.Options{Archives: []serve.Archive{{Path: a}}}
	run := serve.RunOptions{Listen: []string{"127.0.0.1:0"},
		FormerArchives: []serve.Archive{{Path: b}}}
	r := start(t, o, run)
	if statusOf(t, r, "/a") != 404 || statusOf(t, r, "/b") != 200 {
		t.Error("it serves Options.Archives")
	}
	s, err := serve.New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	run.FormerArchives[0].Path = filepath.Join(dir, "none.tar.gz")
	if err := s.Run(t.Context(), run); err == nil || !strings.Contains(err.Error(), "none.tar.gz") {
		t.Error(err)
	}
}
