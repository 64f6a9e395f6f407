package browser

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/pack"
)

var (
	visitArchive = flag.String("visit", "", "an archive with variants that TestVisits visits")
	visitPages   = flag.Int("pages", 20, "how many pages of it")
	visitBelow   = flag.String("below", "", "a path below which the pages are")
	visitLargest = flag.Bool("largest", false, "the largest pages, not random ones")
)

// TestVisits visits pages of an archive over https, each time with a new browser: as gzip, with
// brotli and zstd, and with dictionaries too. The log of the browser's network shows what came.
func TestVisits(t *testing.T) {
	if _, err := exec.LookPath("chromium"); err != nil {
		tools.Missing(t, "chromium")
	}
	archive, n := *visitArchive, *visitPages
	if archive == "" {
		archive, n = manual(t), 6
	}
	pages := choosePages(t, archive, n)
	plain := filepath.Join(tools.Dir(t), "site.tar.gz")
	for _, suffix := range []string{"", ".tpi"} { // without variants
		copyFile(t, archive+suffix, plain+suffix)
	}
	gzip := visit(t, serve.Options{Archives: []serve.Archive{{Path: plain}}}, pages, false)
	// Where anything is hidden, there is no dictionary.
	coded := serve.Options{Archives: []serve.Archive{{Path: archive}}, HideMore: []string{"nothing"}}
	brotli := visit(t, coded, pages, false)
	coded.HideMore = nil
	dictionary := visit(t, coded, pages, true)
	for _, v := range []struct {
		name string
		visited
	}{{"gzip", gzip}, {"br", brotli}, {"dcz", dictionary}} {
		t.Logf("%-5s %d pages: %7d bytes, dictionary %6d, sockets %8d; answers %v", v.name, len(pages),
			v.pages, v.dictionary, v.sockets, v.codings)
	}
	if gzip.codings["gzip"] != n || brotli.codings["dcz"] > 0 ||
		brotli.codings["br"]+brotli.codings["zstd"] == 0 {
		t.Error("other encodings than the archives have")
	}
	least := n / 2 // of large pages, brotli may be shorter
	if *visitArchive == "" {
		least = n - 2
	}
	if dictionary.dictionary == 0 || dictionary.codings["dcz"] < least {
		t.Error("the browser does not use the dictionary")
	}
	if dictionary.pages >= brotli.pages || brotli.pages >= gzip.pages {
		t.Error("the pages are not shorter")
	}
	for i, text := range gzip.texts {
		if brotli.texts[i] != text || dictionary.texts[i] != text {
			t.Errorf("%s differs", pages[i])
		}
	}
}

// manual packs pages that have much in common, with their variants.
func manual(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(tools.Dir(t), "manual")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var frame strings.Builder
	for i := range 400 {
		fmt.Fprintf(&frame, "<li><a href=\"%d.html\">Section %x</a>\n", i%60, i*i*7919)
	}
	for i := range 60 {
		text := fmt.Sprintf("<!doctype html><meta charset=utf-8><title>%d</title>"+
			"<ul>%s</ul><main>%s</main>", i, frame.String(),
			strings.Repeat(fmt.Sprintf("Words of page %d. ", i), 20))
		name := filepath.Join(dir, strconv.Itoa(i)+".html")
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	archive := dir + ".tar.gz"
	if _, err := pack.Dir(t.Context(), dir, archive, pack.Options{}); err != nil {
		t.Fatal(err)
	}
	fixture.Variants(t, archive)
	return archive
}

// choosePages chooses pages of an archive, always the same ones, by their paths in URLs.
func choosePages(t *testing.T, archive string, n int) []string {
	t.Helper()
	a, err := tarpack.Open(t.Context(), archive, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var pages []string
	sizes := map[string]int64{}
	for i := range a.Index().Len() {
		e, err := a.Index().Entry(i)
		if err != nil {
			t.Fatal(err)
		}
		path, err := a.Index().Path(i)
		if err != nil {
			t.Fatal(err)
		}
		if e.Type == sidecar.TypeFile && strings.HasSuffix(path, ".html") && fs.ValidPath(path) &&
			strings.HasPrefix(path, *visitBelow) && !strings.ContainsAny(path, "%?#") &&
			e.Size > 1000 { // redirects of rust-doc are shorter
			pages = append(pages, "/"+path)
			sizes["/"+path] = e.Size
		}
	}
	slices.Sort(pages)
	rand.New(rand.NewPCG(20, 18)).Shuffle(len(pages), func(i, j int) {
		pages[i], pages[j] = pages[j], pages[i]
	})
	if *visitLargest {
		slices.SortStableFunc(pages, func(a, b string) int { return cmp.Compare(sizes[b], sizes[a]) })
	}
	if len(pages) < n {
		t.Fatalf("%s has %d pages", archive, len(pages))
	}
	return pages[:n]
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// visited is what came in a visit, in bytes.
type visited struct {
	pages      int            // bodies of pages, encoded
	dictionary int            // body of the dictionary
	sockets    int            // all that came from the server, with TLS and what pages contain
	codings    map[string]int // pages by Content-Encoding
	texts      []string       // of the pages
}

// watched is an access log. It closes asked when the answer to a dictionary was sent.
type watched struct {
	asked chan struct{}
	once  sync.Once
}

func (w *watched) Write(line []byte) (int, error) {
	if strings.Contains(string(line), "dictionary=") {
		w.once.Do(func() { close(w.asked) })
	}
	return len(line), nil
}

// visit serves an archive over https, and visits pages one after the other in a new browser. After
// the first page it waits until the browser uses the dictionary, if there is one.
func visit(t *testing.T, o serve.Options, pages []string, dictionary bool) visited {
	t.Helper()
	dir := tools.Dir(t)
	cert, key := fixture.Certificate(t, dir)
	log := &watched{asked: make(chan struct{})}
	o.AccessLog = log
	server, err := serve.New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	ctx, stop := context.WithCancel(t.Context())
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- server.Run(ctx, serve.RunOptions{Listen: []string{"127.0.0.1:0"},
			Certificates: []serve.Certificate{{CertFile: cert, KeyFile: key}},
			Ready:        func(a []net.Addr) { ready <- a[0].String() }})
	}()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	var address string
	select {
	case address = <-ready:
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
	}
	netLog := filepath.Join(dir, "netlog.json")
	if !dictionary {
		close(log.asked)
	}
	texts := browse(t, "https://"+address, pages, cert, netLog, dictionary, log.asked)
	v := readNetLog(t, netLog, "https://"+address, address)
	v.texts = texts
	return v
}

// browse visits pages in a new browser, and returns their texts. After the first page it waits
// until asked is closed and, if there is a dictionary, until the browser uses it.
func browse(
	t *testing.T, base string, pages []string, cert, netLog string, dictionary bool,
	asked chan struct{},
) (texts []string) {
	t.Helper()
	name, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal(err)
	}
	browser, _ := chromedp.NewExecAllocator(context.Background(),
		append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(name), chromedp.NoSandbox,
			chromedp.DisableGPU, chromedp.Flag("ignore-certificate-errors-spki-list", publicKey(t, cert)),
			chromedp.Flag("log-net-log", netLog))...)
	ctx, cancel := chromedp.NewContext(browser)
	defer cancel()
	ctx, cancelTime := context.WithTimeout(ctx, time.Duration(60+3*len(pages))*time.Second)
	defer cancelTime()
	p := &tab{t: t, ctx: ctx}
	for i, page := range pages {
		p.run(chromedp.Navigate(base + page))
		p.until("true")
		texts = append(texts, eval[string](p, "document.documentElement.outerHTML"))
		if i > 0 {
			continue
		}
		select {
		case <-asked:
		case <-time.After(time.Minute):
			t.Fatal("the browser does not ask for the dictionary")
		}
		if dictionary {
			p.untilShorter(base + page)
		}
	}
	if err := chromedp.Cancel(ctx); err != nil { // the browser completes its log
		t.Fatal(err)
	}
	return texts
}

// untilShorter visits a page until it comes with the dictionary, which the browser has asked for
// but may not have at hand yet. These visits have a query, and so are not counted as pages.
func (p *tab) untilShorter(page string) {
	p.t.Helper()
	const size = `performance.getEntriesByType("navigation")[0].encodedBodySize`
	first := eval[int](p, size)
	for i := range 100 {
		p.run(chromedp.Navigate(fmt.Sprint(page, "?", i)))
		p.until("true")
		if eval[int](p, size) < first {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	p.t.Fatal("the browser does not use the dictionary")
}

// publicKey returns the SHA-256 of the public key of a certificate, which Chromium is to trust:
// what comes with an error of the certificate is not cached.
func publicKey(t *testing.T, cert string) string {
	t.Helper()
	b, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(b)
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:])
}
