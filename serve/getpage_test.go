package serve_test

import (
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// TestGetPage: commands have the address by which the client has asked. What is hidden is not
// there, and nothing is without downloads.
func TestGetPage(t *testing.T) {
	name := files{"d/a": "1", "d/.env": "secret", "d/'$(x).txt": "2"}.pack(t,
		filepath.Join(t.TempDir(), "site.tar.gz"))
	o := listed(serve.Archive{Path: name})
	o.TrustProxy = []string{"127.0.0.1", "unix"}
	for _, c := range clients(t, o) {
		t.Run(c.name, func(t *testing.T) {
			_, body := c.do(t, "GET", "/d/?list=get")
			scheme := "http"
			if strings.HasPrefix(c.base, "https") {
				scheme = "https"
			}
			if !strings.Contains(body, `data-base="`+scheme+"://") || !strings.Contains(body, `class="qr"`) {
				t.Errorf("not %s: %.900s", scheme, body)
			}
			resp, body := c.do(t, "GET", "/d/?list=get", "X-Forwarded-Proto: https")
			if !strings.Contains(body, `data-base="https://`) ||
				!strings.Contains(strings.Join(resp.Header.Values("Vary"), ","), "X-Forwarded-Proto") {
				t.Errorf("behind a proxy: %v", resp.Header)
			}
			for target, want := range map[string]int{
				"/d/?list=get&name=.env": 404, "/d/?list=get&name=none": 404, "/d/?list=get&n=1": 400,
				"/d/?list=get&n=0&of=0": 410, "/d/?list=get&name=a": 200, "/none/?list=get": 404,
				"/d/?list=get&name=" + "%27%24%28x%29.txt": 200,
			} {
				if resp, body := c.do(t, "GET", target); resp.StatusCode != want ||
					strings.Contains(body, "secret") {
					t.Errorf("%s: %d, want %d", target, resp.StatusCode, want)
				}
			}
		})
	}
	o.NoDownload = true
	r := start(t, o)
	if status, _ := fetch(t, plainClient, r.url("/d/?list=get")); status != 404 {
		t.Errorf("without downloads: %d", status)
	}
	req := httptest.NewRequest("GET", "http://a.example/?list=get", nil)
	rec := httptest.NewRecorder()
	o.NoDownload = false
	start(t, o).Handler().ServeHTTP(rec, req)
	if !strings.Contains(rec.Body.String(), `data-base="http://a.example/"`) {
		t.Error("another host")
	}
}
