package serve_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
)

// The admin server takes what Resolve knows, and answers with 403 what that refuses.
func TestAdminURL(t *testing.T) {
	s := newStorage(t)
	s.put(t, files{"x": "one"})
	remote := s.archive(blocks.New(blocks.Options{Dir: t.TempDir()}))
	good := s.URL + "/a.tar.gz"
	here := files{"y": "here"}.pack(t, t.TempDir()+"/here.tar.gz")
	r := start(t, serve.Options{Archives: []serve.Archive{remote}, Resolve: func(path string) (
		string, func(context.Context) (*tarpack.Archive, error), error) {
		switch path, _, _ = strings.Cut(path, "?"); {
		case path == good:
			return path, remote.Open, nil
		case strings.HasPrefix(path, "/"):
			return "", nil, nil
		}
		return path, nil, errors.New("not allowed")
	}})
	secret := good + "?secret"
	for _, step := range []struct {
		method, target, body string
		status               int
		list, mustNot        string // what the answer has
	}{
		{"POST", "/archives", `{"path": "` + secret + `", "mount": "/m"}`, 200, `"/m"`, "secret"},
		{"POST", "/archives", `{"path": "https://evil/a.tar.gz", "mount": "/e"}`, 403, "not allowed",
			`"archives"`},
		{"PUT", "/archives", `[{"path": "` + here + `"}, {"path": "https://evil/a"}]`, 403,
			"not allowed", `"archives"`},
		{"POST", "/archives", `{"path": "` + here + `", "mount": "/h"}`, 200, `"/h"`, "evil"},
		{"GET", "/archives", "", 200, `"/m"`, "evil"},
		{"DELETE", "/archives?mount=/m&path=" + good + "%3Fsecret", "", 200, `"/h"`, `"/m"`},
		{"DELETE", "/archives?path=https://evil/a", "", 404, "not served", `"archives"`},
		{"POST", "/reload", "", 200, `"/h"`, `"/m"`},
		// The list of what is served can be sent back.
		{"PUT", "/archives", `[{"path": "` + good + `"}, {"path": "` + here + `"}]`, 200, good, `"/h"`},
	} {
		status, body := admin(t, r.Server, step.method, step.target, step.body)
		if status != step.status || !strings.Contains(body, step.list) ||
			strings.Contains(body, step.mustNot) {
			t.Errorf("%s %s %s: %d %s", step.method, step.target, step.body, status, body)
		}
	}
	s.put(t, files{"x": "two"})
	if status, body := admin(t, r.Server, "POST", "/reload", ""); status != 200 {
		t.Error(status, body)
	}
	if status, body := fetch(t, plainClient, r.url("/x")); status != 200 || body != "two" {
		t.Error(status, body)
	}
}

// A URL that is not allowed is not asked, also if it is a mount's.
func TestAdminUnresolved(t *testing.T) {
	r := start(t, serve.Options{Archives: []serve.Archive{
		{Path: files{"y": "here"}.pack(t, t.TempDir()+"/here.tar.gz")}}})
	s := newStorage(t)
	s.put(t, files{"x": "one"})
	status, body := admin(t, r.Server, "POST", "/archives",
		fmt.Sprintf(`{"path": "%s/a.tar.gz"}`, s.URL))
	if status != 409 || len(s.asked()) > 0 {
		t.Error(status, body)
	}
}
