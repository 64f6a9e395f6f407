package browser

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/tarpack/tpk/serve"
)

// TestLive: a page that is saved is shown as it is when it is loaded again, and found by its new
// words.
func TestLive(t *testing.T) {
	dir := t.TempDir()
	save := func(words string) {
		t.Helper()
		page := `<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Burrow</title>` +
			`<main><h1>Burrow</h1><p>` + words + `</p></main></html>`
		if err := os.WriteFile(filepath.Join(dir, "burrow.html"), []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	save("the first words")
	url := serveOptions(t, serve.Options{Listing: true, CacheDir: t.TempDir(),
		Archives: []serve.Archive{{Path: dir, Mount: "/doc", Live: true}}})
	for _, l := range looks[:2] {
		p := newTab(t, l)
		p.run(chromedp.Navigate(url+"/doc/burrow"), chromedp.WaitReady(chromedp.CSS("main")))
		words := "wombats dig for " + l.name
		save(words)
		p.run(chromedp.Reload(), chromedp.WaitReady(chromedp.CSS("main")))
		if got := eval[string](p, `document.querySelector("p").textContent`); got != words {
			t.Errorf("%s: %q", l.name, got)
		}
		for range 100 { // until its text is indexed
			p.run(chromedp.Navigate(url+"/doc/?list&q=wombats"), chromedp.WaitReady(chromedp.CSS("main")))
			if len(p.hits()) > 0 {
				break
			}
		}
		if got := p.hits(); len(got) != 1 || got[0] != "doc/burrow.html" {
			t.Errorf("%s: %q", l.name, got)
		}
		axe(p)
		p.picture(l.name + "-live")
	}
}
