package serve_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve"
)

// checked checks the effect of each field of an option struct. A field without a check fails.
func checked(t *testing.T, options any, checks map[string]func(t *testing.T)) {
	t.Helper()
	for i := range reflect.TypeOf(options).NumField() {
		name := reflect.TypeOf(options).Field(i).Name
		if checks[name] == nil {
			t.Errorf("%T.%s has no check", options, name)
			continue
		}
		t.Run(name, checks[name])
	}
}

// lines is a writer that can be read at the same time.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestEveryOption sets each field of Options and checks its effect.
func TestEveryOption(t *testing.T) {
	dir := t.TempDir()
	archive := files{"a.txt": "a", "a.12ab.js": "js", "hidden.txt": "h", "more.secret": "m",
		"folder/x": "x", "b.js.gz": gzipped("own"), "read.by.ranges": words(9000)}.pack(t,
		filepath.Join(dir, "a.tar.gz"))
	tree := filepath.Join(dir, "tree")
	files{"plain.txt": "p", "in/other": "o"}.write(t, tree)
	nested := files{"y": "y"}.pack(t, filepath.Join(dir, "n.tar.gz"))
	replace(t, nested, filepath.Join(tree, "in/pack.tar.gz"))
	var access lines
	o := serve.Options{
		Archives: []serve.Archive{{Path: archive, Mount: "/m"}}, Fallback: tree, Nested: true,
		SPA: true, Listing: true, NoDownload: true, Hide: []string{"hidden*"},
		HideMore: []string{"*.secret"}, CacheControl: "max-age=7", Sandbox: []string{"/m/folder"},
		Types:   map[string]string{".TXT": "text/x-special"},
		Gzipped: []string{"*.js.gz"}, Identity: []string{"*.ranges"},
		Immutable: []string{"*.12ab.js"}, CORS: []string{"https://a.example"},
		Header:       []serve.Field{{Name: "X-A", Value: "b"}},
		WriteTimeout: 20 * time.Second, AccessLog: &access, AccessFormat: "json",
		CacheDir: filepath.Join(dir, "cache"), NoConvert: true,
	}
	r := start(t, o)
	get := func(t *testing.T, path string) (*http.Response, string) {
		t.Helper()
		req, err := http.NewRequest("GET", r.url(path), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", "https://a.example")
		resp, err := plainClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp, string(b)
	}
	body := func(path string, status int, want string) func(t *testing.T) {
		return func(t *testing.T) {
			if resp, got := get(t, path); resp.StatusCode != status || want != "" && got != want {
				t.Errorf("%s: %s %q", path, resp.Status, got)
			}
		}
	}
	field := func(path, name, want string) func(t *testing.T) {
		return func(t *testing.T) {
			if resp, _ := get(t, path); resp.Header.Get(name) != want {
				t.Errorf("%s: %s: %q", path, name, resp.Header.Get(name))
			}
		}
	}
	logged := func(t *testing.T) {
		get(t, "/m/a.txt")
		eventually(t, "a line in the access log", func() bool {
			return strings.Contains(access.String(), `"target":"/m/a.txt"`)
		})
	}
	checked(t, o, map[string]func(t *testing.T){
		"Archives": body("/m/a.txt", 200, "a"), "Fallback": body("/plain.txt", 200,
			"p"), "Nested": body("/in/y", 200, "y"),
		"Listing": body("/m/folder/?list&format=json", 200,
			""), "NoDownload": body("/m/?list&download=tar.gz", 404, ""),
		"Hide": body("/m/hidden.txt", 404, ""), "HideMore": body("/m/more.secret", 404, ""),
		"CacheControl": field("/m/a.txt", "Cache-Control",
			"max-age=7"),
		"Immutable": field("/m/a.12ab.js", "Cache-Control", "public, max-age=31536000, immutable"),
		"CORS": field("/m/a.txt", "Access-Control-Allow-Origin",
			"https://a.example"), "Header": field("/m/a.txt", "X-A", "b"),
		"Types":   field("/m/a.txt", "Content-Type", "text/x-special; charset=utf-8"),
		"Gzipped": body("/m/b.js.gz", 200, "own"),
		"Identity": func(t *testing.T) {
			c := newClient("tcp", r.url(""), &http.Transport{})
			resp, _ := c.do(t, "GET", "/m/read.by.ranges", "Accept-Encoding: gzip")
			if resp.Header.Get("Content-Encoding") != "" {
				t.Errorf("%v", resp.Header)
			}
		},
		"TrustProxy": TestTrustProxy, "ProxyForwarded": TestForwardedProto,
		"MaxRequestsPerIP": TestLimits, "Burst": TestLimits, "MaxDownloadsPerIP": TestLimits,
		"MaxSearchesPerIP": TestLimits, "MaxSearches": TestLimits, "Unlimited": TestLimits,
		"AccessLog": logged, "AccessFormat": logged,
		"SPA": func(t *testing.T) {
			files{"index.html": "app"}.write(t, tree)
			body("/some/route", 200, "app")(t)
		},
		"Log": func(t *testing.T) { // start sets it, to r.log
			if err := os.Remove(archive + ".tpi"); err != nil {
				t.Fatal(err)
			}
			if err := r.Reload(t.Context()); err != nil {
				t.Error(err)
			}
			if log := r.log.String(); !strings.Contains(log, "indexing") {
				t.Errorf("%q", log)
			}
		},
		"CacheDir":      func(*testing.T) {}, // TestMissingIndex checks it
		"CacheSize":     func(*testing.T) {}, // TestCacheSize checks it
		"Resolve":       func(*testing.T) {}, // TestAdminURL checks it
		"NoConvert":     func(*testing.T) {}, // TestForeign checks it
		"Trust":         func(*testing.T) {}, // TestSigned checks it
		"PasswordFile":  func(*testing.T) {}, // TestUsers checks it
		"VerifyMetrics": TestVerified,
		"Sandbox": func(t *testing.T) {
			in, _ := get(t, "/m/folder/x")
			out, _ := get(t, "/m/a.txt")
			const name = "Content-Security-Policy"
			if !strings.HasPrefix(in.Header.Get(name), "sandbox") || out.Header.Get(name) != "" {
				t.Errorf("%q, %q", in.Header, out.Header)
			}
		},
		// TestSiteRulesOperator checks these.
		"NoSiteConfig": func(*testing.T) {}, "TrustSiteConfig": func(*testing.T) {},
		"WriteTimeout": func(t *testing.T) { // TestSlowClients checks that it ends connections
			s, err := serve.New(serve.Options{WriteTimeout: time.Nanosecond,
				Archives: []serve.Archive{{Path: packedSite(t)}}})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := s.Load(t.Context()); err != nil {
				t.Fatal(err)
			}
			w := &deadlines{header: http.Header{}}
			s.Handler().ServeHTTP(w, httptestRequest("/film.mp4"))
			if w.set == 0 {
				t.Error("no deadline was set")
			}
		},
	})
}

// deadlines is a ResponseWriter that counts write deadlines.
type deadlines struct {
	header http.Header
	set    int
}

func (d *deadlines) Header() http.Header              { return d.header }
func (d *deadlines) Write(p []byte) (int, error)      { return len(p), nil }
func (d *deadlines) WriteHeader(int)                  {}
func (d *deadlines) SetWriteDeadline(time.Time) error { d.set++; return nil }

func httptestRequest(path string) *http.Request {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + path +
		" HTTP/1.1\r\nHost: a\r\n\r\n")))
	if err != nil {
		panic(err)
	}
	return r
}

// TestEveryRunOption sets each field of RunOptions and checks its effect.
func TestEveryRunOption(t *testing.T) {
	dir := t.TempDir()
	archive := files{"a": "1"}.pack(t, filepath.Join(dir, "a.tar.gz"))
	certFile, keyFile := testCertificate(t)
	o := serve.Options{Archives: []serve.Archive{{Path: archive}}}
	socket, admin := filepath.Join(dir, "s"), filepath.Join(dir, "admin")
	r := start(t, o, serve.RunOptions{
		Sockets: []string{socket}, SocketMode: 0o611, H2C: true, Admin: "unix:" + admin, Watch: true,
		HeaderTimeout: time.Second, IdleTimeout: time.Second, MaxHeader: 2000,
	})
	limited := start(t, o, serve.RunOptions{MaxConns: 2})
	perIP := start(t, o, serve.RunOptions{MaxConnsPerIP: 1})
	secure := start(t, o, serve.RunOptions{
		Certificates:    []serve.Certificate{{CertFile: certFile, KeyFile: keyFile}},
		ShutdownTimeout: 20 * time.Second})
	dial := func(t *testing.T, network, address string) net.Conn {
		t.Helper()
		c, err := net.Dial(network, address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		return c
	}
	ask := func(c net.Conn, fields string) int {
		if _, err := io.WriteString(c, "GET /a HTTP/1.1\r\nHost: a\r\n"+fields+"\r\n"); err != nil {
			return 0
		}
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			return 0
		}
		return resp.StatusCode
	}
	answers := func(network, address string) func(t *testing.T) {
		return func(t *testing.T) {
			if status := ask(dial(t, network, address), ""); status != 200 {
				t.Errorf("%s: %d", address, status)
			}
		}
	}
	ends := func(t *testing.T) { // a connection on which no request comes
		if _, err := io.Copy(io.Discard, dial(t, "tcp", r.addresses[0])); err != nil {
			t.Error(err)
		}
		c := dial(t, "tcp", r.addresses[0])
		if ask(c, "") != 200 {
			t.Error("no answer")
		}
		if _, err := io.Copy(io.Discard, c); err != nil {
			t.Error(err)
		}
	}
	overTLS := func(t *testing.T) {
		c := tls.Client(dial(t, "tcp", secure.addresses[0]), &tls.Config{InsecureSkipVerify: true})
		if status := ask(c, ""); status != 200 {
			t.Error(status)
		}
	}
	refused := func(r *running, allowed int) func(t *testing.T) {
		return func(t *testing.T) {
			for range allowed {
				if status := ask(dial(t, "tcp", r.addresses[0]), ""); status != 200 {
					t.Error(status)
				}
			}
			if status := ask(dial(t, "tcp", r.addresses[0]), ""); status != 0 {
				t.Errorf("one more: %d", status)
			}
		}
	}
	checked(t, serve.RunOptions{}, map[string]func(t *testing.T){
		"Listen": answers("tcp", r.addresses[0]), "Sockets": answers("unix", socket),
		"Admin": func(t *testing.T) {
			c := dial(t, "unix", admin)
			_, _ = io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
			if resp, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil ||
				resp.StatusCode != 200 {
				t.Error(resp, err)
			}
		},
		"Certificates": overTLS, "HeaderTimeout": ends, "IdleTimeout": ends,
		"MaxConns": refused(limited, 2), "MaxConnsPerIP": refused(perIP, 1),
		"SocketMode": func(t *testing.T) {
			if fi, err := os.Stat(socket); err != nil || fi.Mode().Perm() != 0o611 {
				t.Error(fi, err)
			}
		},
		"MaxHeader": func(t *testing.T) {
			if status := ask(dial(t, "tcp", r.addresses[0]), "X: "+strings.Repeat("x", 2000)+
				"\r\n"); status != 431 {
				t.Error(status)
			}
		},
		"H2C": func(t *testing.T) {
			var p http.Protocols
			p.SetUnencryptedHTTP2(true)
			c := &http.Client{Transport: &http.Transport{Protocols: &p}}
			defer c.CloseIdleConnections()
			if resp, err := c.Get(r.url("/a")); err != nil || resp.ProtoMajor != 2 {
				t.Error(resp, err)
			}
		},
		"Poll": TestPoll, "NoRedirect": TestRedirect, "RedirectPort": TestRedirect,
		"Watch": func(t *testing.T) {
			replace(t, files{"a": "2"}.pack(t, filepath.Join(dir, "b.tar.gz")), archive)
			eventually(t, "the new archive is served", func() bool {
				_, body := fetch(t, plainClient, r.url("/a"))
				return body == "2"
			})
		},
		// systemd's sockets are the descriptors from 3 on, which belong to the test here. The
		// command's test passes them.
		"Inherit": func(t *testing.T) {
			s, err := serve.New(o)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := s.Run(t.Context(), serve.RunOptions{Inherit: true}); err == nil ||
				!strings.Contains(err.Error(), "nothing to listen on") {
				t.Error(err)
			}
		},
		"Ready": func(t *testing.T) { // start waits for it
			if len(r.addresses) != 2 {
				t.Error(r.addresses)
			}
		},
		"Former": testFormer, "FormerArchives": testFormerArchives, "DrainTimeout": testDrainTimeout,
		"ShutdownTimeout": func(t *testing.T) { // TestShutdownTimeout checks that it ends transfers
			if err := secure.stop(); err != nil {
				t.Error(err)
			}
			if log := secure.log.String(); strings.Contains(log, "under way") {
				t.Error(log)
			}
		},
	})
}
