package serve_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// TestLimits: what is above a limit gets 429 or 503 with Retry-After, by every protocol; clients
// without limits, and other clients of a proxy, do not.
func TestLimits(t *testing.T) {
	archive := files{"x": "x", "d/big": noise(24 << 20)}.pack(t,
		filepath.Join(t.TempDir(), "a.tar.gz"))
	o := listed(serve.Archive{Path: archive})
	o.TrustProxy, o.Unlimited = []string{"127.0.0.1"}, []string{"192.0.2.9"}
	o.MaxRequestsPerIP, o.Burst = 1, 2
	limited := start(t, o, serve.RunOptions{H2C: true})
	o.MaxRequestsPerIP, o.Burst = 0, 0
	o.MaxDownloadsPerIP, o.MaxSearchesPerIP, o.MaxSearches = 1, 1, 1
	slots := start(t, o)
	ask := func(c *http.Client, url, client string) *http.Response {
		t.Helper()
		req, err := http.NewRequest("GET", url, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Forwarded-For", client)
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		return resp
	}
	two := unfollowed(t, func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) })
	for client, c := range map[string]*http.Client{"192.0.2.1": plainClient, "192.0.2.2": two} {
		for i, want := range []int{200, 200, 429, 429} {
			resp := ask(c, limited.url([]string{"/x", "/?list"}[i%2]), client)
			retry := resp.Header.Get("Retry-After")
			if resp.StatusCode != want || (retry != "") != (want == 429) {
				t.Errorf("%s, %d: %s %q", client, i, resp.Status, retry)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			if resp := ask(c, limited.url("/x"), "192.0.2.9"); resp.StatusCode != 200 {
				t.Errorf("unlimited: %s", resp.Status)
			}
		}
	}
	const download = "/?list&download=tar.gz"
	first := ask(plainClient, slots.url(download), "192.0.2.1")
	again := ask(plainClient, slots.url(download), "192.0.2.1")
	other := ask(plainClient, slots.url(download), "192.0.2.3")
	if first.StatusCode != 200 || again.StatusCode != 429 || other.StatusCode != 200 {
		t.Error(first.Status, again.Status, other.Status)
	}
	_, _ = io.Copy(io.Discard, first.Body)
	eventually(t, "the next download is allowed", func() bool {
		status := ask(plainClient, slots.url(download), "192.0.2.1").StatusCode
		return status == 200
	})
	for range 5 { // one after the other is allowed
		if resp := ask(plainClient, slots.url("/?list&q=x"), "192.0.2.1"); resp.StatusCode != 200 {
			t.Error("search:", resp.Status)
		}
	}
	rec := httptest.NewRecorder()
	limited.AdminHandler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	if !strings.Contains(rec.Body.String(), `tpk_requests_limited_total{limit="requests"} 4`) {
		t.Error("the metrics have no refusals")
	}
	o.Unlimited = []string{"x"}
	if _, err := serve.New(o); err == nil || !strings.Contains(err.Error(), "it is an address") {
		t.Error(err)
	}
}
