package browser

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// gallery serves a tree of pictures in an archive, and returns the address.
func gallery(t *testing.T) string {
	t.Helper()
	tree := map[string]string{
		"photos/2025/<img src=x onerror=alert(1)>.png": drawn(t, 7),
		"photos/2025/small.png":                        drawn(t, -1),
		"photos/broken.png":                            "\x89PNG\r\n\x1a\n\x00\x01 and no more",
		"photos/notes.txt":                             "Sorted by day.\n",
		"photos/evil.svg": `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30">` +
			`<script>document.title = "evil"</script><rect width="40" height="30" fill="#936"/></svg>`,
		"plain/a.txt": "a\n",
	}
	for i := range 300 {
		tree[fmt.Sprintf("photos/day-%d.png", i)] = drawn(t, i)
	}
	return serveSite(t, false, tree)
}

// drawn returns a picture: of a landscape, or a small mark on a clear ground if i is negative.
func drawn(t *testing.T, i int) string {
	t.Helper()
	size, hill := image.Pt(240, 160+i%3*60), 60+i%80
	if i < 0 {
		size = image.Pt(16, 16)
	}
	m := image.NewNRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			switch ground := hill + (x*(i%7+1)/5)%70; {
			case i < 0 && (x+y)%4 > 0:
			case y > ground:
				m.Set(x, y, color.NRGBA{uint8(30 + i%60), uint8(90 + i*5%100), 60, 255})
			default:
				m.Set(x, y, color.NRGBA{uint8(90 + i*9%120), uint8(150 + y%90), 230, 255})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// goTo opens an address in a new tab.
func goTo(t *testing.T, l look, url string) *tab {
	t.Helper()
	p := newTab(t, l)
	p.run(chromedp.Navigate(url), chromedp.WaitReady(chromedp.CSS("main")))
	return p
}

// TestGrid: a folder of pictures is shown as a grid, in every look. Pictures far below load when
// they come into view.
func TestGrid(t *testing.T) {
	url := gallery(t)
	for _, l := range looks {
		t.Run(l.name, func(t *testing.T) {
			axe(goTo(t, l, url+"/photos/?view=grid&limit=12"))
			p := goTo(t, l, url+"/photos/?view=grid")
			p.until(`document.querySelectorAll(".grid img").length == 302`)
			p.until(`document.querySelector("[src='./day-1.png']").naturalWidth == 240`)
			p.picture(l.name + "-grid")
			columns := eval[int](p, `(r => r.filter(e => e.offsetTop == r[0].offsetTop).length)
				([...document.querySelectorAll(".grid tbody tr")])`)
			if columns < 2 || l.phone && columns > 3 || !l.phone && columns < 4 {
				t.Errorf("%d columns", columns)
			}
			loaded := `performance.getEntriesByType("resource").filter(e => /day-/.test(e.name)).length`
			if n := eval[int](p, loaded); n == 0 || n > 200 {
				t.Errorf("%d of 300 pictures were loaded", n)
			}
			if eval[bool](p, `document.querySelector("[src='./day-299.png']").complete`) {
				t.Error("the last picture was loaded")
			}
			eval[int](p, `scrollTo(0, document.body.scrollHeight); 0`)
			p.until(`document.querySelector("[src='./day-299.png']").naturalWidth > 0`)
			if eval[bool](p, `document.documentElement.scrollWidth > innerWidth ||
				document.title == "evil"`) {
				t.Error("too wide, or a script has run")
			}
		})
	}
}

// TestGridSwitch: the switch is there if a folder has pictures, and the view stays in the URL, in
// folders and with a filter.
func TestGridSwitch(t *testing.T) {
	url := gallery(t)
	p := goTo(t, desktop, url+"/plain/")
	if eval[bool](p, `[...document.querySelectorAll(".views a")].some(a => a.textContent == "Grid")`) {
		t.Error("a folder without pictures has a grid")
	}
	p = goTo(t, desktop, url+"/photos/?sort=size&order=desc")
	p.follow(`.views a[href*="view=grid"]`, `document.querySelector(".grid")`)
	if got := eval[string](p, `location.search`); got != "?list=here&view=grid&sort=size&order=desc" {
		t.Error(got)
	}
	p.click("#filter")
	p.key("day-29")
	p.until(`document.querySelectorAll(".grid tbody tr").length == 11`)
	p.run(chromedp.Reload(), chromedp.WaitReady(chromedp.CSS(".grid")))
	p.until(`document.querySelectorAll(".grid tbody tr").length == 11`)
	p.follow(`.views a:first-child`,
		`!document.querySelector(".grid") && document.querySelector("tbody")`)
	p = goTo(t, desktop, url+"/photos/?view=grid")
	p.follow(`tbody tr:first-child td.name a`, `location.pathname == "/photos/2025/" &&
		document.querySelectorAll(".grid img").length == 2`)
	p.until(`[...document.querySelectorAll(".grid img")].every(i => i.complete)`)
	p.picture("desktop-grid-names")
	if got := p.names(); !slices.Contains(got, "<img src=x onerror=alert(1)>.png") {
		t.Errorf("%q", got)
	}
}

// TestGridKeys: arrows move in two dimensions; a click on a picture previews it, one on the name
// opens it.
func TestGridKeys(t *testing.T) {
	p := goTo(t, desktop, gallery(t)+"/photos/?view=grid")
	at := `[...document.querySelectorAll(".grid tbody tr")]
		.findIndex(r => r.contains(document.activeElement))`
	columns := eval[int](p, `(r => r.filter(e => e.offsetTop == r[0].offsetTop).length)
		([...document.querySelectorAll(".grid tbody tr")])`)
	for _, step := range []struct {
		key  string
		want int
	}{{kb.ArrowDown, 0}, {kb.ArrowRight, 1}, {kb.ArrowDown, 1 + columns}, {kb.ArrowLeft, columns},
		{kb.ArrowUp, 0}, {kb.End, 303}, {kb.Home, 0}, {kb.ArrowUp, -1}} {
		p.key(step.key)
		p.until(fmt.Sprintf("%s == %d", at, step.want))
	}
	p.click(`tr:has([src="./day-1.png"]) [data-look]`)
	p.until(`document.querySelector("dialog img")?.naturalWidth == 240`)
	p.key(kb.Escape)
	p.until(`!document.querySelector("dialog[open]")`)
	p.click(`tr:has([src="./day-1.png"]) td.name a bdi`)
	p.until(`location.pathname == "/photos/day-1.png"`)
}

// TestGridWithoutScript: the tiles are links.
func TestGridWithoutScript(t *testing.T) {
	p := goTo(t, desktop, gallery(t)+"/photos/?view=grid")
	call(p, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: true})
	p.run(chromedp.Reload(), chromedp.WaitReady(chromedp.CSS(".grid img")))
	p.click(`tr:has([src="./day-0.png"]) img`)
	p.until(`location.pathname == "/photos/day-0.png"`)
}
