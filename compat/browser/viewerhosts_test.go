package browser

import (
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/chromedp"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/website"
)

// nginx starts nginx on a directory. more is added to the server of its configuration.
func nginx(t testing.TB, more string) (url, root string) {
	t.Helper()
	root = filepath.Join(tools.Dir(t), "root")
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	address := fixture.FreeAddress(t)
	nginxOn(t, address, root, more)
	return "http://" + address, root
}

func nginxOn(t testing.TB, address, root, more string) *fixture.Server {
	t.Helper()
	return fixture.Nginx(t, tools.Dir(t), address, fmt.Sprintf(`
  types { text/html html; text/javascript js; application/gzip gz; }
  server { listen %s; root %s; %s }
`, address, root, more))
}

// smallSite writes a small site and its viewer to a directory.
func smallSite(t testing.TB, root string, o pack.Options, w website.Options) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "tree")
	for name, text := range map[string]string{
		"index.html": "<!doctype html><title>Start</title>" +
			"<script>document.title = 'Script'</script>",
		"docs/page.html":  "<!doctype html><title>Page</title><main>Page</main>",
		"docs/other.html": "<!doctype html><title>Other</title><main>Other</main>",
		"files/a.txt":     "a\n",
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	packWeb(t, dir, root, o, w)
}

// bucket starts an S3 server, and uploads the files of a directory to a bucket that any visitor may
// read. It returns the URL of the bucket.
func bucket(t testing.TB, root string) string {
	t.Helper()
	dir, address := tools.Dir(t), fixture.FreeAddress(t)
	fixture.StartServer(t, address, exec.Command(tools.GoProgram(t, "versitygw"), "--access", "access",
		"--secret", "secret-key", "--port", address, "posix", dir))
	c, err := minio.New(address, &minio.Options{Region: "us-east-1",
		Creds: credentials.NewStaticV4("access", "secret-key", "")})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.MakeBucket(t.Context(), "site", minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := c.SetBucketPolicy(t.Context(), "site", `{"Version":"2012-10-17","Statement":[{`+
		`"Effect":"Allow","Principal":"*","Action":"s3:GetObject",`+
		`"Resource":"arn:aws:s3:::site/*"}]}`); err != nil {
		t.Fatal(err)
	}
	types := map[string]string{".html": "text/html", ".js": "text/javascript"}
	files, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, err := c.FPutObject(t.Context(), "site", f.Name(), filepath.Join(root, f.Name()),
			minio.PutObjectOptions{ContentType: types[filepath.Ext(f.Name())]}); err != nil {
			t.Fatal(err)
		}
	}
	return "http://" + address + "/site/"
}

// TestViewerS3: the viewer in a bucket of an S3 server, which any visitor may read.
func TestViewerS3(t *testing.T) {
	tree, root := filepath.Join(t.TempDir(), "tree"), filepath.Join(t.TempDir(), "out")
	writeWebTree(t, tree)
	packWeb(t, tree, root, pack.Options{}, website.Options{})
	base := bucket(t, root)
	p := newTab(t, desktop)
	p.expectLog("Failed to load resource")
	p.opened(base+"index.html", `document.title == "Start"`)
	other := tpkServe(t, filepath.Join(root, "site.tar.gz"))
	paths := []string{"", "about", "docs/guide", "odd/caf%E9.txt", "odd/what%3F.txt", "noise.bin",
		"text.txt", "hard.bin", "link", "folder-link/", "empty", "missing", "many/3/f3.txt"}
	for i, got := range p.fetchAll(base, slices.Clone(paths), "") {
		if want := ask(t, other, paths[i], ""); got != want {
			t.Errorf("%s:\n%+v, tpk serve has\n%+v", paths[i], got, want)
		}
	}
}

// TestViewerElsewhere: the archive is on another server than the viewer, which must allow that.
func TestViewerElsewhere(t *testing.T) {
	for name, c := range map[string]struct {
		o      pack.Options
		fields map[string]string
		title  string
	}{
		"beside": {pack.Options{}, map[string]string{"Access-Control-Allow-Origin": "*",
			"Access-Control-Expose-Headers": "Content-Range, ETag"}, "Page"},
		"embedded": {pack.Options{EmbedIndex: true}, map[string]string{
			"Access-Control-Allow-Origin": "*"}, "Page"},
		"not allowed": {pack.Options{}, nil, "The archive can't be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			more := ""
			for field, value := range c.fields {
				more += fmt.Sprintf("add_header %s %q;", field, value)
			}
			files, there := nginx(t, more)
			smallSite(t, there, c.o, website.Options{})
			url, root := nginx(t, "")
			if err := website.Write(root, &website.Options{Archive: files + "/site.tar.gz"}); err != nil {
				t.Fatal(err)
			}
			p := newTab(t, desktop)
			p.expectLog("Failed to load resource")
			p.expectLog("CORS")
			p.opened(url+"/", `document.title == "Script" || document.querySelector("h1")`)
			p.opened(url+"/docs/page", `document.title == `+fmt.Sprintf("%q", c.title))
			if got := eval[string](p, `document.body.innerText`); c.fields == nil &&
				!strings.Contains(got, "does not allow other sites to read it (CORS)") {
				t.Errorf("%q", got)
			}
		})
	}
}

// TestViewerBadHosts: on a host that can't serve an archive, the page explains why.
func TestViewerBadHosts(t *testing.T) {
	root := filepath.Join(tools.Dir(t), "root")
	smallSite(t, root, pack.Options{}, website.Options{})
	address := fixture.FreeAddress(t)
	_, port, _ := net.SplitHostPort(address)
	fixture.StartServer(t, address, exec.Command(tools.Path(t, "python3"), "-m", "http.server",
		"--bind",
		"127.0.0.1", "--directory", root, port))
	files := http.FileServer(http.Dir(root))
	// It names a coding, and applies it or not.
	broken := func(coding string, applied bool) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, ".tar.gz") {
				w.Header().Set("Content-Encoding", coding)
			}
			if applied && strings.Contains(r.URL.Path, ".tar.gz") {
				z := gzip.NewWriter(w)
				_, _ = io.WriteString(z, "any content")
				_ = z.Close()
				return
			}
			files.ServeHTTP(w, r)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	for name, c := range map[string]struct{ url, want string }{
		"python -m http.server": {"http://" + address,
			"the server ignores Range and sends the whole file"},
		"a host that compresses":     {broken("gzip", true), "Content-Encoding: gzip"},
		"a host that names a coding": {broken("br", false), "Content-Encoding: br"},
		"Apache with AddEncoding":    {broken("x-gzip", false), "Content-Encoding: x-gzip"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newTab(t, desktop)
			p.opened(c.url+"/", `document.querySelector("h1")`)
			got := eval[string](p, `document.body.innerText`)
			if !strings.Contains(got, "This server can't serve an archive") ||
				!strings.Contains(got, c.want) || !strings.Contains(got, "site.tar.gz") {
				t.Errorf("%q", got)
			}
			p.expectLog("502")
		})
	}
	t.Run("no service workers", func(t *testing.T) { // no https, and not localhost
		p := newTab(t, desktop)
		p.run(chromedp.Navigate("http://" + plainName + ":" + port))
		p.until(`document.title == "This page can't be opened here"`)
		if got := eval[string](p, `document.body.innerText`); !strings.Contains(got, "https://") {
			t.Errorf("%q", got)
		}
		p.expectLog("favicon")
	})
}

// TestViewerOffline: without a network, what was seen is there, and what was not has a message.
func TestViewerOffline(t *testing.T) {
	for name, o := range map[string]pack.Options{"beside": {}, "embedded": {EmbedIndex: true}} {
		t.Run(name, func(t *testing.T) {
			root, address := filepath.Join(tools.Dir(t), "root"), fixture.FreeAddress(t)
			smallSite(t, root, o, website.Options{})
			h := nginxOn(t, address, root, "")
			base := "http://" + address + "/"
			p := newTab(t, desktop)
			p.opened(base, `document.title == "Script"`)
			p.opened(base+"docs/page", `document.title == "Page"`)
			h.Stop()
			p.opened(base, `document.title == "Script"`)
			p.opened(base+"docs/page", `document.title == "Page"`)
			p.stopWorkers() // the next one has nothing in memory
			p.opened(base+"docs/page", `document.title == "Page"`)
			p.opened(base+"docs/other", `document.title == "The archive can't be reached"`)
			p.expectLog("503")
			nginxOn(t, address, root, "")
			p.opened(base+"docs/other", `document.title == "Other"`)
		})
	}
}

// stopWorkers stops the service workers. They start again with the next request.
func (p *tab) stopWorkers() {
	p.t.Helper()
	call(p, serviceworker.Enable, cdp.Empty{})
	call(p, serviceworker.StopAllWorkers, cdp.Empty{})
}

// TestViewerSilent: a server that accepts connections and answers nothing does not keep a visitor
// from what was seen.
func TestViewerSilent(t *testing.T) {
	root := filepath.Join(tools.Dir(t), "root")
	smallSite(t, root, pack.Options{}, website.Options{})
	var silent atomic.Bool
	files := http.FileServer(http.Dir(root))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if silent.Load() {
			<-r.Context().Done()
			return
		}
		w.Header().Set("ETag", `"1"`)
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	p := newTab(t, desktop)
	p.opened(s.URL+"/", `document.title == "Script"`)
	p.opened(s.URL+"/docs/page", `document.title == "Page"`)
	silent.Store(true)
	p.stopWorkers()
	p.opened(s.URL+"/docs/page", `document.title == "Page"`)
}

// TestViewerKeptDamaged: bytes that were damaged in the browser's store are read again.
func TestViewerKeptDamaged(t *testing.T) {
	url, root := nginx(t, "")
	smallSite(t, root, pack.Options{}, website.Options{})
	p := newTab(t, desktop)
	p.opened(url+"/", `document.title == "Script"`)
	p.opened(url+"/docs/page", `document.title == "Page"`)
	damaged := eval[int](p, `(async () => {
		let n = 0
		for (const name of await caches.keys()) {
			const cache = await caches.open(name)
			for (const r of await cache.keys()) {
				if (!/\/\d+-\d+$/.test(r.url)) continue
				const b = await (await cache.match(r)).arrayBuffer()
				await cache.put(r, new Response(new Uint8Array(b.byteLength)))
				n++
			}
		}
		return n
	})()`)
	if damaged < 3 {
		t.Fatalf("%d pieces were kept", damaged)
	}
	p.opened(url+"/docs/page", `document.title == "Page"`)
}

// TestViewerNoScripts: with NoScripts the scripts of pages do not run, and without they do.
func TestViewerNoScripts(t *testing.T) {
	for no, title := range map[bool]string{true: "Start", false: "Script"} {
		url, root := nginx(t, "")
		smallSite(t, root, pack.Options{}, website.Options{NoScripts: no})
		p := newTab(t, desktop)
		p.opened(url+"/", `document.title == "`+title+`"`)
		csp := eval[string](p, `fetch("/docs/page").then(r => r.headers.get("content-security-policy"))`+
			`.then(x => x ?? "")`)
		if strings.Contains(csp, "script-src 'none'") != no {
			t.Errorf("%q", csp)
		}
		if no {
			p.expectLog("Content Security Policy")
		}
	}
}

// TestViewerDeepLink: the first page that a visitor opens lies deep in the archive. The host's page
// for missing files starts the worker.
func TestViewerDeepLink(t *testing.T) {
	url, root := nginx(t, "error_page 404 /below/404.html;")
	smallSite(t, filepath.Join(root, "below"), pack.Options{}, website.Options{})
	p := newTab(t, desktop)
	p.opened(url+"/below/docs/page", `document.title == "Page"`)
	p.expectLog("404")
}

// TestViewerGone: once the viewer is gone from the host, the worker removes itself, whether the
// archive is still there or not.
func TestViewerGone(t *testing.T) {
	for name, left := range map[string][]string{
		"nothing is left": nil, "the archive is left": {"site.tar.gz", "site.tar.gz.tpi"},
	} {
		t.Run(name, func(t *testing.T) {
			url, root := nginx(t, "")
			smallSite(t, root, pack.Options{}, website.Options{})
			p := newTab(t, desktop)
			p.opened(url+"/", `document.title == "Script"`)
			for _, name := range append(website.Files(), "site.tar.gz", "site.tar.gz.tpi") {
				if slices.Contains(left, name) {
					continue
				}
				if err := os.Remove(filepath.Join(root, name)); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(filepath.Join(root, "index.html"), []byte("<title>Moved</title>"),
				0o644); err != nil {
				t.Fatal(err)
			}
			for eval[string](p, `document.title`) != "Moved" {
				p.run(chromedp.Navigate(url + "/"))
				p.until(`true`)
				time.Sleep(20 * time.Millisecond)
			}
			for eval[int](p, `caches.keys().then(all => all.length)`) != 0 {
				time.Sleep(20 * time.Millisecond)
			}
		})
	}
}
