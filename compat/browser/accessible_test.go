package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
)

// accessible are all kinds of pages, by the site that has them. ready is an expression that is true
// of a page that is drawn.
var accessible = []struct {
	site  string
	serve func(*testing.T) string
	pages []accessiblePage
}{
	{"main", nil, []accessiblePage{
		{"root", "/", ""}, {"folder", "/media/", ""}, {"odd", "/odd/", ""},
		{"paged", "/crowd/?limit=20", ""}, {"search", "/?q=TILE-00&limit=20", ""},
		{"nothing", "/?q=no-such-thing", ""}, {"grid", "/media/?view=grid", ""},
		{"get", "/docs/?list=get", ""}, {"get-file", "/docs/?list=get&name=guide.md", ""},
		{"overview", "/?list=overview", ""}, {"readme", "/?list=readme", ""},
	}},
	{"text", func(t *testing.T) string { return serveSite(t, false, viewedFiles()) },
		[]accessiblePage{
			{"code", "/src/main.go?list=view#L7-L9", ""},
			{"large", "/long.log?list=view", `document.querySelectorAll(".line").length > 100`},
			{"hex", "/small.bin?list=view", ""},
			{"large-hex", "/large.bin?list=view", `document.querySelector(".hex.long pre")`},
			{"empty", "/empty.txt?list=view", ""},
		}},
	{"kinds", func(t *testing.T) string { return serveArchive(t, false, packSite(t, kinds(t))) },
		[]accessiblePage{
			{"csv", "/small.csv?list=view", `document.querySelector("#R1")`},
			{"json", "/data.json?list=view", `document.querySelector(".json-tools")`},
			{"bad-json", "/bad.json?list=view", `document.querySelector(".because a")`},
			{"notebook", "/work.ipynb?list=view",
				`[...document.querySelectorAll(".notebook img")].length >= 2`},
			{"markdown", "/guide.md?list=view",
				`document.querySelector(".md table") && document.querySelector(".md img")`},
			{"picture", "/photo.png?list=view",
				`document.querySelector(".zoom output").textContent.includes("%")`},
			{"font", "/letters.woff2?list=view",
				`!document.querySelector(".specimen").hidden && document.fonts.size == 1`},
			{"pdf", "/doc.pdf?list=view", `document.querySelector("object")`},
			{"audio", "/tone.wav?list=view", `document.querySelector("audio").duration == 10`},
			{"video", "/clip.webm?list=view", `document.querySelector("video").videoWidth > 0`},
		}},
	{"versions", serveVersions, []accessiblePage{
		{"cards", "/", ""},
		{"compare", "/?list=compare&old=/lantern-1.0&with=/lantern-1.1",
			`document.querySelector(".diffs")`},
	}},
}

type accessiblePage struct{ name, path, ready string }

// isAccessible reports whether TestAccessible checks a page of a site.
func isAccessible(site, path string) bool {
	for _, s := range accessible {
		if s.site == site && slices.ContainsFunc(s.pages,
			func(p accessiblePage) bool { return p.path == path }) {
			return true
		}
	}
	return false
}

// TestAccessible checks all kinds of pages with axe-core, in every look, in forced colours and as
// they are printed.
func TestAccessible(t *testing.T) {
	for _, s := range accessible {
		t.Run(s.site, func(t *testing.T) {
			url := ""
			if s.serve != nil {
				url = s.serve(t)
			}
			for _, page := range s.pages {
				for _, l := range sampledLooks() {
					t.Run(page.name+"/"+l.name, func(t *testing.T) { checkPage(t, l, url, page) })
				}
			}
		})
	}
	for _, l := range looks {
		t.Run("preview/"+l.name, func(t *testing.T) {
			p := open(t, l, "/media/")
			p.click(`[data-look="image"]`)
			p.until(`document.querySelector("dialog img")?.complete`)
			axe(p)
			p.picture(l.name + "-preview")
		})
	}
}

// sampledLooks returns all looks, or with -short the first and the last one, which differ in all.
func sampledLooks() []look {
	if testing.Short() {
		return []look{looks[0], looks[len(looks)-1]}
	}
	return looks[:]
}

// checkPage checks a page in a look. On the first of the looks, it checks forced colours and print,
// too.
func checkPage(t *testing.T, l look, url string, page accessiblePage) {
	var p *tab
	if url == "" {
		p = open(t, l, page.path)
	} else {
		p = goTo(t, l, url+page.path)
	}
	p.expectLog("missing.png") // a picture in Markdown and in a notebook
	if page.ready != "" {
		p.until(page.ready)
	}
	axe(p)
	p.picture(l.name + "-" + page.name)
	if l != desktop {
		return
	}
	p.emulate("screen", "forced-colors", "active")
	axe(p)
	p.picture("forced-" + page.name)
	p.emulate("print", "prefers-color-scheme", "light")
	axeRules(p, 5) // much is hidden
	p.picture("print-" + page.name)
	if eval[bool](p, `document.querySelector("main").offsetHeight == 0`) {
		t.Error("nothing is printed")
	}
}

// axe runs axe-core with the rules of WCAG 2.2 A and AA and its own best practices.
func axe(p *tab) {
	p.t.Helper()
	axeRules(p, 15)
}

// axeRules is axe for a page to which so many rules apply.
func axeRules(p *tab, rules int) {
	p.t.Helper()
	script, err := os.ReadFile(filepath.Join(tools.Repo(p.t), ".work", "npm", "node_modules",
		"axe-core", "axe.min.js"))
	if err != nil {
		tools.Missing(p.t, "axe-core (npm install of axe-core in .work/npm)")
	}
	eval[int](p, string(script)+";0")
	found := eval[[]string](p, fmt.Sprintf(`axe.run().then(r => r.violations
		.flatMap(v => v.nodes.map(n => v.id + ": " + n.html + ": " + n.failureSummary))
		.concat(r.passes.length < %d ? ["only " + r.passes.length + " rules applied"] : []))`, rules))
	for _, v := range found {
		p.t.Error(v)
	}
}
