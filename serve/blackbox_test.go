package serve_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve"
)

// client sends requests to a server in one of the possible ways.
type client struct {
	name string
	base string
	http *http.Client
}

// do sends a request and reads the answer.
func (c *client) do(t testing.TB, method, target string, header ...string) (*http.Response,
	string) {
	t.Helper()
	req, err := http.NewRequest(method, c.base+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	path, query, _ := strings.Cut(target, "?")
	req.URL.Opaque = "//" + req.URL.Host + path // as it is, whatever it is
	req.URL.RawQuery = query
	req.Header.Set("User-Agent", "test")
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Add(name, value)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		t.Fatalf("%s: %s %s: %v", c.name, method, target, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s: %s %s: %v after %d bytes", c.name, method, target, err, len(body))
	}
	return resp, string(body)
}

// newClient makes a client of a transport.
func newClient(name, base string, tr *http.Transport) *client {
	tr.DisableCompression = true
	return &client{name, base, &http.Client{
		Transport:     tr,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       2 * time.Minute, // nothing should hang
	}}
}

// clients starts servers for the options and returns every way to talk to them: TCP, unix sockets,
// TLS, HTTP/2 with and without TLS, and the handler mounted in another server.
func clients(t *testing.T, o serve.Options) []*client {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	plain := start(t, o, serve.RunOptions{H2C: true, Sockets: []string{socket}})
	certFile, keyFile := testCertificate(t)
	tlsServer := start(t, o, serve.RunOptions{
		H2C: true, Certificates: []serve.Certificate{{CertFile: certFile, KeyFile: keyFile}},
	})

	mounted := httptest.NewServer(plain.Handler())
	t.Cleanup(mounted.Close)

	var h2c, h2 http.Protocols
	h2c.SetUnencryptedHTTP2(true)
	h2.SetHTTP2(true)
	trust := &tls.Config{InsecureSkipVerify: true}
	all := []*client{
		newClient("tcp", "http://"+plain.addresses[0], &http.Transport{}),
		newClient("unix", "http://unix",
			&http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, "unix", socket)
			}}),
		newClient("h2c", "http://"+plain.addresses[0], &http.Transport{Protocols: &h2c}),
		newClient("tls", "https://"+tlsServer.addresses[0], &http.Transport{TLSClientConfig: trust}),
		newClient("h2", "https://"+tlsServer.addresses[0],
			&http.Transport{TLSClientConfig: trust.Clone(), Protocols: &h2}),
		newClient("handler", mounted.URL, &http.Transport{}),
	}
	for _, c := range all {
		t.Cleanup(c.http.CloseIdleConnections)
	}
	return all
}

func gunzip(t testing.TB, s string) string {
	t.Helper()
	z, err := gzip.NewReader(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	z.Multistream(false)
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestContent gets every file in each coding, whole and in ranges, in each way.
func TestContent(t *testing.T) { testContent(t, packedSite(t)) }

func testContent(t *testing.T, archive string) {
	for _, c := range clients(t, serve.Options{Archives: []serve.Archive{{Path: archive}}}) {
		t.Run(c.name, func(t *testing.T) {
			for name, content := range site() {
				if !strings.HasPrefix(content, "-> ") && !strings.HasPrefix(name, ".s") &&
					!strings.Contains(name, "/.x") && name != "icon.svgz" { // see TestOwnGzip
					testFile(t, c, name, content)
				}
			}
		})
	}
}

// testFile gets one file in each coding, whole and in ranges.
func testFile(t *testing.T, c *client, name, content string) {
	t.Helper()
	target := "/" + escapePath(name)
	resp, body := c.do(t, "GET", target)
	tag := resp.Header.Get("ETag")
	if resp.StatusCode != 200 || body != content ||
		resp.ContentLength != int64(len(content)) || !strings.HasPrefix(tag, `"`) ||
		resp.Header.Get("Last-Modified") != siteDate || resp.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("%s: %d, %d of %d bytes, %v", target, resp.StatusCode, len(body),
			len(content), resp.Header)
	}
	resp, body = c.do(t, "GET", target, "Accept-Encoding: gzip")
	if resp.ContentLength != int64(len(body)) {
		t.Errorf("%s: Content-Length %d, %d bytes", target, resp.ContentLength, len(body))
	}
	if resp.Header.Get("Content-Encoding") == "gzip" {
		body = gunzip(t, body)
		if resp.Header.Get("ETag") == tag {
			t.Errorf("%s: both codings have the entity-tag %s", target, tag)
		}
	}
	if resp.StatusCode != 200 || body != content {
		t.Errorf("%s by gzip: %d, other content", target, resp.StatusCode)
	}
	for _, n := range []int{0, 1, 65534, 65535, 65536, 1<<20 - 1, 1 << 20,
		len(content) / 2, len(content) - 1} {
		if n < 0 || n >= len(content) {
			continue
		}
		end := min(n+70_000, len(content))
		resp, body = c.do(t, "GET", target, fmt.Sprintf("Range: bytes=%d-%d", n, end-1),
			"Accept-Encoding: gzip")
		if resp.StatusCode != 206 || body != content[n:end] || resp.Header.Get("ETag") != tag ||
			resp.Header.Get("Content-Range") != fmt.Sprintf("bytes %d-%d/%d", n, end-1, len(content)) {
			t.Errorf("%s from %d: %d %v, %d bytes", target, n, resp.StatusCode, resp.Header, len(body))
		}
	}
	resp, body = c.do(t, "HEAD", target)
	if resp.StatusCode != 200 || body != "" || resp.ContentLength != int64(len(content)) {
		t.Errorf("HEAD %s: %d, %d bytes, Content-Length %d", target, resp.StatusCode,
			len(body), resp.ContentLength)
	}
}

func escapePath(p string) string {
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		if c := p[i]; c == '/' || c == '.' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// TestAnswers is a table of requests and their answers, which are the same in each way.
func TestAnswers(t *testing.T) {
	table := []struct {
		method, target string
		request        string // header fields, "|" between them
		status         int
		response       string // in the same way; "-" means that there is no such field
	}{
		{"GET", "/", "", 200,
			"Content-Type: text/html; charset=utf-8|Accept-Ranges: bytes|Content-Encoding: -"},
		{"GET", "/", "Accept-Encoding: gzip", 200,
			"Content-Encoding: gzip|Content-Type: text/html; charset=utf-8"},
		{"GET", "/", "Accept-Encoding: identity;q=0", 406, "Content-Encoding: -"},
		{"GET", "/", "Accept-Encoding: br|Accept-Encoding: gzip;q=0.5", 200, "Content-Encoding: gzip"},
		{"GET", "/page", "", 200, "Content-Type: text/html; charset=utf-8"},
		{"GET", "/docs", "", 301, "Location: ./docs/"},
		{"GET", "/docs/", "", 200, "Content-Type: text/html; charset=utf-8"},
		{"GET", "/docs?x=1", "", 301, "Location: ./docs/?x=1"},
		{"GET", "/about", "", 200, "Content-Type: text/html; charset=utf-8"},
		{"GET", "/about/", "", 301, "Location: ../about"},
		{"GET", "/bare/", "", 404, "Content-Type: text/html; charset=utf-8|ETag: -"},
		{"GET", "/nothing", "Accept-Encoding: gzip", 404,
			"Content-Encoding: gzip|Content-Type: text/html; charset=utf-8"},
		{"HEAD", "/nothing", "", 404, "Content-Type: text/html; charset=utf-8"},
		{"GET", "/.secret", "", 404, ""},
		{"GET", "/.well-known/acme", "", 200, ""},
		{"GET", "/link", "", 200, ""},
		{"GET", "/dirlink/guide.html", "", 200, ""},
		{"GET", "/out", "", 404, ""},
		{"GET", "/data.tar.gz", "Accept-Encoding: gzip", 200,
			"Content-Type: application/gzip|Content-Encoding: -"},
		{"GET", "/icon.svgz", "Accept-Encoding: gzip", 200,
			"Content-Type: image/svg+xml|Content-Encoding: gzip"},
		{"GET", "/small.png", "Accept-Encoding: gzip", 200,
			"Content-Type: image/png|Content-Encoding: -|Vary: Accept-Encoding"},
		{"GET", "/empty.txt", "Accept-Encoding: gzip", 200, "Content-Length: 0"},
		{"GET", "/empty.txt", "Range: bytes=0-1", 200, "Content-Length: 0"},
		{"GET", "/file", "Range: bytes=11-", 416, "Content-Range: bytes */11"},
		{"GET", "/file", "If-Modified-Since: " + siteDate, 304,
			"Vary: Accept-Encoding|Last-Modified: " + siteDate + "|Content-Length: -|Content-Type: -"},
		{"GET", "/file", "If-None-Match: *", 304, "Vary: Accept-Encoding"},
		{"GET", "/file", "If-Match: \"x\"", 412, ""},
		{"GET", "/file", "If-Unmodified-Since: Sat, 02 Mar 2024 03:04:04 GMT", 412, ""},
		{"OPTIONS", "/file", "", 204, "Allow: GET, HEAD, OPTIONS|Content-Length: -"},
		{"DELETE", "/file", "", 405, "Allow: GET, HEAD, OPTIONS"},
		{"PUT", "/file", "", 405, "Allow: GET, HEAD, OPTIONS"},
		{"BREW", "/file", "", 405, "Allow: GET, HEAD, OPTIONS"},
		{"GET", "/%2e%2e/etc/passwd", "", 400, ""},
		{"GET", "/docs/%2e%2e/file", "", 200, ""},
		{"GET", "/docs%2fguide.html", "", 404, ""},
		{"GET", "/..%5cfile", "", 404, ""},
		{"GET", "/%252e%252e/", "", 404, ""},
		{"GET", "/file%00", "", 400, ""},
		{"GET", "/a%3Ab", "", 301, "Location: ./a%3Ab/"},
		{"GET", "/?list&download=tar.gz", "Accept-Encoding: gzip", 200,
			`Content-Type: application/gzip|Content-Encoding: -|Content-Disposition: ` +
				`attachment; filename="site.tar.gz"`},
		{"HEAD", "/?list&download=tpi", "", 404, "Content-Disposition: -"}, // it names dotfiles, too
		{"GET", "/?list&download=rar", "", 400, ""},
	}
	for _, c := range clients(t, serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}}}) {
		t.Run(c.name, func(t *testing.T) {
			for _, row := range table {
				var fields []string
				if row.request != "" {
					fields = strings.Split(row.request, "|")
				}
				resp, _ := c.do(t, row.method, row.target, fields...)
				if resp.StatusCode != row.status {
					t.Errorf("%s %s (%s): %d, want %d", row.method, row.target, row.request,
						resp.StatusCode, row.status)
				}
				for f := range strings.SplitSeq(row.response, "|") {
					name, want, _ := strings.Cut(f, ": ")
					if name == "" {
						continue
					}
					if got := strings.Join(resp.Header.Values(name), ", "); got != strings.TrimPrefix(want, "-") {
						t.Errorf("%s %s (%s): %s: %q, want %q", row.method, row.target, row.request, name, got, want)
					}
				}
				if d, err := http.ParseTime(resp.Header.Get("Date")); err != nil ||
					time.Since(d).Abs() > time.Minute {
					t.Errorf("%s %s: Date %q", row.method, row.target, resp.Header.Get("Date"))
				}
				if resp.Header.Get("Server") != "tpk" || len(resp.Header.Values("Date")) != 1 {
					t.Errorf("%s %s: Server %q, Date %q", row.method, row.target,
						resp.Header.Values("Server"), resp.Header.Values("Date"))
				}
			}
		})
	}
}

// TestMultipartBytes reads multipart answers with Go's own parser.
func TestMultipartBytes(t *testing.T) {
	for _, c := range clients(t, serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}}}) {
		for _, name := range []string{"file", "big.txt", "film.mp4", "mid.txt"} {
			content := site()[name]
			var want, spec []string
			for i := range 4 {
				from := i * len(content) / 4
				to := from + min(3+i*20_000, len(content)/4) - 1
				spec = append(spec, fmt.Sprintf("%d-%d", from, to))
				want = append(want, content[from:to+1])
			}
			resp, body := c.do(t, "GET", "/"+name, "Range: bytes="+strings.Join(spec, ", "))
			kind, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
			if err != nil || resp.StatusCode != 206 || kind != "multipart/byteranges" ||
				resp.ContentLength != int64(len(body)) {
				t.Fatalf("%s %s: %d %v", c.name, name, resp.StatusCode, resp.Header)
			}
			mr := multipart.NewReader(strings.NewReader(body), params["boundary"])
			for i := range want {
				p, err := mr.NextRawPart()
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(p)
				if err != nil || string(got) != want[i] ||
					p.Header.Get("Content-Range") != "bytes "+spec[i]+"/"+strconv.Itoa(len(content)) {
					t.Errorf("%s %s: part %d: %v, %d bytes, %v", c.name, name, i, err, len(got), p.Header)
				}
			}
			if _, err := mr.NextRawPart(); err != io.EOF {
				t.Errorf("%s %s: after the last part: %v", c.name, name, err)
			}
		}
	}
}

// TestDownload compares what is downloaded with the files, whole and resumed.
func TestDownload(t *testing.T) {
	archive := packedSite(t)
	o := serve.Options{Archives: []serve.Archive{{Path: archive}}, Hide: []string{}} // all of it
	for _, c := range clients(t, o) {
		for query, name := range map[string]string{"tar.gz": archive, "tpi": archive + ".tpi"} {
			want := readFile(t, name)
			resp, body := c.do(t, "GET", "/?list&download="+query)
			file := `attachment; filename="` + filepath.Base(name) + `"`
			if got := resp.Header.Get("Content-Disposition"); got != file {
				t.Errorf("%s: %s: Content-Disposition %s", c.name, query, got)
			}
			if body != want {
				t.Errorf("%s: %s: other bytes", c.name, query)
			}
			tag := resp.Header.Get("ETag")
			resp, body = c.do(t, "GET", "/?list&download="+query, "Range: bytes=1000-", "If-Range: "+tag)
			if resp.StatusCode != 206 || body != want[1000:] {
				t.Errorf("%s: %s resumed: %d", c.name, query, resp.StatusCode)
			}
			resp, _ = c.do(t, "GET", "/?list&download="+query, "If-None-Match: "+tag)
			if resp.StatusCode != 304 {
				t.Errorf("%s: %s again: %d", c.name, query, resp.StatusCode)
			}
		}
	}
}

// TestMountedHandler checks what net/http changes of a request's path.
func TestMountedHandler(t *testing.T) {
	s, err := serve.New(serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	mux := http.NewServeMux()
	mux.Handle("/files/", http.StripPrefix("/files", s.Handler()))
	rec := httptest.NewRecorder()
	mux.ServeHTTP(rec, httptest.NewRequest("GET", "/files/style.css", nil))
	if rec.Code != 503 || rec.Header().Get("Retry-After") == "" {
		t.Errorf("before Load: %d", rec.Code)
	}
	if err := s.Load(context.Background()); err != nil {
		t.Fatal(err)
	}
	for target, status := range map[string]int{"/files/style.css": 200, "/files/docs/?a=b": 200,
		"/files/docs": 301, "/files/%C3%BC%20%C3%B1%25.txt": 200, "/files/": 200} {
		rec := httptest.NewRecorder()
		mux.ServeHTTP(rec, httptest.NewRequest("GET", target, nil))
		if rec.Code != status {
			t.Errorf("%s: %d", target, rec.Code)
		}
	}
	rec = httptest.NewRecorder()
	mux.ServeHTTP(rec, httptest.NewRequest("GET", "/files/style.css", nil))
	if !bytes.Equal(rec.Body.Bytes(), []byte(site()["style.css"])) {
		t.Error("other content")
	}
	rec = httptest.NewRecorder()
	rec.Header().Set("Server", "front")
	mux.ServeHTTP(rec, httptest.NewRequest("GET", "/files/style.css", nil))
	if got := rec.Header()["Server"]; len(got) != 1 || got[0] != "front" {
		t.Errorf("Server of a handler before it has become %q", got)
	}
}
