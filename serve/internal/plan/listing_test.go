package plan

import (
	"errors"
	"strings"
	"testing"
)

// TestListingPlans: which requests get a listing, and what it is to show.
func TestListingPlans(t *testing.T) {
	pl := planner(t, Options{Listing: true})
	view := func(path, query string) Listing {
		return Listing{View: true, Path: path, Query: query, Node: site().nodes[path]}
	}
	for _, test := range []struct {
		target, accept string
		want           Listing // none if the zero value
	}{
		{"/bare/", "", Listing{Path: "bare"}},
		{"/bare/?format=json", "text/html", Listing{Path: "bare", Query: "format=json", JSON: true}},
		{"/bare/", "application/json", Listing{Path: "bare", JSON: true}},
		{"/bare/", "application/json;q=0.5, text/html", Listing{Path: "bare"}},
		{"/bare/", "text/html;q=0.5, application/json", Listing{Path: "bare", JSON: true}},
		{"/bare/", "application/json, application/xhtml+xml", Listing{Path: "bare"}},
		{"/bare/", "application/json;q=x", Listing{Path: "bare"}},
		{"/bare/?format=html", "application/json", Listing{Path: "bare", Query: "format=html"}},
		{"/dir/", "", Listing{}}, // it has an index.html
		{"/dir/?list", "", Listing{Path: "dir", Query: "list"}},
		{"/dir/?list&q=x", "", Listing{Path: "dir", Query: "list&q=x"}},
		{"/?list&asset=list.css", "", Listing{Asset: "list.css"}},
		{"/nothing/?list", "", Listing{}},
		{"/a.html?list=view", "", view("a.html", "list=view")},
		{"/a.html?as=hex&list=view", "application/json", view("a.html", "as=hex&list=view")},
		{"/dir/index.html?list=view", "", view("dir/index.html", "list=view")},
		{"/a.html?list", "", Listing{}},
		{"/a.html?list=views", "", Listing{}},
		{"/a.html/?list=view", "", Listing{}},
		{"/nothing?list=view", "", Listing{}},
		{"/.git/config?list=view", "", Listing{}},
		{"/dev?list=view", "", Listing{}},
		{"/dir/?list=view", "", Listing{Path: "dir", Query: "list=view"}},
	} {
		p := ask(t, pl, site(), "GET", test.target, "Accept: "+test.accept)
		got := Listing{}
		if p.Body.Kind == ListingBody {
			got = *p.Body.Listing
		}
		if got != test.want {
			t.Errorf("%s, %q: %+v, want %+v", test.target, test.accept, got, test.want)
		}
	}
	if p := ask(t, planner(t, Options{}), site(), "GET", "/bare/?list"); p.Status != 404 {
		t.Errorf("without listings: %d", p.Status)
	}
	for _, o := range []Options{{}, {NoDownload: true}} {
		p := ask(t, planner(t, o), site(), "GET", "/a.html?list=view")
		if p.Status != 200 || p.Body.Kind == ListingBody {
			t.Errorf("%+v: a file's page without listings: %d", o, p.Status)
		}
	}
	for target, want := range map[string]string{
		"/a?list=view": "./a.html?list=view", "/a/?list=view": "../a?list=view",
		"/dir?list=view": "./dir/?list=view", "//a.html?list=view": "../a.html?list=view",
	} {
		p := ask(t, pl, site(), "GET", target)
		if got := header(p, "Location"); p.Status != 301 || got != want {
			t.Errorf("%s: %d to %q", target, p.Status, got)
		}
	}
}

// TestShow: a rendered listing has validators, and conditional requests are answered.
func TestShow(t *testing.T) {
	show := func(r Request, s Shown) *Plan {
		p := new(Plan)
		p.reset("")
		p.Show(&r, s)
		return p
	}
	page := Shown{Type: "text/html", Content: "<p>", Fields: "X-A: b\r\n"}
	p := show(Request{}, page)
	tag := header(p, "ETag")
	if p.Status != 200 || p.Length != 3 || p.Body.Text != "<p>" || header(p, "X-A") != "b" ||
		tag == "" ||
		header(p, "Vary") != "Accept-Encoding, Accept" || header(p, "Cache-Control") != "no-cache" {
		t.Errorf("%d %s", p.Status, p.AppendFields(nil))
	}
	if p := show(Request{IfNoneMatch: tag}, page); p.Status != 304 || p.Sends() {
		t.Errorf("If-None-Match: %d", p.Status)
	}
	if p := show(Request{IfMatch: `"other"`}, page); p.Status != 412 {
		t.Errorf("If-Match: %d", p.Status)
	}
	packed := show(Request{}, Shown{Type: "text/css", Content: "x", Gzip: true, Immutable: true})
	if header(packed, "Content-Encoding") != "gzip" || header(packed, "Cache-Control") != Immutable ||
		header(packed, "ETag") == tag || header(packed, "Vary") != "Accept-Encoding" {
		t.Errorf("%s", packed.AppendFields(nil))
	}
}

// TestConfiguredOnce: a field that the operator configures, too, is sent once, with the configured
// value. RFC 9110 §5.3 allows several lines only of fields that are lists.
func TestConfiguredOnce(t *testing.T) {
	p := new(Plan)
	p.reset("x-content-type-options: nosniff\r\nReferrer-Policy: no-referrer\r\n" +
		"Content-Security-Policy: sandbox\r\n")
	p.Show(&Request{}, Shown{Type: "text/html", Content: "x",
		Fields: "Content-Security-Policy: default-src 'none'\r\nReferrer-Policy: same-origin\r\n"})
	for name, want := range map[string]string{
		"X-Content-Type-Options":  "nosniff",
		"Referrer-Policy":         "no-referrer",
		"Content-Security-Policy": "default-src 'none', sandbox",
		"Vary":                    "Accept-Encoding, Accept",
	} {
		if got := header(p, name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	p.reset("")
	p.Show(&Request{}, Shown{Type: "text/html", Content: "x"})
	if got := header(p, "X-Content-Type-Options"); got != "nosniff" {
		t.Errorf("nothing configured: %q", got)
	}
}

// TestErrors: the answers to what could not be planned or shown.
func TestErrors(t *testing.T) {
	pl := planner(t, Options{Header: []Field{{Name: "X-A", Value: "b"}, {Name: "Server", Value: "c"}}})
	if !pl.NamesServer() || !pl.Downloads() || !pl.Hidden(".git/config") || pl.Hidden("a") {
		t.Error("the options are not seen")
	}
	for _, test := range []struct {
		status int
		make   func(p *Plan)
	}{
		{500, func(p *Plan) { p.Fail() }},
		{431, func(p *Plan) { pl.Reject(p, 431) }},
		{503, func(p *Plan) { pl.Unavailable(&Request{Method: "GET"}, p, 5) }},
		{404, func(p *Plan) { p.ShowNothing() }},
		{400, func(p *Plan) { p.ShowBad("no") }},
		{503, func(p *Plan) { p.ShowBusy("no") }},
		{503, func(p *Plan) { p.Show(&Request{Method: "GET"}, Shown{Busy: true, Content: "no"}) }},
		{500, func(p *Plan) {
			if err := pl.Plan(&Request{Method: "GET", Target: "/x"}, badTree{site()},
				p); !errors.Is(err, errTree) {
				t.Error(err)
			}
		}},
	} {
		p := ask(t, pl, site(), "GET", "/a.html") // what was planned before does not matter
		test.make(p)
		if p.Status != test.status || p.Body.Kind != TextBody ||
			p.Length != int64(len(p.Body.Text)) || header(p, "X-A") != "b" {
			t.Errorf("%d, want %d: %q %s", p.Status, test.status, p.Body.Text, p.AppendFields(nil))
		}
	}
	p := new(Plan)
	pl.Unavailable(&Request{Method: "HEAD"}, p, 5)
	if p.Sends() || header(p, "Retry-After") != "5" {
		t.Errorf("HEAD: %s", p.AppendFields(nil))
	}
}

var errTree = errors.New("the index can't be read")

// badTree is a Tree that fails.
type badTree struct{ *fakeTree }

func (badTree) Lookup(string) (Node, error) { return Node{}, errTree }

// TestForListings: what listings use of the planner's rules.
func TestForListings(t *testing.T) {
	for accept, want := range map[string]bool{"gzip": true, "": false, "gzip;q=0": false,
		"gzip;q=0.5, identity": false, "*": true} {
		if r := (&Request{AcceptEncoding: accept, HasAcceptEncoding: true}); r.AcceptsGzip() != want {
			t.Errorf("%q: not %t", accept, want)
		}
	}
	pl := planner(t, Options{})
	if got := pl.MediaType("a/b.HTML", &Node{UTF8: true}); got != "text/html; charset=utf-8" {
		t.Error(got)
	}
	if got := string(AppendHref(nil, "a b/ü?#%")); got != "a%20b/%C3%BC%3F%23%25" {
		t.Error(got)
	}
}

// TestLanguage: the client's weights decide, and among equal ones the client's order.
func TestLanguage(t *testing.T) {
	for accept, want := range map[string]string{
		"": "en", "de": "de", "DE-at": "de", "de-DE,de;q=0.9,en;q=0.8": "de", "en, de": "en",
		"de;q=0.5, en;q=0.6": "en", "fr, de;q=0.1": "de", "*": "en", "de;q=0": "en", "de;q=x": "en",
		"den": "en", "fr": "en", ",,;": "en", "de, en": "de", "fr, de;q=0.8, en;q=0.8": "de",
		"en-GB, de-DE": "en", "de;q=0.8, en": "en",
	} {
		if got := (&Request{AcceptLanguage: accept}).Language("en", "de"); got != want {
			t.Errorf("%q: %s, want %s", accept, got, want)
		}
	}
}

// TestMissingPage: which requests for what is not there get a page.
func TestMissingPage(t *testing.T) {
	pl := planner(t, Options{Listing: true})
	const browser = "text/html,application/xhtml+xml,*/*;q=0.8"
	for _, test := range []struct{ target, accept, path, root, near string }{
		{"/bare/no", browser, "bare/no", "../", "bare"},
		{"/bare/no/", browser, "bare/no", "../../", "bare"},
		{"/bare/no/no/no.html", browser, "bare/no/no/no.html", "../../../", "bare"},
		{"/bare" + strings.Repeat("/n", maxUp+1), browser, "bare" + strings.Repeat("/n", maxUp+1),
			strings.Repeat("../", maxUp+1), ""},
		{"/no", browser, "no", "./", ""}, {"/no//x", browser, "no/x", "../../", ""},
		{"/bare//x", browser, "bare/x", "../../", ""},
		{"/no%2fx", browser, "", "./", ""}, {"/no/?list&q=x", browser, "no", "../", ""},
		{"/.git/x", browser, "", "../", ""},
		{"/no", "*/*", "", "", ""}, {"/no", "", "", "", ""},
		{"/no", "application/json", "", "", ""},
		{"/no", "text/html;q=0", "", "", ""}, {"/a/%2e./no", browser, "", "", ""},
	} {
		tree := site()
		delete(tree.nodes, "404.html")
		p := ask(t, pl, tree, "GET", test.target, "Accept: "+test.accept)
		got := Listing{}
		if p.Body.Kind == ListingBody {
			got = *p.Body.Listing
		}
		want := Listing{Path: test.path, Root: test.root, Near: test.near, Missing: test.root != ""}
		if got != want || p.Status != 404 || !strings.Contains(header(p, "Vary"), "Accept") {
			t.Errorf("%s, %q: %d %+v, want %+v, %s", test.target, test.accept, p.Status, got, want,
				p.AppendFields(nil))
		}
	}
	p := new(Plan)
	p.reset("")
	p.Show(&Request{IfMatch: `"x"`}, Shown{Type: "text/html", Content: "<p>", Missing: true})
	if p.Status != 404 || header(p, "ETag") != "" || header(p, "Cache-Control") != "" ||
		p.Length != 3 || !p.Sends() {
		t.Errorf("%d %s", p.Status, p.AppendFields(nil))
	}
}
