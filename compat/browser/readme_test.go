package browser

import (
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// readmeSite has a README with everything in it, and others.
func readmeSite(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/readme.md")
	if err != nil {
		t.Fatal(err)
	}
	photo, err := os.ReadFile("testdata/photo.png")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"README.md": string(text), "docs/photo.png": string(photo), "docs/guide.md": "# A guide\n",
		"docs/README.rst": "A guide\n=======\n\nText as it is.\n" + strings.Repeat("long ", 200),
		"src/main.go":     "package main\n", "LICENSE": "MIT\n",
		"hostile/README.md": hostileReadme, "deep/README.md": strings.Repeat("> ", 500),
	}
}

// hostileReadme would set window.hit, leave its place, or look like a part of the page.
const hostileReadme = "# A <img src=x onerror=\"window.hit=1\">\n" +
	"<script>window.hit=1</script><svg onload=\"window.hit=1\"></svg>\n\n" +
	"[a](javascript:window.hit=1) <a href=\"java&#10;script:window.hit=1\" id=list>b</a>\n\n" +
	"![c](data:image/svg+xml,<svg/onload=window.hit=1>) ![d](https://elsewhere.example/x.png)\n\n" +
	"<iframe src=\"javascript:window.hit=1\"></iframe>" +
	"<form action=//elsewhere.example><input></form>\n\n" +
	"<div id=search style=\"position:fixed;inset:0\" class=away>e</div></div></section></main>\n\n" +
	"<details ontoggle=\"window.hit=1\" open><summary>f</summary></details>\n" +
	"<style>*{display:none}</style><link rel=stylesheet href=//elsewhere.example/x.css>\n" +
	"<meta http-equiv=refresh content=\"0;url=//elsewhere.example\"><base href=//elsewhere.example>\n"

// TestReadme: the README comes below the list, in every look, and its references work.
func TestReadme(t *testing.T) {
	url := serveSite(t, false, readmeSite(t))
	for _, l := range looks {
		t.Run(l.name, func(t *testing.T) {
			p := newTab(t, l)
			p.run(chromedp.Navigate(url + "/"))
			p.until(`document.querySelector("#readme .md h2")`)
			p.until(`getComputedStyle(document.querySelector("#readme pre .k")).color !=
				getComputedStyle(document.querySelector("#readme pre")).color`)
			p.until(`[...document.querySelectorAll(".md img")].every(i => i.complete || i.loading)`)
			axe(p)
			if eval[bool](p, `document.documentElement.scrollWidth > innerWidth`) {
				t.Error("the page is wider than the window")
			}
			p.picture(l.name + "-readme-list")
			eval[int](p, `(document.getElementById("readme").scrollIntoView(), 0)`)
			p.picture(l.name + "-readme")
			eval[int](p, `(document.getElementById("md-tables").scrollIntoView(), 0)`)
			p.until(`document.querySelector(".md img").naturalWidth > 0`)
			p.picture(l.name + "-readme-more")
			p.run(chromedp.Navigate(url + "/?list=readme"))
			p.until(`document.querySelector(".reading #readme .md h2")`)
			axe(p)
			p.picture(l.name + "-readme-page")
			p.run(chromedp.Navigate(url + "/docs/"))
			p.until(`document.querySelector("#readme pre")`)
			axe(p)
			p.picture(l.name + "-readme-text")
			if eval[bool](p, `document.documentElement.scrollWidth > innerWidth`) {
				t.Error("text makes the page wider than the window")
			}
		})
	}
}

// TestReadmeLinks: links in the page stay in it, and others leave it, by mouse and keys.
func TestReadmeLinks(t *testing.T) {
	url := serveSite(t, false, readmeSite(t))
	p := newTab(t, desktop)
	p.run(chromedp.Navigate(url + "/#md-tables"))
	inView := `(r => r.top >= 0 && r.top < innerHeight)(document.getElementById("md-%s")?.
		getBoundingClientRect() ?? {})`
	p.until(strings.ReplaceAll(inView, "%s", "tables")) // it came after the page
	eval[int](p, `(window.same = 1, scrollTo(0, 0), 0)`)
	p.click(`.md a[href="#md-code"]`)
	p.until(strings.ReplaceAll(inView, "%s", "code"))
	eval[int](p, `(history.back(), 0)`)
	p.until(`location.hash == "#md-tables" && window.same == 1 && document.querySelector(".md h2")`)
	p.key(kb.End) // moves between rows, as the focus is in none
	p.until(`document.activeElement.closest("tbody tr")`)
	eval[int](p, `(document.querySelector("#readme-name a").focus(), 0)`)
	p.key(kb.End) // scrolls
	p.until(`document.activeElement.closest("#readme")`)
	p.run(chromedp.SendKeys(chromedp.CSS("#filter"), "LIC"))
	p.until(`!document.getElementById("readme")`)
	p.key(kb.Escape)
	p.until(`document.querySelector("#readme .md h2")`)
	p.follow(`.md a[href="./docs/"]`, `location.pathname == "/docs/"`)
	p.until(`document.querySelector("#readme pre")`)
	p.follow("#readme-name a", `location.search == "?list=view" &&
		location.pathname == "/docs/README.rst"`)
}

// TestReadmeHostile: a README does nothing but show something.
func TestReadmeHostile(t *testing.T) {
	url := serveSite(t, false, readmeSite(t))
	for _, path := range []string{"/hostile/", "/hostile/?list=readme"} {
		p := newTab(t, desktop)
		p.expectLog("hostile/x") // a picture that is missing
		p.run(chromedp.Navigate(url + path))
		p.until(`document.querySelector("#readme .md summary")`)
		for _, js := range []string{
			`window.hit === undefined`, `document.querySelectorAll("#search, #list").length <= 2`,
			`[...document.querySelectorAll(".md *")].every(e => e.getAttributeNames().every(
				a => !a.startsWith("on") && a != "style"))`,
			`!document.querySelector(".md :is(script, style, form, input, iframe, svg, link, meta)")`,
			`[...document.querySelectorAll(".md a[href]")].every(a => a.protocol == "http:")`,
			`document.baseURI == location.href && document.querySelector("main").contains(
				document.querySelector(".md summary"))`,
			`getComputedStyle(document.getElementById("md-search")).position == "static"`,
		} {
			if !eval[bool](p, js) {
				t.Errorf("%s: %s", path, js)
			}
		}
		axe(p)
	}
	p := newTab(t, desktop)
	p.run(chromedp.Navigate(url + "/deep/"))
	p.until(`document.querySelector("#readme pre").textContent.startsWith("> > >")`)
}

// TestReadmeWithoutScript: the README's name leads to a page that has it.
func TestReadmeWithoutScript(t *testing.T) {
	url := serveSite(t, false, readmeSite(t))
	p := newTab(t, desktop)
	call(p, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: true})
	p.run(chromedp.Navigate(url+"/"), chromedp.Click(chromedp.CSS("#readme-name a")),
		chromedp.WaitVisible(chromedp.CSS(".reading .md h2")),
		chromedp.Click(chromedp.CSS(`.md a[href="./docs/"]`)),
		chromedp.WaitVisible(chromedp.CSS(`a[href="./?list=readme"]`)))
}
