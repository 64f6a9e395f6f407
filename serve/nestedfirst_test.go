package serve_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// TestNestedFirstRequest asks for something of a pack that no request has led to yet, in each way
// that there is: a pack is served from the first request on.
func TestNestedFirstRequest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	made := files{"x": "packed text", "in/y": "deeper", "index.html": "the index",
		"_redirects": "/in/y /x 302!\n"}.pack(t, filepath.Join(dir, "p.tar.gz"))
	for _, rules := range []bool{true, false} {
		r := start(t, serve.Options{Fallback: dir, Nested: true, Listing: true,
			NoSiteConfig: !rules})
		c := &http.Client{Transport: plainClient.Transport,
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse
			}}
		forced := "deeper"
		if rules {
			forced = "302"
		}
		for i, tt := range []struct{ path, want string }{
			{"/x", "packed text"}, {"/in/y", forced}, {"/in/", "y"}, {"/in", "301"},
			{"/", "the index"}, {"", "301"}, {"/?list", "index.html"}, {"/?list&format=json", `"name":"x"`},
			{"/?list&download=tar.gz", "packed text"}, {"/?list&download=zip", "index.html"},
			{"/?list&q=y", "in/y"}, {"/?list=overview", "in/"},
			{"/x?list=view", "packed text"}, {"/?list=get", "Get pack"},
			{"/in/?list=compare&with=/true4", "index.html"},
		} {
			base := "/" + strconv.FormatBool(rules) + strconv.Itoa(i)
			if err := os.Mkdir(filepath.Join(dir, base), 0o755); err != nil {
				t.Fatal(err)
			}
			for _, suffix := range []string{".tpi", ""} {
				if err := os.Link(made+suffix,
					filepath.Join(dir, base, "pack.tar.gz"+suffix)); err != nil {
					t.Fatal(err)
				}
			}
			status, body := fetch(t, c, r.url(base+tt.path))
			if got := strconv.Itoa(status) + body; !strings.Contains(got, tt.want) {
				t.Errorf("rules %t: %s: %.300s, want %q", rules, base+tt.path, got, tt.want)
			}
		}
	}
}
