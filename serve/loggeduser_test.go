package serve_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// TestLoggedUser: the access log has the user that a client names, as nginx logs it: also with a
// wrong password. Nothing in a name ends the field. Without a file of users it is not looked at.
func TestLoggedUser(t *testing.T) {
	users := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(users, []byte("ali"+userLine), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ format, file, user, want string }{
		{"combined", users, "ali", " - ali ["},
		{"combined", users, "a b]\"\n\\\xff", ` - a\x20b]\x22\x0A\x5C\xFF [`},
		{"combined", users, "", " - - ["},
		{"combined", "", "ali", " - - ["},
		{"json", users, "a \"b", `","user":"a \"b","`},
		{"json", "", "ali", `","user":"","`},
	} {
		var log lines
		r := start(t, serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}},
			PasswordFile: c.file, AccessLog: &log, AccessFormat: c.format})
		req, err := http.NewRequest("GET", r.url("/about"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.user != "" {
			req.SetBasicAuth(c.user, "open sesame")
		}
		resp, err := plainClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		eventually(t, "a line", func() bool { return strings.HasSuffix(log.String(), "\n") })
		if !strings.Contains(log.String(), c.want) {
			t.Errorf("%q: %s", c.user, log.String())
		}
	}
}

// TestLoggedUserOfHandler: in a Handler, too, a request that is refused has no user of another one.
func TestLoggedUserOfHandler(t *testing.T) {
	users := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(users, []byte("ali"+userLine), 0o600); err != nil {
		t.Fatal(err)
	}
	var log lines
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}},
		PasswordFile: users, AccessLog: &log, MaxRequestsPerIP: 1, Burst: 1})
	for _, user := range []string{"ali", ""} {
		req := httptest.NewRequest("GET", "/about", nil)
		if user != "" {
			req.SetBasicAuth(user, "open sesame")
		}
		r.Handler().ServeHTTP(httptest.NewRecorder(), req)
	}
	eventually(t, "two lines", func() bool { return strings.Count(log.String(), "\n") == 2 })
	if _, second, _ := strings.Cut(log.String(), "\n"); !strings.Contains(second, " - - [") ||
		!strings.Contains(second, " 429 ") {
		t.Errorf("%s", log.String())
	}
}
