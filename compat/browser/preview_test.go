package browser

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	neturl "net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/tarpack/tpk/tarpack/pack"
)

// previewed are files whose previews differ.
var previewed = map[string]string{
	"a-latin.txt":   "caf\xe9 \x80\n",
	"b-utf16.txt":   "\xff\xfeg\x00r\x00\xfc\x00n\x00",
	"c-nomark.txt":  "w\x00i\x00t\x00h\x00o\x00u\x00t\x00",
	"d-binary.txt":  "\x00\x01\x02\x00\x00\x00\x07\x08",
	"e-empty.txt":   "",
	"f-long.txt":    strings.Repeat("Line upon line.\n", 4095) + "A cut: " + strings.Repeat("é", 9000),
	"g-bad.png":     "\x89PNG\r\n\x1a\n\x00\x00 is cut off",
	"h-script.html": "<script>document.title = 'hacked'</script><img src=x onerror='alert(1)'>",
	"i-last.txt":    "the last one\n",
	"j-laughs.svg":  laughs,
	"k-drawing.svg": `<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"/>`,
	"folder/in.txt": "in\n",
}

// previewLinks are symbolic links in the folder of previewed.
var previewLinks = map[string]string{
	"l1-file": "a-latin.txt", "l2-broken": "nothing/here", "l3-out": "../../../etc/passwd",
	"l4-folder": "folder", "l5-empty": "e-empty.txt",
}

// A gate is a proxy that holds answers, and cuts them short.
type gate struct {
	*httptest.Server
	mu   sync.Mutex
	held map[string]chan struct{} // by path: answers wait until it is closed
	cut  string                   // the path of answers that break off
	came chan string              // paths of requests that are held
}

// newGate starts a proxy for a server.
func newGate(t *testing.T, server string) *gate {
	t.Helper()
	target, err := neturl.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{held: map[string]chan struct{}{}, came: make(chan string, 10)}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(resp *http.Response) error {
		// Or the browser shows what it has, for a tenth of the time since the file was changed.
		resp.Header.Set("Cache-Control", "no-cache")
		return nil
	}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		held, cut := g.held[r.URL.Path], g.cut == r.URL.Path
		g.mu.Unlock()
		if held != nil {
			g.came <- r.URL.Path
			<-held
			r = r.WithContext(context.Background()) // even if nobody waits
		}
		if cut {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte("the beginning"))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		for path := range g.held {
			g.release(path)
		}
		g.CloseClientConnections()
		g.Close()
	})
	return g
}

// hold holds answers for a path until they are released.
func (g *gate) hold(path string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held[path] = make(chan struct{})
}

func (g *gate) release(path string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held[path] != nil {
		close(g.held[path])
		delete(g.held, path)
	}
}

// servePreviewed serves the files and links above.
func servePreviewed(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "site")
	for name, content := range previewed {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, time.Time{}, time.Now().AddDate(-1, 0, 0)); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range previewLinks {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pack.Dir(t.Context(), dir, dir+".tar.gz", pack.Options{}); err != nil {
		t.Fatal(err)
	}
	return serveArchive(t, false, dir+".tar.gz")
}

// look presses the button for the preview of a row.
func (p *tab) look(name string) {
	p.t.Helper()
	p.click(`tr:has(a[href="./` + name + `"]) [data-look]`)
	p.until(`document.getElementById("look-name")?.textContent == "` + name + `"`)
}

// stage waits for the preview to have a text, which may go on.
func (p *tab) stage(text string) {
	p.t.Helper()
	p.until(`document.getElementById("look-body").textContent.startsWith(` +
		fmt.Sprintf("%q", text) + `)`)
}

// TestPreviewTexts: encodings are detected, and what can't be shown says why.
func TestPreviewTexts(t *testing.T) {
	url := servePreviewed(t)
	for _, l := range []look{looks[0], looks[3]} {
		t.Run(l.name, func(t *testing.T) {
			p := newTab(t, l)
			p.expectLog("404")
			p.run(chromedp.Navigate(url+"/"), chromedp.WaitReady(chromedp.CSS("tbody")))
			p.look("a-latin.txt")
			p.stage("café €\n")
			p.until(`document.querySelector("#look-body p")?.textContent == "Encoding: windows-1252"`)
			if !eval[bool](p, `document.getElementById("look-prev").disabled`) {
				t.Error("there is one before the first")
			}
			for _, want := range []string{"grün", "without", "This is no text", "This file is empty.",
				"Line upon line."} {
				p.press("ArrowRight", "ArrowRight")
				p.stage(want)
			}
			p.until(`document.querySelector("#look-body p")?.textContent.startsWith("The beginning")`)
			if eval[bool](p, `document.querySelector("#look-body pre")?.textContent.includes("\ufffd")`) {
				t.Error("a character was cut off")
			}
			p.press("j", "KeyJ")
			p.stage("The browser can't show this file")
			axe(p)
			p.picture(l.name + "-no-preview")
			p.press("j", "KeyJ")
			p.stage("<script>")
			p.press("k", "KeyK")
			p.stage("The browser can't show this file")
			for range 2 {
				p.click("#look-next")
			}
			p.stage("the last one")
			p.click("#look-next")
			p.stage("This file is too much for a preview")
			p.until(`document.querySelector("#look-body a[download]")?.pathname == "/j-laughs.svg"`)
			p.click("#look-next")
			p.until(`document.querySelector("#look-body img")?.naturalWidth == 20`)
			p.click("#look-next")
			p.stage("café €")
			p.click("#look-next")
			p.stage("This link leads to nothing in here: nothing/here")
			p.click("#look-next")
			p.stage("This link leads to nothing in here: ../../../etc/passwd")
			p.click("#look-next")
			p.stage("This link leads to a folder.")
			p.click("#look-next")
			p.stage("This file is empty.")
			if !eval[bool](p, `document.getElementById("look-next").disabled &&
				document.title == "site"`) {
				t.Error("there is one behind the last")
			}
			axe(p)
		})
	}
}

// TestPreviewHistory: Back closes a preview, Forward opens it again, and neither changes the
// address nor loads the list.
func TestPreviewHistory(t *testing.T) {
	p := open(t, desktop, "/docs/?sort=size")
	const showing = `document.getElementById("look").open`
	eval[int](p, `window.same = 1`)
	p.click(`tr:has(a[href="./guide.md"]) [data-look]`)
	p.stage("# A guide")
	p.key(kb.ArrowRight) // notes.txt comes before it, so this does nothing
	p.key(kb.ArrowLeft)
	p.stage("notes")
	eval[int](p, `setTimeout(() => history.back())`)
	p.until(`!` + showing + ` && document.activeElement.textContent == "notes.txt"`)
	eval[int](p, `setTimeout(() => history.forward())`)
	p.until(showing)
	p.stage("notes")
	p.key(kb.Escape)
	p.until(`!` + showing + ` && !history.state`)
	if got := eval[string](p, `location.search + window.same + history.length`); got !=
		"?sort=size1"+eval[string](p, `String(history.length)`) {
		t.Error(got)
	}
	p.click(`tr:has(a[href="./guide.md"]) [data-look]`)
	p.stage("# A guide")
	p.run(chromedp.Reload(), chromedp.WaitReady(chromedp.CSS("tbody")))
	p.until(showing)
	p.stage("# A guide")
	p.click("#look-close")
	p.until(`!` + showing + ` && !history.state && location.search == "?sort=size"`)
}

// TestPreviewScroll: keys scroll a text, whatever has the focus in the dialog.
func TestPreviewScroll(t *testing.T) {
	url := servePreviewed(t)
	p := newTab(t, desktop)
	p.run(chromedp.Navigate(url+"/"), chromedp.WaitReady(chromedp.CSS("tbody")))
	p.look("f-long.txt")
	p.stage("Line")
	const at = `document.getElementById("look-body").scrollTop`
	for _, focus := range []string{"look-body", "look-prev", "look-open"} {
		eval[int](p, `document.getElementById("`+focus+`").focus(); 0`)
		keys := []struct{ key, want string }{
			{kb.ArrowDown, at + " > 0"}, {kb.Home, at + " == 0"}, {kb.PageDown, at + " > 300"},
			{kb.PageUp, at + " == 0"},
			{kb.End, at + ` > document.getElementById("look-body").scrollHeight - innerHeight`},
			{kb.Home, at + " == 0"},
		}
		if focus != "look-prev" { // where Space presses the button
			keys = append(keys, struct{ key, want string }{" ", at + " > 300"})
		}
		for _, k := range keys {
			p.key(k.key)
			p.until(`new Promise(done => { const look = () => ` + k.want +
				` ? done(true) : requestAnimationFrame(look); look() })`)
		}
		eval[int](p, at+` = 0`)
	}
}

// TestPreviewSlow: an answer that is late does not change the preview of another file.
func TestPreviewSlow(t *testing.T) {
	g := newGate(t, servePreviewed(t))
	for name, held := range map[string]string{"text": "h-script.html", "picture": "g-bad.png",
		"link": "l2-broken"} {
		t.Run(name, func(t *testing.T) {
			p := newTab(t, desktop)
			p.expectLog("404")
			g.hold("/" + held)
			p.run(chromedp.Navigate(g.URL+"/"), chromedp.WaitReady(chromedp.CSS("tbody")))
			eval[int](p, `{ // a browser that does not give up requests
				const fetched = window.fetch
				window.fetch = (url, { signal, ...o }) => {
					const answer = fetched(url, o)
					answer.then(a => a.arrayBuffer && setTimeout(() => window.late = url, 50))
					return answer
				}
			}; 0`)
			p.look(held)
			select {
			case <-g.came:
			case <-p.ctx.Done():
				t.Fatal("it was not asked for")
			}
			p.key(kb.ArrowRight)
			if held == "g-bad.png" {
				p.stage("<script>")
			}
			p.key(kb.Escape)
			p.look("i-last.txt")
			p.stage("the last one")
			g.release("/" + held)
			if held != "g-bad.png" {
				p.until(`new Promise(done => { const look = () => window.late?.includes("` + held +
					`") ? done(true) : requestAnimationFrame(look); look() })`)
			}
			if got := eval[string](p, `document.getElementById("look-body").textContent`); got !=
				"the last one\n" {
				t.Errorf("%q", got)
			}
		})
	}
}

// TestPreviewFails: files that are gone or damaged, and a server that is, are told apart.
func TestPreviewFails(t *testing.T) {
	g := newGate(t, servePreviewed(t))
	p := newTab(t, looks[2])
	p.expectLog("net::")
	p.expectLog("404")
	p.run(chromedp.Navigate(g.URL+"/"), chromedp.WaitReady(chromedp.CSS("tbody")))
	p.look("e-empty.txt")
	p.stage("This file is empty.")
	g.mu.Lock()
	g.cut = "/f-long.txt"
	g.mu.Unlock()
	p.click("#look-next")
	p.stage("This file could not be read to its end")
	p.until(`document.querySelector("#look-body a[download]")?.pathname == "/f-long.txt"`)
	eval[int](p, `document.querySelector("a[href='./i-last.txt']").href = "./gone.txt"; 0`)
	for range 3 {
		p.click("#look-next")
	}
	p.stage("This file is not here any more")
	g.CloseClientConnections()
	g.Config.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic(http.ErrAbortHandler)
	})
	p.click("#look-prev")
	p.stage("The server can't be reached")
	axe(p)
	p.picture("phone-offline")
	p.click("#look-body button")
	p.stage("The server can't be reached")
}

// TestPreviewSwipe: a finger turns previews by moving to a side, and scrolls by moving up.
func TestPreviewSwipe(t *testing.T) {
	p := open(t, looks[2], "/docs/")
	call(p, emulation.SetTouchEmulationEnabled,
		emulation.SetTouchEmulationEnabledParams{Enabled: true, MaxTouchPoints: 1})
	p.click(`tr:has(a[href="./guide.md"]) [data-look]`)
	p.stage("# A guide")
	axe(p)
	p.picture("phone-preview-text")
	swipe := func(x0, y0, x1, y1 float64) {
		t.Helper()
		touch := func(kind input.DispatchTouchEventType, points ...*input.TouchPoint) {
			t.Helper()
			call(p, input.DispatchTouchEvent,
				input.DispatchTouchEventParams{Type: kind, TouchPoints: points})
		}
		touch(input.DispatchTouchEventTypeTouchStart, &input.TouchPoint{X: x0, Y: y0})
		for i := 1.0; i <= 4; i++ {
			touch(input.DispatchTouchEventTypeTouchMove,
				&input.TouchPoint{X: x0 + (x1-x0)*i/4, Y: y0 + (y1-y0)*i/4})
		}
		touch(input.DispatchTouchEventTypeTouchEnd)
	}
	swipe(200, 500, 210, 300)
	p.until(`new Promise(done => { const look = () => document.getElementById("look-body").scrollTop
		> 0 ? done(true) : requestAnimationFrame(look); look() })`)
	p.stage("# A guide")
	swipe(300, 500, 100, 510)
	p.stage("notes")
	swipe(100, 500, 300, 500)
	p.stage("# A guide")
	if small := eval[[]string](p, `[...document.querySelectorAll("#look .bar > :not(h2)")]
		.filter(e => e.offsetHeight < 44 || e.offsetWidth < 44).map(e => e.id)`); len(small) > 0 {
		t.Error("too small for a finger: ", small)
	}
}

// TestPreviewUnreachable: if the script for previews does not load, the button opens the file.
func TestPreviewUnreachable(t *testing.T) {
	s, err := start()
	if err != nil {
		t.Fatal(err)
	}
	g := newGate(t, s.url)
	proxied := g.Config.Handler
	g.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.RawQuery, "asset=preview") {
			panic(http.ErrAbortHandler)
		}
		proxied.ServeHTTP(w, r)
	})
	p := newTab(t, desktop)
	p.expectLog("net::")
	p.run(chromedp.Navigate(g.URL+"/docs/"), chromedp.WaitReady(chromedp.CSS("tbody")))
	p.click(`tr:has(a[href="./notes.txt"]) [data-look]`)
	p.until(`location.pathname == "/docs/notes.txt"`)
}
