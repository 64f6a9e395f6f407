package browser

import (
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/text"
)

// serveText serves an archive that has a text index.
func serveText(t *testing.T) string {
	t.Helper()
	files := map[string]string{
		"docs/lantern.html": "<title>The lantern</title><main>How a lantern is lit, and <b>kept</b>",
		"docs/a/index.html": "<title>Same title</title><p>the first lantern",
		"docs/b/index.html": "<title>Same title</title><p>the second lantern",
		"notes.txt":         "a word about every lantern",
	}
	for i := range 30 {
		files[fmt.Sprintf("crowd/%d.md", i)] = fmt.Sprintf("# Chapter %d\n\nThe lantern again.\n", i)
	}
	name := packSite(t, files)
	a, err := tarpack.Open(t.Context(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := text.Build(t.Context(), a, name+text.Suffix, text.BuildOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	return serveArchive(t, false, name)
}

// done is true when a page is loaded.
const done = `document.readyState == "complete"`

// hits returns the paths of the hits in text.
func (p *tab) hits() []string {
	p.t.Helper()
	return eval[[]string](p,
		`[...document.querySelectorAll(".hits li > .dir")].map(e => e.textContent)`)
}

// TestSearchText: hits in text are below the names, and have pages of their own.
func TestSearchText(t *testing.T) {
	url := serveText(t)
	for _, l := range looks {
		t.Run(l.name, func(t *testing.T) {
			p := newTab(t, l)
			p.run(chromedp.Navigate(url+"/docs/?list"), chromedp.WaitReady(chromedp.CSS("main")))
			p.click("#search")
			p.key("lantern")
			p.until(`document.querySelectorAll(".hits li").length == 5`)
			if got := p.names(); !slices.Equal(got, []string{"docs/lantern.html"}) {
				t.Errorf("names: %q", got)
			}
			if got := p.hits(); got[0] != "docs/lantern.html" {
				t.Errorf("hits: %q", got)
			}
			axe(p)
			p.picture(l.name + "-text-below")
			p.follow(".hits .pages a", `location.search.includes("in=text") && `+
				done)
			if got := p.hits(); len(got) != 20 || len(p.names()) != 0 {
				t.Errorf("all: %q", got)
			}
			axe(p)
			p.picture(l.name + "-text")
			p.follow("[rel=next]", `location.search.includes("offset=20") && `+
				done)
			if got := p.hits(); len(got) != 13 { // two of 34 are one
				t.Errorf("further: %q", got)
			}
			// Keys move over hits, and a search stays in the text.
			p.click("#search")
			eval[int](p, `document.getElementById("search").select(); 0`)
			p.key("second lantern")
			p.until(`document.querySelectorAll(".hits li").length == 1`)
			if !eval[bool](p, `location.search.includes("in=text") && !location.search.includes("offset")`) {
				t.Error(eval[string](p, `location.search`))
			}
			p.key(kb.ArrowDown)
			p.until(`document.activeElement.matches(".hits li > a")`)
			p.click("#search")
			p.key(kb.Escape)
			p.until(`location.pathname == "/docs/" && !/[?&](q|in)=/.test(location.search) &&
				document.querySelector("tbody")`)
		})
	}
}

// TestSearchTextScopes: links lead between names and text, in the folder and everywhere.
func TestSearchTextScopes(t *testing.T) {
	url := serveText(t)
	p := newTab(t, desktop)
	p.run(chromedp.Navigate(url+"/docs/?list&q=lantern&in=text&scope=folder"),
		chromedp.WaitReady(chromedp.CSS("main")))
	hits := eval[[]string](p, `[...document.querySelectorAll(".hits .dir, .same a")]
		.map(e => e.textContent).sort()`)
	want := []string{"docs/a/index.html", "docs/b/index.html", "docs/lantern.html"}
	if !slices.Equal(hits, want) {
		t.Errorf("%q", hits)
	}
	axe(p)
	p.follow(".scopes a:not([aria-current])", `!location.search.includes("scope") && `+
		done)
	if got := p.hits(); len(got) != 20 {
		t.Errorf("everywhere: %q", got)
	}
	p.follow(".scopes + .scopes a:not([aria-current])", `!location.search.includes("in=text") && `+
		done)
	if got := p.names(); !slices.Equal(got, []string{"docs/lantern.html"}) {
		t.Errorf("names: %q", got)
	}
	p.run(chromedp.Navigate(url+"/?list&q=nowhere&in=text"), chromedp.WaitReady(chromedp.CSS("main")))
	axe(p)
	p.run(chromedp.Navigate(url+"/?list&q=second"), chromedp.WaitReady(chromedp.CSS("main")))
	if got := p.hits(); len(got) != 1 || len(p.names()) != 0 {
		t.Errorf("text only: %q", got)
	}
	axe(p)
}
