package browser

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack/pack"
)

// press presses a key that produces no character, as chromedp would send it: a browser omits
// it if the page handles the key.
func (p *tab) press(key, code string) {
	p.t.Helper()
	call(p, input.DispatchKeyEvent, input.DispatchKeyEventParams{
		Type: input.DispatchKeyEventTypeRawKeyDown, Key: key, Code: code})
}

// TestSearchAsYouType: results follow what is typed, and Back leads to the folder.
func TestSearchAsYouType(t *testing.T) {
	for _, l := range []look{looks[0], looks[2]} {
		t.Run(l.name, func(t *testing.T) {
			p := open(t, l, "/docs/")
			p.click("#search")
			p.key("types js")
			p.until(`document.querySelector("tbody a")?.textContent == "docs/api/types.json" &&
				new URL(location).searchParams.get("q") == "types js"`)
			if got := p.names(); !slices.Equal(got, []string{"docs/api/types.json"}) {
				t.Errorf("%q", got)
			}
			if eval[string](p, `document.activeElement.id`) != "search" {
				t.Error("the field has lost the focus")
			}
			axe(p)
			p.picture(l.name + "-typed")
			eval[int](p, `setTimeout(() => history.back())`)
			p.until(`!location.search && document.querySelector("a[href='./guide.md']") &&
				document.getElementById("search").value == ""`)
			p.click("#search")
			p.key("guide")
			p.until(`document.querySelector("tbody a")?.textContent == "docs/guide.md"`)
			p.key(kb.Escape)
			p.until(`!new URL(location).searchParams.has("q") &&
				document.querySelector("a[href='./guide.md']")`)
		})
	}
}

// TestSlowSearch: an answer that comes late does not replace a later one's.
func TestSlowSearch(t *testing.T) {
	p := open(t, desktop, "/")
	eval[int](p, `{
		const fetched = window.fetch
		const promise = (name, key) =>
			window[name] = new Promise(done => window[key] = () => done(true))
		promise("asked", "ask"), promise("held", "release"), promise("late", "read")
		window.fetch = async (url) => { // a server that does not notice that nobody waits
			const answer = await fetched(url)
			if (new URL(url, location).searchParams.get("q") != "README") return answer
			ask()
			await held
			return { ok: true, text: async () => {
				const text = await answer.text()
				setTimeout(read) // after what is done with it
				return text
			} }
		}
	}; 0`)
	p.click("#search")
	p.key("README")
	eval[bool](p, `asked`)
	eval[int](p, `document.getElementById("search").select(); 0`)
	p.key("LICENSE")
	p.until(`document.querySelector("tbody a")?.textContent == "LICENSE" &&
		new URL(location).searchParams.get("q") == "LICENSE"`)
	eval[bool](p, `release(); late`)
	if got := p.names(); !slices.Equal(got, []string{"LICENSE"}) ||
		eval[string](p, `new URL(location).searchParams.get("q")`) != "LICENSE" {
		t.Errorf("%q", got)
	}
}

// TestScopesAndOrder: a search is sorted, and stays in a folder if asked to.
func TestScopesAndOrder(t *testing.T) {
	p := open(t, desktop, "/docs/?list&q=t")
	everywhere := len(p.names())
	p.follow(".scopes a:last-child", `document.querySelector(".scopes a:last-child[aria-current]")`)
	here := p.names()
	for _, name := range here {
		if !strings.HasPrefix(name, "docs/") {
			t.Errorf("%q is not in docs", name)
		}
	}
	if len(here) == 0 || len(here) >= everywhere {
		t.Errorf("%d of %d", len(here), everywhere)
	}
	p.follow("th.name a", `document.querySelector('th.name[aria-sort="ascending"]')`)
	if !eval[bool](p, `location.search.includes("scope=folder")`) {
		t.Error("the order takes the scope away")
	}
	p.follow(".parent", `location.pathname == "/docs/" && !location.search.includes("q=")`)
}

// TestFilterStays: the filter is in the URL with the order, and both lead into subfolders.
func TestFilterStays(t *testing.T) {
	p := open(t, desktop, "/docs/?sort=date&order=desc")
	p.press("f", "KeyF")
	p.until(`document.activeElement.id == "filter"`)
	p.key("i")
	p.until(`location.search == "?sort=date&order=desc&filter=i"`)
	if got := p.names(); !slices.Equal(got, []string{"api/", "guide.md"}) {
		t.Errorf("%q", got)
	}
	p.run(chromedp.Reload(), chromedp.WaitReady(chromedp.CSS("tbody")))
	if got := p.names(); len(got) != 2 ||
		eval[string](p, `document.getElementById("filter").value`) != "i" {
		t.Errorf("after a reload: %q", got)
	}
	if got := eval[string](p, `document.querySelector("tbody a").getAttribute("href")`); got !=
		"./api/?filter=i&sort=date&order=desc" {
		t.Error(got)
	}
	p.click("#filter")
	p.key("zz")
	p.until(`document.querySelector(".empty a")`)
	p.follow(".empty a", `document.querySelectorAll("tbody tr").length == 3`)
}

// TestFilterWithoutScript sends the filter as a form.
func TestFilterWithoutScript(t *testing.T) {
	p := open(t, desktop, "/docs/?list&sort=size")
	call(p, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: true})
	p.run(chromedp.Reload(), chromedp.WaitReady(chromedp.CSS("tbody")))
	p.click("#filter")
	p.key("guide" + kb.Enter)
	p.until(`location.search.includes("filter=guide") && location.search.includes("sort=size")`)
	if got := p.names(); !slices.Equal(got, []string{"guide.md"}) {
		t.Errorf("%q", got)
	}
}

// TestKeys: a page that shows the keys, the way up, and back down the list.
func TestKeys(t *testing.T) {
	p := open(t, desktop, "/docs/")
	p.press("?", "Slash")
	p.until(`document.getElementById("keys").open`)
	axe(p)
	p.picture("desktop-keys")
	p.key(kb.Escape)
	p.until(`!document.getElementById("keys").open`)
	p.key(kb.ArrowDown)
	p.until(`document.activeElement.textContent == "api/"`)
	p.key(kb.ArrowUp)
	p.until(`document.activeElement.matches(".parent")`)
	p.key(kb.End)
	p.until(`document.activeElement.textContent == "notes.txt"`)
	p.press("Backspace", "Backspace")
	p.until(`location.pathname == "/"`)
}

// TestRows: a row can be tapped anywhere, is large enough for a finger, and has its date on a
// phone.
func TestRows(t *testing.T) {
	p := open(t, looks[2], "/odd/")
	for _, fault := range eval[[]string](p, `[
		["tbody tr", e => e.offsetHeight < 44], ["td.date", e => e.offsetHeight == 0],
		["td.name", e => e.offsetHeight > 60],
		["input:not([type=hidden])", e => parseFloat(getComputedStyle(e).fontSize) < 16],
		["html", e => e.scrollWidth > innerWidth],
	].flatMap(([css, bad]) =>
		[...document.querySelectorAll(css)].filter(bad).map(e => e.outerHTML))`) {
		t.Error(fault)
	}
	p = open(t, desktop, "/docs/")
	p.click("tbody tr:first-child td.size")
	p.until(`document.body.textContent.includes("The API")`)
}

// TestLocalTimes: times are those of the reader, and UTC is in the title.
func TestLocalTimes(t *testing.T) {
	p := open(t, desktop, "/media/")
	call(p, emulation.SetTimezoneOverride,
		emulation.SetTimezoneOverrideParams{TimezoneID: "Asia/Tokyo"})
	p.run(chromedp.Reload(), chromedp.WaitReady(chromedp.CSS("tbody")))
	p.until(`document.querySelector("td time").title`)
	got := eval[[]string](p,
		`(t => [t.textContent, t.title, t.dateTime])(document.querySelector("td time"))`)
	utc := strings.TrimSuffix(got[1], " UTC")
	if !strings.HasPrefix(got[2], strings.Replace(utc, " ", "T", 1)) || got[0] == utc ||
		!eval[bool](p, fmt.Sprintf(`new Date(%q).getTime() == Math.floor(new Date(%q) / 60000) * 60000`,
			strings.Replace(got[0], " ", "T", 1)+"+09:00", got[2])) {
		t.Errorf("%q", got)
	}
}

// TestBudget: the first page of a large folder is at most 30 KB in 5 requests.
func TestBudget(t *testing.T) {
	p := open(t, desktop, "/crowd/")
	p.until(`true`)
	sizes := eval[[]float64](p, `performance.getEntriesByType("navigation")
		.concat(performance.getEntriesByType("resource")).map(e => e.encodedBodySize)`)
	sum := 0.0
	for _, n := range sizes {
		sum += n
	}
	if len(sizes) < 4 || len(sizes) > 5 || sum > 30_000 || sum < 1000 {
		t.Errorf("%.0f bytes in %d requests: %v", sum, len(sizes), sizes)
	}
	t.Logf("%.0f bytes in %d requests", sum, len(sizes))
}

// TestForcedColors: icons are seen in forced colours.
func TestForcedColors(t *testing.T) {
	p := open(t, desktop, "/media/")
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}},
	})
	if eval[bool](p, `(color => color("td.name .i") == color("body"))
		(css => getComputedStyle(document.querySelector(css)).backgroundColor)`) {
		t.Error("icons have the colour of the page")
	}
	p.picture("desktop-forced")
}

// TestMountCards: several mounts have a card each.
func TestMountCards(t *testing.T) {
	s, err := start()
	if err != nil {
		t.Fatal(err)
	}
	o := serve.Options{Listing: true}
	for _, name := range []string{"docs", "media", "odd"} {
		archive := filepath.Join(tools.Dir(t), name+"-2.1.tar.gz")
		if _, err := pack.Dir(context.Background(), filepath.Join(s.dir, name), archive,
			pack.Options{}); err != nil {
			t.Fatal(err)
		}
		o.Archives = append(o.Archives, serve.Archive{Path: archive, Mount: "/" + name})
	}
	server, err := serve.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- server.Run(ctx, serve.RunOptions{Listen: []string{"127.0.0.1:0"},
			Ready: func(a []net.Addr) { ready <- "http://" + a[0].String() }})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	url := ""
	select {
	case url = <-ready:
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
	}
	for _, l := range looks {
		p := newTab(t, l)
		p.run(chromedp.Navigate(url+"/"), chromedp.WaitReady(chromedp.CSS(".cards")))
		axe(p)
		p.picture(l.name + "-cards")
		if n := eval[int](p, `document.querySelectorAll(".cards > li").length`); n != 3 {
			t.Errorf("%d cards", n)
		}
		p.key(kb.ArrowDown)
		p.until(`document.activeElement.textContent.includes("docs-2.1")`)
		p.key(kb.Enter)
		p.until(`location.pathname == "/docs/" && document.querySelector("h1").textContent == "docs-2.1"`)
	}
}

// TestMissing: the page of an address with nothing there searches for the name.
func TestMissing(t *testing.T) {
	for _, l := range looks {
		p := newTab(t, l)
		p.expectLog("404")
		s, err := start()
		if err != nil {
			t.Fatal(err)
		}
		p.run(chromedp.Navigate(s.url+"/docs/old/guide"), chromedp.WaitReady(chromedp.CSS("main")))
		axe(p)
		p.picture(l.name + "-missing")
		p.click("#find button")
		p.until(`new URL(location).searchParams.get("q") == "guide" &&
			document.querySelector("tbody a")?.textContent == "docs/guide.md"`)
	}
}

// TestGerman: the whole page is in the language of the reader.
func TestGerman(t *testing.T) {
	p := newTab(t, desktop)
	s, err := start()
	if err != nil {
		t.Fatal(err)
	}
	call(p, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
		UserAgent: "Test", AcceptLanguage: "de-DE,de"})
	p.run(chromedp.Navigate(s.url+"/docs/"), chromedp.WaitReady(chromedp.CSS("main")))
	axe(p)
	p.picture("desktop-german")
	got := eval[string](p, `document.querySelector("th.date").textContent.trim()`)
	if got != "Geändert" {
		t.Error(got)
	}
	p.click("#search")
	p.key("guide")
	p.until(`document.querySelector("h1").textContent == "Suche: guide"`)
}
