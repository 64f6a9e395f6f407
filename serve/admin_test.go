package serve_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/serve/internal/archives"
)

// admin sends a request to a server's admin handler.
func admin(t *testing.T, s *serve.Server, method, target, body string, header ...string) (int,
	string) {
	t.Helper()
	req := httptest.NewRequest(method, "http://127.0.0.1:9090"+target, strings.NewReader(body))
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	if h := req.Header.Get("Host"); h != "" {
		req.Host = h
	}
	rec := httptest.NewRecorder()
	s.AdminHandler().ServeHTTP(rec, req)
	return rec.Code, rec.Body.String()
}

// The error of a request that is not understood names the field, or what is wrong with the content,
// and nothing is changed.
func TestAdminRequest(t *testing.T) {
	a := files{"x": "a"}.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: a}}})
	const must = `the content must be {"path": "FILE", "mount": "/PATH"} or a list of these`
	for content, want := range map[string]string{
		"":                                "there is no content: " + must,
		"path=x":                          "byte 1 of the content is not JSON: " + must,
		`{"path": "x", }`:                 "byte 15 of the content is not JSON: " + must,
		`{"path": "x"`:                    "the content ends in the middle of its JSON",
		`{"path": 5}`:                     `"path" must be a string`,
		`{"path": "x", "mount": {}}`:      `"mount" must be a string`,
		`{"path": "x", "mout": "/"}`:      `"mout" is unknown: ` + must,
		`{"mount": "/"}`:                  `"path" is missing`,
		`{"path": null}`:                  `"path" is missing`,
		`null`:                            `"path" is missing`,
		`"x"`:                             must,
		`["x"]`:                           "archive 1 of the list: " + must,
		`[{"path": "x"}, {"path": true}]`: `archive 2 of the list: "path" must be a string`,
		`{"path": "x"} {"path": "y"}`: "more follows the JSON of the content: " +
			"put several archives in a list",
		`{"path": "` + strings.Repeat("x", 1<<20) + `"}`: "the content has more than 1048576 bytes",
	} {
		for _, method := range []string{"POST", "PUT"} {
			status, body := admin(t, r.Server, method, "/archives", content)
			var got struct{ Error string }
			if err := json.Unmarshal([]byte(body), &got); err != nil || status != 400 ||
				got.Error != want {
				t.Errorf("%s %.40s: %d %q, want %q", method, content, status, got.Error, want)
			}
		}
	}
	if _, body := admin(t, r.Server, "GET", "/archives", ""); strings.Count(body, `"path"`) != 1 {
		t.Errorf("the archives were changed: %s", body)
	}
}

func TestAdminArchives(t *testing.T) {
	dir := t.TempDir()
	a := files{"x": "a"}.pack(t, filepath.Join(dir, "a.tar.gz"))
	b := files{"x": "b", "y": "b"}.pack(t, filepath.Join(dir, "b.tar.gz"))
	bad := filepath.Join(dir, "bad.tar.gz")
	if err := os.WriteFile(bad, []byte("rubbish"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: a}}})
	quoted := func(s string) string { q, _ := json.Marshal(s); return string(q) }
	for _, step := range []struct {
		name, method, target, body string
		status                     int
		list                       string // "path@mount" of what is served then
		x                          string // the content of /x then
	}{
		{"list", "GET", "/archives", "", 200, a + "@/", "a"},
		{"add", "POST", "/archives", `{"path": ` + quoted(b) + `, "mount": "/sub"}`, 200, b +
			"@/sub " + a + "@/", "a"},
		{"add again", "POST", "/archives", `{"path": ` + quoted(b) + `, "mount": "sub/"}`, 409, b +
			"@/sub " + a + "@/", "a"},
		{"add a bad one", "POST", "/archives", `{"path": ` + quoted(bad) + `}`, 409, b + "@/sub " +
			a + "@/", "a"},
		{"add one good, one bad", "POST", "/archives", `[{"path": ` + quoted(b) + `}, {"path": ` +
			quoted(bad) + `}]`, 409, b + "@/sub " + a + "@/", "a"},
		{"add what is missing", "POST", "/archives", `{"path": "nope.tar.gz"}`, 409, b +
			"@/sub " + a + "@/", "a"},
		{"no path", "POST", "/archives", `{"mount": "/"}`, 400, b + "@/sub " + a + "@/", "a"},
		{"unknown field", "POST", "/archives", `{"path": "x", "mout": "/"}`, 400, b + "@/sub " + a +
			"@/", "a"},
		{"no JSON", "POST", "/archives", `path=x`, 400, b + "@/sub " + a + "@/", "a"},
		{"empty", "POST", "/archives", ``, 400, b + "@/sub " + a + "@/", "a"},
		{"replace", "PUT", "/archives", `[{"path": ` + quoted(b) + `}]`, 200, b + "@/", "b"},
		{"remove what is not there", "DELETE", "/archives?path=" + a, "", 404, b + "@/", "b"},
		{"reload", "POST", "/reload", "", 200, b + "@/", "b"},
		{"back to both", "PUT", "/archives", `[{"path": ` + quoted(a) + `}, {"path": ` + quoted(b) +
			`}]`, 200, a + "@/ " + b + "@/", "a"},
		{"remove", "DELETE", "/archives?path=" + a, "", 200, b + "@/", "b"},
		{"add at the top", "POST", "/archives?at=top", `{"path": ` + quoted(a) + `}`, 200, a + "@/ " +
			b + "@/", "a"},
		{"again at the top", "POST", "/archives?at=top", `{"path": ` + quoted(a) + `}`, 409, a +
			"@/ " + b + "@/", "a"},
		{"no such place", "POST", "/archives?at=side", `{"path": ` + quoted(a) + `, "mount": "/x"}`,
			400, a + "@/ " + b + "@/", "a"},
		{"remove the top", "DELETE", "/archives?path=" + a, "", 200, b + "@/", "b"},
		{"add at the bottom", "POST", "/archives?at=bottom", `{"path": ` + quoted(a) + `}`, 200, b +
			"@/ " + a + "@/", "b"},
		{"remove the bottom", "DELETE", "/archives?path=" + a, "", 200, b + "@/", "b"},
		{"add below /m", "POST", "/archives", `{"path": ` + quoted(a) + `, "mount": "/m"}`, 200,
			a + "@/m " + b + "@/", "b"},
		{"remove elsewhere", "DELETE", "/archives?path=" + a + "&mount=/n", "", 404,
			a + "@/m " + b + "@/", "b"},
		{"add below /n", "POST", "/archives", `{"path": ` + quoted(a) + `, "mount": "/n"}`, 200,
			a + "@/m " + a + "@/n " + b + "@/", "b"},
		{"remove one of two", "DELETE", "/archives?path=" + a, "", 400,
			a + "@/m " + a + "@/n " + b + "@/", "b"},
		{"remove the first", "DELETE", "/archives?path=" + a + "&mount=/m", "", 200,
			a + "@/n " + b + "@/", "b"},
		{"remove without its mount", "DELETE", "/archives?path=" + a, "", 200, b + "@/", "b"},
		{"remove the last", "DELETE", "/archives?path=" + b + "&mount=/", "", 200, "", "404"},
	} {
		status, body := admin(t, r.Server, step.method, step.target, step.body)
		if status != step.status || (status >= 400) != strings.Contains(body, `"error"`) {
			t.Errorf("%s: %d %s", step.name, status, body)
		}
		const missing = `"nope.tar.gz: no such file or directory: check the name"`
		if strings.Contains(step.name, "missing") && !strings.Contains(body, missing) {
			t.Errorf("%s: %s", step.name, body)
		}
		if strings.Contains(step.name, "bad") && !strings.Contains(body, filepath.Base(bad)) {
			t.Errorf("%s: it does not say which: %s", step.name, body)
		}
		var list struct{ Archives []archives.Info }
		_, body = admin(t, r.Server, "GET", "/archives", "")
		if err := json.Unmarshal([]byte(body), &list); err != nil || list.Archives == nil {
			t.Fatalf("%v: %s", err, body)
		}
		var got []string
		for _, i := range list.Archives {
			got = append(got, i.Path+"@"+i.Mount)
		}
		if s := strings.Join(got, " "); s != step.list {
			t.Errorf("%s: serves %s, want %s", step.name, s, step.list)
		}
		if status, x := fetch(t, plainClient, r.url("/x")); x != step.x &&
			!(step.x == "404" && status == 404) {
			t.Errorf("%s: /x is %d %q", step.name, status, x)
		}
	}
}

func TestAdminRefusesStrangers(t *testing.T) {
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}}})
	for name, header := range map[string]string{"another site": "Sec-Fetch-Site: cross-site",
		"another origin": "Origin: https://evil.example", "a rebound name": "Host: evil.example:9090"} {
		if status, _ := admin(t, r.Server, "PUT", "/archives", "[]", header); status != 403 {
			t.Errorf("%s: %d", name, status)
		}
	}
	if status, _ := admin(t, r.Server, "GET", "/metrics", "",
		"Host: tpk.monitoring.svc:9090"); status != 200 {
		t.Errorf("metrics by a name: %d", status)
	}
}

func TestHealthAndMetrics(t *testing.T) {
	s, err := serve.New(serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}}})
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := admin(t, s, "GET", "/healthz", ""); status != 200 {
		t.Errorf("healthz: %d", status)
	}
	if status, _ := admin(t, s, "GET", "/readyz", ""); status != 503 {
		t.Errorf("readyz before anything is loaded: %d", status)
	}
	s.Close()

	socket := filepath.Join(t.TempDir(), "admin")
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}}},
		serve.RunOptions{Admin: "unix:" + socket})
	for range 3 {
		fetch(t, plainClient, r.url("/file"))
	}
	fetch(t, plainClient, r.url("/nothing"))
	c := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _,
		_ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	for _, line := range []string{
		`tpk_http_responses_total{code="200"} 3`, `tpk_http_responses_total{code="404"} 1`,
		`tpk_http_responses_by_coding_total{coding="identity"} 4`,
		`tpk_http_response_body_bytes_by_coding_total{coding="br"} 0`,
		"tpk_http_request_duration_seconds_count 4",
		`tpk_http_request_duration_seconds_bucket{le="+Inf"} 4`, "# TYPE tpk_connections gauge",
		`tpk_archive_entries{index="0",path="` + packedSite(t) + `",mount="/"}`,
		`tpk_reloads_total{result="ok"} 1`, "process_resident_memory_bytes",
	} {
		eventually(t, line, func() bool { // an answer is counted after it was sent
			resp, err := c.Get("http://localhost/metrics")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			b, _ := io.ReadAll(resp.Body)
			return strings.Contains(string(b), line)
		})
	}
	if fi, err := os.Stat(socket); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("the admin socket: %v %v", fi, err)
	}
}

// TestUnixSocket checks mode, a stale socket, one in use and a file in the way.
func TestUnixSocket(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "s")
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	_ = stale.Close()
	o := serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}}}
	r := start(t, o, serve.RunOptions{Sockets: []string{path}, SocketMode: 0o600})
	fi, err := os.Stat(path)
	if err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", fi, err)
	}
	for name, path := range map[string]string{"in use": path, "a file": packedSite(t)} {
		s, err := serve.New(o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		if err := s.Run(ctx, serve.RunOptions{Sockets: []string{path}}); err == nil ||
			!strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
		s.Close()
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("the socket is still there: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestAccessLog reads both formats.
func TestAccessLog(t *testing.T) {
	for format, want := range map[string][]string{
		"combined": {`127.0.0.1 - - [`,
			`] "GET /file?a=\x22b HTTP/1.1" 200 11 "http://r/" "agent \x5C \xC3\xBC"`,
			`"GET /nothing HTTP/1.1" 404 `, `"" 400 16 "-" "-"`,
			`] "GET /file?h2c HTTP/2.0" 200 11 "http://r/" "agent"`},
		"json": {`"host":"127.0.0.1:`,
			`"method":"GET","target":"/file?a=\"b","proto":"HTTP/1.1","referer":"http://r/",` +
				`"user_agent":"agent \\ ü","status":200,"bytes":11,"seconds":0.`,
			`"target":"/nothing","proto":"HTTP/1.1"`, `"status":400,"bytes":16`,
			`"target":"/file?h2c","proto":"HTTP/2.0","referer":"http://r/","user_agent":"agent",`},
	} {
		name := filepath.Join(t.TempDir(), "log")
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		r := start(t, serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}}, AccessLog: f,
			AccessFormat: format}, serve.RunOptions{H2C: true})
		var h2c http.Protocols
		h2c.SetUnencryptedHTTP2(true)
		transport := &http.Transport{Protocols: &h2c}
		fetch(t, &http.Client{Transport: transport}, r.url("/file?h2c"), "Referer: http://r/",
			"User-Agent: agent")
		transport.CloseIdleConnections()
		r.raw(t, "GET /file?a=\"b HTTP/1.1\r\nHost: "+r.addresses[0]+
			"\r\nReferer: http://r/\r\nUser-Agent: agent \\ ü\r\nConnection: close\r\n\r\n", time.Second)
		fetch(t, plainClient, r.url("/nothing"))
		r.raw(t, "rubbish\r\n\r\n", time.Second)
		if err := r.stop(); err != nil {
			t.Error(err)
		}
		got := readFile(t, name)
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("no %s in\n%s", w, got)
			}
		}
		for line := range strings.Lines(got) {
			if format == "json" && !json.Valid([]byte(line)) {
				t.Errorf("no JSON: %s", line)
			}
		}
		_ = f.Close()
	}
}
