package browser

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/tarpack/tpk/serve"
)

// serveVersions serves two versions of a project.
func serveVersions(t *testing.T) string {
	t.Helper()
	photo, err := os.ReadFile("testdata/photo.png")
	if err != nil {
		t.Fatal(err)
	}
	drawing := `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="120">` +
		`<rect width="200" height="120" fill="%s"/></svg>`
	program := func(name string, more string) string {
		var b strings.Builder
		fmt.Fprintf(&b, "package %s\n\nimport (\n\t\"fmt\"\n\t\"strings\"\n)\n\n", name)
		for i := range 60 {
			fmt.Fprintf(&b, "// step%d does step %d.\nfunc step%d(n int) int {\n\treturn n*%d + 1\n}\n\n",
				i, i, i, i)
			if i == 30 {
				b.WriteString(more)
			}
		}
		return b.String()
	}
	one := map[string]string{
		"src/main.go": program("lantern", "func light(wick string) { fmt.Println(wick) }\n"),
		"src/util.go": "package lantern\n", "docs/old-name.txt": "This text has moved.\n",
		"docs/guide.md": "# Lanterns\n\nA lantern is lit with a match.\n", "gone.txt": "gone\n",
		"img/photo.png": string(photo), "img/sign.svg": fmt.Sprintf(drawing, "teal"),
		"data.bin":                             "\x00\x01\x02",
		"odd/<img src=x onerror=alert(1)>.txt": "<script>alert(1)</script>\n",
		"odd/\u202eevil.txt":                   "if admin {\u202e // safe\u2066}\n",
		"odd/javascript:alert(1)":              "a\n",
	}
	two := map[string]string{
		"src/main.go": strings.Replace(program("lantern",
			"func light(wick string, oil int) { fmt.Println(wick, oil) }\n\nfunc blow() {}\n"),
			"step 3.", "step three.", 1),
		"src/util.go": "package lantern\n", "docs/new-name.txt": "This text has moved.\n",
		"docs/guide.md": "# Lanterns\n\nA lantern is lit with a taper.\n\nIt is kept dry.\n",
		"docs/more.md":  "More.\n",
		"img/photo.png": string(photo) + " ", "img/sign.svg": fmt.Sprintf(drawing, "tomato"),
		"data.bin":                             "\x00\x01\x03\x04",
		"odd/<img src=x onerror=alert(1)>.txt": "<script>alert(2)</script>\n",
		"odd/\u202eevil.txt":                   "if user {\u202e // safe\u2066}\n",
		"odd/javascript:alert(1)":              "b\n",
	}
	return serveOptions(t, serve.Options{Listing: true, Archives: []serve.Archive{
		{Path: packSite(t, one), Mount: "/lantern-1.0"},
		{Path: packSite(t, two), Mount: "/lantern-1.1"}}})
}

// rect is where an element is.
type rect struct{ Left, Top, Width, Height float64 }

func (p *tab) rect(css string) rect {
	p.t.Helper()
	return eval[rect](p, fmt.Sprintf(`(({left, top, width, height}) => ({Left: left, Top: top,
		Width: width, Height: height}))(document.querySelector(%q).getBoundingClientRect())`, css))
}

// TestCompare: from the cards to the list of what differs and to the lines of a file.
func TestCompare(t *testing.T) {
	url := serveVersions(t)
	for _, l := range looks {
		t.Run(l.name, func(t *testing.T) {
			p := newTab(t, l)
			p.run(chromedp.Navigate(url+"/"), chromedp.WaitReady(chromedp.CSS(".cards")))
			p.follow(`.tools a[href*="list=compare"]`, `document.querySelector(".sides")`)
			axe(p)
			p.picture(l.name + "-compare-form")
			p.click(".sides button")
			p.until(`document.querySelectorAll(".diffs li").length == 11`)
			if got := eval[string](p, `document.querySelector("h1").textContent`); got !=
				"/lantern-1.0 → /lantern-1.1" {
				t.Errorf("%q", got)
			}
			p.picture(l.name + "-compare")
			p.follow(`.kinds a[href*="kind=moved"]`, `document.querySelectorAll(".diffs li").length == 1`)
			p.follow(`.kinds a`, `document.querySelectorAll(".diffs li").length == 11`)
			p.follow(`.folders a[href*="src"]`, `location.pathname == "/lantern-1.0/src/"`)
			p.follow(`.diffs .path a`, `document.querySelector("ins mark")`)
			axe(p)
			p.picture(l.name + "-compare-file")
			old, now := p.rect("del"), p.rect("ins")
			if wide := old.Left < now.Left && old.Top == now.Top; wide != (l.width > 960) ||
				!wide && (old.Left != now.Left || old.Top >= now.Top) {
				t.Errorf("%+v, %+v", old, now)
			}
			if n := eval[float64](p, `document.documentElement.scrollWidth - innerWidth`); n > 0 {
				t.Errorf("the page is %v pixels too wide", n)
			}
			p.follow(`.ways a[href*="context=all"]`, `!document.querySelector(".fold")`)
			p.follow(`[rel=up]`, `document.querySelector(".diffs")`)
		})
	}
}

// TestCompareKeys: the form is filled in and sent by keyboard.
func TestCompareKeys(t *testing.T) {
	p := goTo(t, desktop, serveVersions(t)+"/lantern-1.1/docs/?list")
	p.run(chromedp.Focus(chromedp.CSS(`.tools a[href*="list=compare"]`)))
	p.key(kb.Enter)
	p.until(`document.querySelector("[name=with]").value == "/lantern-1.0/docs"`)
	p.run(chromedp.Focus(chromedp.CSS("[name=with]")))
	eval[int](p, `document.querySelector("[name=with]").select(); 0`)
	p.key("/lantern-1.0/nowhere")
	p.key(kb.Escape) // closes what the browser suggests
	p.key(kb.Enter)
	p.until(`document.querySelector(".empty")?.textContent.includes("no folder /lantern-1.0/nowhere")`)
	p.expectLog("404")
	axe(p)
	eval[int](p, `document.querySelector("[name=with]").value = "/lantern-1.0/docs/"; 0`)
	p.run(chromedp.Focus(chromedp.CSS("[name=with]")))
	p.key(kb.Enter)
	p.until(`document.querySelectorAll(".diffs li").length == 3`)
	p.follow(`.sides a`, `location.search.includes("old=/lantern-1.0/docs")`) // swapped
	if got := eval[string](p, `document.querySelector("h1").textContent`); got !=
		"/lantern-1.0/docs → /lantern-1.1/docs" {
		t.Errorf("%q", got)
	}
}

// TestCompareKinds: pictures, other files and hostile ones.
func TestCompareKinds(t *testing.T) {
	url := serveVersions(t) + "/lantern-1.0/?list=compare&with=/lantern-1.1&file="
	for _, l := range []look{looks[1], looks[2]} {
		p := newTab(t, l)
		show := func(file, js string) {
			t.Helper()
			p.run(chromedp.Navigate(url+file), chromedp.WaitReady(chromedp.CSS("main")))
			p.until(js)
			axe(p)
		}
		loaded := `[...document.images].length == 2 && [...document.images].every(i => i.complete &&
			i.naturalWidth > 0)`
		show("img/photo.png", loaded+` && document.querySelector(".known .differs")`)
		p.picture(l.name + "-compare-pictures")
		show("img/sign.svg", loaded+` && document.querySelector("ins mark")`)
		show("data.bin", `document.querySelectorAll(".known tr").length > 3`)
		show("docs/new-name.txt", `document.querySelector("h1").textContent.includes("→")`)
		show("odd/%3Cimg%20src=x%20onerror=alert(1)%3E.txt", `document.querySelector("del mark")`)
		show("odd/javascript:alert(1)", `document.querySelector("del")`)
		show("odd/%E2%80%AEevil.txt", `document.querySelector("del mark")`)
		if eval[bool](p, `/[\u202a-\u202e\u2066-\u2069]/.test(document.body.textContent)`) {
			t.Error("characters that turn the direction are shown")
		}
	}
}

// TestComparePrint: on paper, lines are one below the other, and there is nothing to click on.
func TestComparePrint(t *testing.T) {
	p := goTo(t, desktop,
		serveVersions(t)+"/lantern-1.0/?list=compare&with=/lantern-1.1&file=docs/guide.md")
	p.until(`document.querySelector("ins")`)
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	old, now := p.rect("del"), p.rect("ins")
	if old.Left != now.Left || old.Top >= now.Top || p.rect(".ways").Height > 0 {
		t.Errorf("%+v, %+v", old, now)
	}
	p.picture("compare-print")
}
