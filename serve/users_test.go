package serve_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// A line for a user whose password is "open sesame", as htpasswd -B -C 5 writes it.
const userLine = ":$2y$05$gVxyaS4Un61oexAkraSFFOAfFSv6e5WjCfhWmcsuQ5i6eQ8b4v8oi\n"

// TestUsers asks for pages with and without a password, in each way.
func TestUsers(t *testing.T) {
	users := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(users, []byte("ali"+userLine), 0o600); err != nil {
		t.Fatal(err)
	}
	o := serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}}, Listing: true,
		PasswordFile: users, CacheControl: "public, max-age=60"}
	const right, wrong = "Authorization: Basic YWxpOm9wZW4gc2VzYW1l",
		"Authorization: Basic YWxpOm9wZW4gc2VzYW1m"
	for _, c := range clients(t, o) {
		t.Run(c.name, func(t *testing.T) {
			for _, target := range []string{"/about", "/none", "/?list", "/?list&download=tar.gz",
				"/?list&q=about", "/docs?x", "/big.txt"} {
				for _, header := range []string{"", wrong, "Authorization: Basic !"} {
					resp, body := c.request(t, "GET", target, header)
					if resp.StatusCode != 401 || body != "401 Unauthorized\n" ||
						!strings.HasPrefix(resp.Header.Get("WWW-Authenticate"), `Basic realm="tpk"`) {
						t.Errorf("%s, %q: %s %.50q", target, header, resp.Status, body)
					}
				}
				resp, _ := c.request(t, "GET", target, right)
				if resp.StatusCode == 401 || resp.StatusCode != 301 &&
					!strings.HasPrefix(resp.Header.Get("Cache-Control"), "private") {
					t.Errorf("%s: %s, %q", target, resp.Status, resp.Header.Get("Cache-Control"))
				}
			}
			if resp, _ := c.request(t, "OPTIONS", "/about"); resp.StatusCode != 204 {
				t.Errorf("OPTIONS: %s", resp.Status)
			}
		})
	}
}

// TestUsersFollow: the file of users is read again by Reload and when it has changed, and a damaged
// one changes nothing.
func TestUsersFollow(t *testing.T) {
	users := filepath.Join(t.TempDir(), "users")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(users, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("ali" + userLine)
	o := serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}}, PasswordFile: users}
	r := start(t, o, serve.RunOptions{Listen: []string{"127.0.0.1:0", "0.0.0.0:0"}})
	if log := r.log.String(); strings.Count(log, "passwords are sent unencrypted to") != 1 ||
		strings.Contains(log, r.addresses[0]) {
		t.Error(log)
	}
	status := func(name string) int {
		req, err := http.NewRequest("GET", r.url("/about"), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(name, "open sesame")
		resp, err := plainClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	if status("ali") != 200 || status("baba") != 401 {
		t.Error("not the users of the file")
	}
	write("baba" + userLine)
	if err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status("ali") != 401 || status("baba") != 200 {
		t.Error("not the users of the new file")
	}
	write("cassim" + userLine)
	eventually(t, "the file is read again", func() bool { return status("cassim") == 200 })
	write("cassim:plain")
	if err := r.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "users: line 1") {
		t.Error(err)
	}
	if status("cassim") != 200 {
		t.Error("a damaged file has changed the users")
	}
	if _, err := serve.New(o); err == nil {
		t.Error("a damaged file is accepted at the start")
	}
}
