package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// surveyed serves a tree with folders, types, long and odd names, and duplicates.
func surveyed(t *testing.T) string {
	t.Helper()
	tree := map[string]string{
		"odd/<img src=x onerror=alert(1)>.js": strings.Repeat("let x = 1\n", 9000),
		"odd/\"><script>alert(1)</script>/a":  strings.Repeat("a", 70_000),
		"odd/日本語のとても長い名前のファイル.txt":            strings.Repeat("text\n", 12_000),
		"README.md":          "# Read me\n",
		".hidden/secret.bin": strings.Repeat("secret", 200_000),
	}
	for i := range 40 {
		name := fmt.Sprintf("docs/chapter-%d/page-%d.html", i%7, i)
		tree[name] = "<!doctype html>" + strings.Repeat(fmt.Sprintf("<p>Page %d", i*i), 900+50*i)
		tree[fmt.Sprintf("photos/%d/day.png", i%9)] = drawn(t, i)
		tree[fmt.Sprintf("src/lib/part-%d.c", i)] = strings.Repeat("int x;\n", 900+i)
		tree[fmt.Sprintf("mirror/part-%d.c", i%5)] = strings.Repeat("int x;\n", 900+i%5)
	}
	return serveSite(t, false, tree)
}

// TestOverview: the overview in every look, without faults.
func TestOverview(t *testing.T) {
	url := surveyed(t)
	for _, l := range looks {
		for _, page := range []struct{ name, path string }{
			{"overview", "/?list=overview"}, {"ratio", "/?list=overview&by=packed&color=ratio"},
			{"overview-odd", "/odd/?list=overview"},
		} {
			t.Run(l.name+"/"+page.name, func(t *testing.T) {
				p := goTo(t, l, url+page.path)
				axe(p)
				p.picture(l.name + "-" + page.name)
				for _, fault := range eval[[]string](p, `[
					["html", e => e.scrollWidth > innerWidth],
					[".map", e => (e.clientWidth > 0) != (e.matches(".wide") == innerWidth > 704)],
					["[style], main script, main img", e => true],
					[".map > a > svg, .map > svg", e => e.getBoundingClientRect().right > innerWidth + 1],
				].flatMap(([css, bad]) => [...document.querySelectorAll(css)].filter(bad)
					.map(e => e.outerHTML.slice(0, 300)))`) {
					t.Error(fault)
				}
				if eval[bool](p, `document.body.textContent.includes("secret")`) {
					t.Error("what is hidden is shown")
				}
			})
		}
	}
}

// TestOverviewWays: a click goes into a folder, the way back is in the head, and what is measured
// stays.
func TestOverviewWays(t *testing.T) {
	p := goTo(t, desktop, surveyed(t)+"/docs/")
	p.follow(`.views a[href*="overview"]`, `document.querySelector(".map")`)
	p.follow(`.scopes a[href*="by=packed"]`, `location.search.includes("by=packed")`)
	p.follow(`.scopes a[href*="color=ratio"]`, `location.search.includes("color=ratio") &&
		location.search.includes("by=packed")`)
	p.follow(`header nav a`, `location.pathname == "/" && document.querySelector(".map")`)
	p.corner(`.map.wide a[href^="./docs/?"] svg`)
	p.until(`location.pathname == "/docs/" && location.search.includes("by=packed") &&
		document.querySelector(".map")`)
	p.follow(`.map.wide a[href^="./chapter-6/page-"]`, `location.pathname.endsWith(".html")`)
}

// corner clicks into the upper left corner of an element.
func (p *tab) corner(css string) {
	p.t.Helper()
	at := eval[[]float64](p, fmt.Sprintf(`(r => [r.x + 12, r.y + 8])
		(document.querySelector(%q).getBoundingClientRect())`, css))
	for _, kind := range []input.DispatchMouseEventType{input.DispatchMouseEventTypeMousePressed,
		input.DispatchMouseEventTypeMouseReleased} {
		call(p, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: at[0],
			Y: at[1], Button: input.MouseButtonLeft, ClickCount: 1})
	}
}

// TestOverviewKeys: the areas are reached by keys, and so is the way up.
func TestOverviewKeys(t *testing.T) {
	p := goTo(t, desktop, surveyed(t)+"/docs/?list=overview")
	eval[int](p, `document.querySelector(".map.wide a").focus(); 0`)
	first := eval[string](p, `document.activeElement.getAttribute("href")`)
	p.key(kb.Tab)
	p.until(fmt.Sprintf(`document.activeElement.matches(
		".map a[href^='./chapter-']:not([href='%s'])")`, first))
	p.picture("desktop-overview-focus")
	p.key(kb.Enter)
	p.until(`location.pathname.startsWith("/docs/chapter-") && document.querySelector(".map")`)
	p.press("Backspace", "Backspace")
	p.until(`location.pathname == "/docs/" && document.querySelector(".map")`)
	p.press("/", "Slash")
	p.key("part-3")
	p.until(`location.search.includes("q=part-3") && document.querySelector("tbody td.name")`)
	eval[int](p, `setTimeout(() => history.back())`)
	p.until(`location.search == "?list=overview" && document.querySelector(".map")`)
}

// TestOverviewWithoutScript: all of it is there without scripts.
func TestOverviewWithoutScript(t *testing.T) {
	p := goTo(t, desktop, surveyed(t)+"/?list=overview")
	call(p, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: true})
	p.run(chromedp.Reload(), chromedp.WaitReady(chromedp.CSS(".map")))
	text, err := chromedp.Run(p.ctx, chromedp.Text(chromedp.CSS("main")))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"By folder", "By type", "text/html", "Largest files",
		"Duplicates", "src/lib/", "part-3.c"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	p.corner(`.map.wide a[href^="./src/lib/?"] svg`)
	p.until(`location.pathname == "/src/lib/" && document.querySelector(".map")`)
}
