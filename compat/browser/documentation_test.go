package browser

import (
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/tarpack/tpk/compat/tools"
)

// documented is a sample of the pages of the documentation: one of each kind, and the longest. With
// -screenshots, all of them are opened.
var documented = []string{"/", "/start/", "/guide/hosting/", "/manual/folders/", "/format/",
	"/commands/tpk-serve/", "/benchmarks/", "/decisions/dependencies/"}

// TestDocumentation builds the documentation as a site and looks at its pages, served from its
// archive: nothing is on the console, nothing comes from other hosts, no page is wider than the
// screen, the colours are those of the system, and a search finds words.
func TestDocumentation(t *testing.T) {
	tools.Path(t, "mkdocs")
	repo, out := tools.Repo(t), tools.Dir(t)
	tools.Must(t, exec.Command(filepath.Join(repo, "compat/site/build.sh"), tools.TPK(t), out))
	url := serveArchive(t, false, filepath.Join(out, "site.tar.gz"))
	pages := documented
	if *screenshots != "" {
		pages = sitePages(t, filepath.Join(out, "site"))
	}
	for _, l := range []look{looks[0], looks[3]} {
		t.Run(l.name, func(t *testing.T) {
			p := newTabFor(t, l, 10*time.Minute)
			for _, page := range pages {
				p.run(chromedp.Navigate(url + page))
				p.until(`document.querySelector("h1")`)
				scheme := "default"
				if l.dark {
					scheme = "slate"
				}
				if got := eval[string](p, `document.body.dataset.mdColorScheme`); got != scheme {
					t.Errorf("%s has the colours %q, not %q", page, got, scheme)
				}
				if foreign := eval[[]string](p, `performance.getEntriesByType("resource").map(e => e.name)
					.filter(name => new URL(name).origin != location.origin)`); len(foreign) > 0 {
					t.Errorf("%s loads %q", page, foreign)
				}
				if wide := eval[int64](p, `document.documentElement.scrollWidth`); wide > l.width {
					t.Errorf("%s is %d wide, the screen %d", page, wide, l.width)
				}
				p.picture("documentation" + strings.ReplaceAll(page, "/", "-") + l.name)
			}
			p.run(chromedp.Navigate(url + "/"))
			p.until(`document.querySelector("[data-md-component=search-query]")`)
			p.run(chromedp.Focus(chromedp.CSS("[data-md-component=search-query]")))
			// Material for MkDocs loses what is typed before it has made its index of all pages.
			p.untilWithin(2*time.Minute, `!document.querySelector(".md-search-result__meta")
				.textContent.includes("Initializing")`)
			p.key("rollback")
			p.untilWithin(2*time.Minute, `document.querySelector(".md-search-result__item a")`)
			p.picture("documentation-search-" + l.name)
		})
	}
}

// sitePages returns the paths of all pages of a site in dir.
func sitePages(t *testing.T, dir string) (pages []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "index.html" {
			rel, _ := filepath.Rel(dir, filepath.Dir(name))
			pages = append(pages, strings.TrimPrefix("/"+filepath.ToSlash(rel)+"/", "/."))
		}
		return err
	})
	if err != nil || len(pages) < 50 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	slices.Sort(pages)
	return pages
}
