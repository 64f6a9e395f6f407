package plan

import (
	"maps"
	"testing"
)

// TestOwnPages: all of tpk's own pages are reached by the key list. Without it, a query changes the
// answer only where the site has no page.
func TestOwnPages(t *testing.T) {
	with := func(more map[string]Node) *fakeTree {
		tree := site()
		maps.Copy(tree.nodes, more)
		return tree
	}
	without := func(names ...string) *fakeTree {
		tree := site()
		for _, name := range names {
			delete(tree.nodes, name)
		}
		return tree
	}
	const (
		page     = "the site's page"
		listing  = "a listing"
		search   = "a search"
		download = "a download"
		asset    = "an asset"
		nothing  = "404"
		bad      = "400"
	)
	missing := with(map[string]Node{"404.html": file(404, 100, Deflate)})
	about := with(map[string]Node{"bare.html": file(10000, 2000, Deflate)})
	list, spa := Options{Listing: true}, Options{Listing: true, SPA: true}
	for _, test := range []struct {
		o            Options
		tree         *fakeTree
		target, want string
	}{
		// A folder with its own index.html.
		{list, site(), "/dir/?q=shoes", page},
		{list, site(), "/dir/?format=json", page},
		{list, site(), "/dir/?format=json&q=shoes", page},
		{list, site(), "/dir/?download=zip", page},
		{list, site(), "/?download=tar.gz", page},
		{list, site(), "/?download=nonsense", page},
		{list, site(), "/?asset=list.css", page},
		{list, site(), "/?q=shoes", page},
		{list, site(), "/dir/?lists", page},
		{list, site(), "/dir/?x=list", page},
		{list, site(), "/dir/?list", listing},
		{list, site(), "/dir/?list=", listing},
		{list, site(), "/dir/?list=here&sort=size", listing},
		{list, site(), "/dir/?x&list", listing},
		{list, site(), "/dir/?list&format=json", listing},
		{list, site(), "/dir/?list&q=shoes", search},
		{list, site(), "/dir/?q=shoes&list", search},
		{list, site(), "/?list&download=tar.gz", download},
		{list, site(), "/?download=tpi&list", download},
		{list, site(), "/?list&download=nonsense", bad},
		{list, site(), "/?list&download=", listing},
		{list, site(), "/?list&asset=list.css", asset},
		{list, site(), "/dir/?list&asset=list.css", listing},
		{list, site(), "/dir/?list&download=tpi", nothing},
		// A folder without.
		{list, site(), "/bare/?q=shoes", search},
		{list, site(), "/bare/?format=json", listing},
		{list, without("index.html"), "/?download=tar.gz", download},
		{list, without("index.html"), "/?download=nonsense", bad},
		{list, site(), "/bare/?download=nonsense", bad},
		{list, site(), "/bare/?download=tpi", nothing},
		{list, missing, "/bare/?q=shoes", search}, // 404.html is not its page
		{list, about, "/bare?q=shoes", page},
		// A file.
		{list, site(), "/a.html?q=shoes&format=json&download=zip", page},
		{list, site(), "/a.html?list", page},
		{list, site(), "/noext?list&download=zip", page},
		// What is not there.
		{list, site(), "/nothing/?list", nothing},
		{list, missing, "/nothing/?q=shoes", page},
		{list, missing, "/nothing/?download=zip", page},
		{list, missing, "/nothing/?list&download=nonsense", page},
		// An application's page stands for all folders without index.html.
		{spa, site(), "/bare/?q=shoes", page},
		{spa, site(), "/bare/?format=json", page},
		{spa, site(), "/bare/?download=zip", page},
		{spa, site(), "/route/?download=nonsense", page},
		{spa, site(), "/bare?q=shoes", page},
		{spa, site(), "/bare?download=zip", page},
		{spa, site(), "/bare/?list", listing},
		{spa, site(), "/bare/?list&q=shoes", search},
		{spa, site(), "/?list&download=zip", download},
		{spa, site(), "/?list&asset=list.css", asset},
		{spa, without("index.html"), "/bare/?q=shoes", search},
		{spa, without("index.html"), "/bare/", nothing},
		{spa, without("index.html"), "/?download=zip", download},
		// Without listings there are downloads, and the other way round.
		{Options{}, site(), "/dir/?list", page},
		{Options{}, site(), "/?list&download=zip", download},
		{Options{}, without("index.html"), "/?download=zip", download},
		{Options{}, without("index.html"), "/?q=shoes", nothing},
		{Options{}, missing, "/bare/?download=nonsense", page},
		{Options{NoDownload: true, Listing: true}, site(), "/?list&download=zip", nothing},
		{Options{NoDownload: true, Listing: true}, without("index.html"), "/?download=zip", nothing},
		{Options{NoDownload: true, Listing: true}, site(), "/dir/?list", listing},
		{Options{NoDownload: true}, site(), "/?list&download=zip", page},
	} {
		p := ask(t, planner(t, test.o), test.tree, "GET", test.target)
		got := p.Body.Kind
		is := ""
		switch l := p.Body.Listing; {
		case got == ListingBody && l.Asset != "":
			is = asset
		case got == ListingBody && queryValue(l.Query, "q") != "":
			is = search
		case got == ListingBody:
			is = listing
		case p.Status == 400:
			is = bad
		case header(p, "Content-Disposition") != "":
			is = download
		case got == ContentBody:
			is = page
		case p.Status == 404:
			is = nothing
		}
		if is != test.want {
			t.Errorf("%+v %s: %d, %q, want %q", test.o, test.target, p.Status, is, test.want)
		}
	}
}

// TestOwnPagesRedirect: a folder's own pages are at its name with a slash.
func TestOwnPagesRedirect(t *testing.T) {
	for target, want := range map[string]string{
		"/dir?list":                "./dir/?list",
		"/dir?list&download=zip":   "./dir/?list&download=zip",
		"/bare?q=shoes":            "./bare/?q=shoes",
		"/bare?download=zip":       "./bare/?download=zip",
		"/both?list":               "./both/?list", // although there is a page both.html
		"/both?q=shoes":            "",
		"/nothing?list":            "",
		"//bare?list&download=zip": "../bare/?list&download=zip",
	} {
		for _, o := range []Options{{Listing: true}, {Listing: true, SPA: true}} {
			if o.SPA && target[:5] == "/bare" {
				want = "" // the application's page
			}
			p := ask(t, planner(t, o), site(), "GET", target)
			if got := header(p, "Location"); got != want {
				t.Errorf("%+v %s: %d to %q, want %q", o, target, p.Status, got, want)
			}
		}
	}
	p := ask(t, planner(t, Options{}), site(), "GET", "/bare?list&download=zip")
	if got := header(p, "Location"); got != "./bare/?list&download=zip" {
		t.Errorf("without listings: %d to %q", p.Status, got)
	}
}
