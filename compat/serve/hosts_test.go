package serve

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/serve"
)

// TestHosts starts nginx with the recipe for one host for each archive.
func TestHosts(t *testing.T) {
	dir, repo := tools.Dir(t), tools.Repo(t)
	b, err := os.ReadFile(filepath.Join(repo, "contrib", "hosts", "nginx.conf"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"one", "two"} {
		archive := packTree(t, map[string]string{"index.html": "this is " + name,
			"sub/x": "x", "_redirects": "/old/* /new/:splat 302"})
		startRun(t, serve.Options{Archives: []serve.Archive{{Path: archive}}, Listing: true},
			serve.RunOptions{Sockets: []string{filepath.Join(dir, name+".sock")}})
	}
	address := fixture.FreeAddress(t)
	recipe := strings.NewReplacer("/run/tpk", dir, "listen 80", "listen "+address).Replace(string(b))
	fixture.Nginx(t, dir, address, recipe)
	get := func(host, path string) (int, string, string) {
		req, err := http.NewRequest("GET", "http://"+address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body), resp.Header.Get("Location")
	}
	for _, x := range []struct {
		host, path string
		status     int
		body, to   string
	}{
		{"one.docs.example.com", "/", 200, "this is one", ""},
		{"two.docs.example.com", "/", 200, "this is two", ""},
		{"two.docs.example.com", "/sub/?list", 200, "<html", ""},
		{"two.docs.example.com", "/old/a%20b?c", 302, "", "../new/a%20b?c"},
		{"none.docs.example.com", "/", 404, "", ""},
		{"example.com", "/", 404, "", ""},
		{"..docs.example.com", "/", 0, "", ""},
	} {
		status, body, to := get(x.host, x.path)
		if x.status > 0 && status != x.status || !strings.Contains(body, x.body) || to != x.to ||
			x.status == 0 && status == 200 {
			t.Errorf("%s%s: %d %q, %.80q", x.host, x.path, status, to, body)
		}
	}
	unit := filepath.Join(tools.Dir(t), "tpk@.service")
	b, err = os.ReadFile(filepath.Join(repo, "contrib", "hosts", "tpk@.service"))
	if err != nil {
		t.Fatal(err)
	}
	program := strings.ReplaceAll(string(b), "/usr/bin/tpk", "/bin/true")
	if err := os.WriteFile(unit, []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tools.Path(t, "systemd-analyze"), "verify", "--man=no",
		filepath.Join(filepath.Dir(unit), "tpk@.service")).CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
