package browser

import (
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack/pack"
)

var screenshots = flag.String("screenshots", "", "a directory to write pictures of the pages to")

// site is the tree that is served. Binary content is filled in by writeSite.
var site = map[string]string{
	"docs/guide.md": "# A guide\n\nBegin *here*.\n" +
		strings.Repeat("More and more text. ", 400),
	"docs/notes.txt":                              "notes\n",
	"docs/api/index.html":                         "<!doctype html><title>API</title><h1>The API</h1>",
	"docs/api/types.json":                         `{"types": []}`,
	"media/photo.png":                             "png",
	"media/drawing.svg":                           "svg",
	"media/tone.wav":                              "wav",
	"media/clip.webm":                             "webm",
	"odd/<b>bold</b> & \"quoted\".txt":            "odd\n",
	"odd/new\nline.txt":                           "odd\n",
	"odd/caf\xe9.txt":                             "odd\n",
	"odd/javascript:alert(1).txt":                 "odd\n",
	"odd/日本語.txt":                                 "odd\n",
	"odd/" + strings.Repeat("long-", 45) + ".txt": "odd\n",
	"release-1.2.tar.gz":                          "no real one\n",
	"README":                                      "Read me.\n",
	"LICENSE":                                     "Do what you like.\n",
}

const crowd = 1300 // files in the folder crowd: three pages

// writeSite writes the tree.
func writeSite(dir string) error {
	files := map[string][]byte{}
	for name, text := range site {
		files[name] = []byte(text)
	}
	clip, err := os.ReadFile("testdata/clip.webm")
	if err != nil {
		return err
	}
	photo, err := os.ReadFile("testdata/photo.png")
	if err != nil {
		return err
	}
	files["media/drawing.svg"] = []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="320" ` +
		`height="200">` +
		`<rect width="320" height="200" fill="#2a6"/><circle cx="160" cy="100" r="70" ` +
		`fill="#fff"/></svg>`)
	files["media/clip.webm"], files["media/photo.png"], files["media/tone.wav"] = clip, photo, tone()
	for i := range crowd {
		files[fmt.Sprintf("crowd/tile-%04d.txt", i)] = fmt.Appendf(nil, "tile %d%s\n", i,
			strings.Repeat(".", i%97))
	}
	for name, content := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, content, 0o644); err != nil {
			return err
		}
	}
	if err := os.Symlink("docs/guide.md", filepath.Join(dir, "start")); err != nil {
		return err
	}
	stamp := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
	return filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err == nil && d.Type()&os.ModeSymlink == 0 {
			stamp = stamp.Add(37 * time.Minute)
			err = os.Chtimes(name, stamp, stamp)
		}
		return err
	})
}

// tone returns ten seconds of sound, a WAVE file of 160 kB.
func tone() []byte {
	const rate, seconds = 8000, 10
	n := rate * seconds
	b := append([]byte("RIFF"), 0, 0, 0, 0)
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"...)
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, rate*2)
	b = append(b, "\x02\x00\x10\x00data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(2*n))
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8+2*n))
	for i := range n {
		b = binary.LittleEndian.AppendUint16(b,
			uint16(int16(8000*math.Sin(float64(i)*0.3+float64(i%977)))))
	}
	return b
}

// served is the address of the server, with the tree and the archive that it serves.
type served struct{ url, dir, archive string }

var start = sync.OnceValues(func() (*served, error) {
	dir, err := os.MkdirTemp("", "browser-")
	if err != nil {
		return nil, err
	}
	s := &served{dir: filepath.Join(dir, "site"), archive: filepath.Join(dir, "site.tar.gz")}
	if err := os.Mkdir(s.dir, 0o755); err != nil {
		return nil, err
	}
	if err := writeSite(s.dir); err != nil {
		return nil, err
	}
	if _, err := pack.Dir(context.Background(), s.dir, s.archive,
		pack.Options{}); err != nil {
		return nil, err
	}
	ready := make(chan string, 1)
	run := serve.RunOptions{
		Listen: []string{"127.0.0.1:0"},
		Ready:  func(addresses []net.Addr) { ready <- "http://" + addresses[0].String() },
	}
	server, err := serve.New(serve.Options{
		Archives: []serve.Archive{{Path: s.archive}}, Listing: true,
	})
	if err != nil {
		return nil, err
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Run(context.Background(), run) }() // until the process ends
	select {
	case s.url = <-ready:
		return s, nil
	case err := <-failed:
		return nil, err
	}
})

// plainName is the name of a host on this machine that browsers don't trust without https.
const plainName = "plain.test"

var allocator = sync.OnceValues(func() (context.Context, error) {
	name, err := exec.LookPath("chromium")
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(name),
		chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("host-resolver-rules", "MAP "+plainName+" 127.0.0.1"))
	ctx, _ := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ = chromedp.NewContext(ctx)
	return ctx, chromedp.Do(ctx)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if ctx, err := allocator(); err == nil {
		_ = chromedp.Cancel(ctx) // otherwise the end of the process ends it
	}
	if s, err := start(); err == nil {
		_ = os.RemoveAll(filepath.Dir(s.dir))
	}
	os.Exit(code)
}

// look is a size of the window and a colour scheme.
type look struct {
	name          string
	width, height int64
	dark, phone   bool
}

var (
	desktop = look{name: "desktop", width: 1180, height: 820}
	looks   = []look{
		desktop, {name: "desktop-dark", width: 1180, height: 820, dark: true},
		{name: "phone", width: 390, height: 844, phone: true},
		{name: "phone-dark", width: 390, height: 844, dark: true, phone: true},
	}
)

// A tab is a page of the browser. Its test fails if anything appears on the console.
type tab struct {
	*served
	t   *testing.T
	ctx context.Context
	mu  sync.Mutex
	log []string
	// expected are parts of messages on the console that do not fail the test.
	expected []string
}

// expectLog says that the console may have messages with this word.
func (p *tab) expectLog(word string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected = append(p.expected, word)
}

// open opens a path in a new tab.
func open(t *testing.T, l look, path string) *tab {
	t.Helper()
	s, err := start()
	if err != nil {
		t.Fatal(err)
	}
	p := newTab(t, l)
	p.served = s
	p.run(chromedp.Navigate(s.url+path), chromedp.WaitReady(chromedp.CSS("main")))
	return p
}

// newTab returns an empty tab. A server of the test alone is started before it, and so ends after
// it: a request that the tab still makes would otherwise appear on the console as refused.
func newTab(t *testing.T, l look) *tab {
	t.Helper()
	return newTabFor(t, l, time.Minute)
}

// newTabFor is newTab for a test that takes up to a limit.
func newTabFor(t *testing.T, l look, limit time.Duration) *tab {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		tools.Missing(t, "chromium")
	}
	browser, err := allocator()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(browser)
	ctx, cancelTime := context.WithTimeout(ctx, limit)
	p := &tab{t: t, ctx: ctx}
	t.Cleanup(func() {
		cancelTime()
		cancel()
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, line := range p.log {
			if !slices.ContainsFunc(p.expected, func(word string) bool {
				return strings.Contains(line, word)
			}) {
				t.Error("console:", line)
			}
		}
	})
	if err := chromedp.Listen(ctx, p.listen); err != nil {
		t.Fatal(err)
	}
	scheme := "light"
	if l.dark {
		scheme = "dark"
	}
	call(p, log.Enable, cdp.Empty{})
	call(p, emulation.SetDeviceMetricsOverride,
		emulation.SetDeviceMetricsOverrideParams{Width: l.width, Height: l.height, DeviceScaleFactor: 1,
			Mobile: l.phone})
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	return p
}

// listen collects errors, exceptions, console messages and violations of the
// Content-Security-Policy.
func (p *tab) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if strings.HasSuffix(e.Entry.URL, "/favicon.ico") {
			return // requested by the browser itself
		}
		p.log = append(p.log, fmt.Sprint(e.Entry.Level, " ", e.Entry.Text, " ", e.Entry.URL))
	case *runtime.EventExceptionThrown:
		p.log = append(p.log, fmt.Sprint(e.ExceptionDetails.Text, " ", e.ExceptionDetails.URL))
	case *runtime.EventConsoleAPICalled:
		p.log = append(p.log, fmt.Sprint(e.Type, " ", e.Args))
	}
}

func (p *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

// call runs a command of the DevTools protocol.
func call[P, R any](p *tab, command cdp.Command[P, R], params P) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, command, params); err != nil {
		p.t.Fatal(err)
	}
}

// eval returns the value of an expression in the page.
func eval[T any](p *tab, js string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%.200s: %v", js, err)
	}
	return v
}

// watchPage is a promise that is fulfilled when an expression, %s, is true of a page that has
// loaded. Each change of the document, the focus or a medium evaluates the expression again.
const watchPage = `new Promise(done => {
	const look = () => { if (document.readyState == "complete" && (%s)) done(true) }
	new MutationObserver(look).observe(document,
		{subtree: true, childList: true, attributes: true, characterData: true})
	for (const event of ["readystatechange", "load", "pageshow", "focus", "blur", "close",
		"loadedmetadata", "seeked"]) {
		addEventListener(event, look, true)
		document.addEventListener(event, look, true)
	}
	look()
})`

// until waits for an expression to be true of a page that has loaded.
func (p *tab) until(js string) {
	p.t.Helper()
	p.untilWithin(time.Minute, js)
}

// untilWithin is until with another limit. A page that the tab leaves may never answer, so
// each attempt takes at most a second.
func (p *tab) untilWithin(limit time.Duration, js string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	for ctx.Err() == nil {
		attempt, done := context.WithTimeout(ctx, time.Second)
		ok, err := chromedp.Run(attempt, chromedp.Evaluate[bool](fmt.Sprintf(watchPage, js),
			chromedp.EvalAwaitPromise))
		done()
		if err == nil && ok {
			return
		}
	}
	p.t.Fatalf("never true: %s, at %s", js,
		eval[string](p, `location.href + " " + document.activeElement.outerHTML`))
}

// click clicks on the element of a selector.
func (p *tab) click(css string) {
	p.t.Helper()
	p.run(chromedp.Click(chromedp.CSS(css)))
}

// key presses keys.
func (p *tab) key(keys string) {
	p.t.Helper()
	p.run(chromedp.KeyEvent(keys))
}

// follow clicks on a link and waits for an expression to be true of the next page.
func (p *tab) follow(css, js string) {
	p.t.Helper()
	p.click(css)
	p.until(js)
}

// names returns the names in the visible rows.
func (p *tab) names() []string {
	p.t.Helper()
	return eval[[]string](p,
		`[...document.querySelectorAll("tbody tr:not([hidden]) td.name a")].map(a => a.textContent)`)
}

// picture writes a picture of the tab if the flag -screenshots is set.
func (p *tab) picture(name string) {
	p.t.Helper()
	if *screenshots == "" {
		return
	}
	p.run(chromedp.Sleep(150 * time.Millisecond))
	b, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatal(err)
	}
	dir := *screenshots
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(tools.Repo(p.t), dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), b, 0o644); err != nil {
		p.t.Fatal(err)
	}
}
