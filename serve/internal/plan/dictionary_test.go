package plan

import (
	"net/url"
	"strings"
	"testing"
)

// TestLink: a page announces its dictionary to browsers that do not have it, and the reference
// leads to the folder where the archive is mounted.
func TestLink(t *testing.T) {
	const browser = "gzip, deflate, br, zstd"
	query := "?list&dictionary=" + testDictionary.Name
	tree := coded()
	for name, n := range coded().nodes {
		tree.nodes["docs/"+name] = n
	}
	tree.nodes["docs"] = Node{Kind: Dir}
	tree.nodes["sub/deep"], tree.nodes["sub/deep/a.html"] = Node{Kind: Dir}, tree.nodes["a.html"]
	for _, c := range []struct {
		root, target, accept, field, want string
	}{
		{"", "/a.html", browser, "", "/"},
		{"", "/a", browser, "", "/"},
		{"", "/", browser, "", "/"},
		{"", "/?q=x", browser, "", "/"},
		{"", "/sub/", browser, "", "/"},
		{"", "/sub/index.html", browser, "", "/"},
		{"", "/sub/deep/a.html", browser, "", "/"},
		{"", "/sub/../a.html", browser, "", "/"},
		{"", "/sub/%2e%2e/a.html", browser, "", ""},
		{"", "/docs/a.html", browser, "", "/"},
		{"docs", "/docs/a.html", browser, "", "/docs/"},
		{"docs", "/docs/", browser, "", "/docs/"},
		{"docs", "/docs/sub/", browser, "", "/docs/"},
		{"docs", "/docs/sub/index.html", browser, "", "/docs/"},
		{"", "http://h/sub/", browser, "", "/"},
		{"", "/a.html", "dcz", "", "/"},
		{"", "/a.html", browser + ", dcb, dcz", available(otherSum), "/"},
		{"", "/a.html", browser + ", dcb, dcz", available(testDictionary.SHA256), ""},
		{"", "/a.html", "gzip, deflate, br", "", ""},
		{"", "/a.html", "", "", ""},
		{"", "/a.html", browser, "If-None-Match: *", "/"},
		{"", "/a.html", "*;q=0, dcz", "", ""}, // 406
		{"", "/gz.html", browser, "", ""},
		{"", "/b.css", browser, "", ""},
		{"", "/nothing", browser, "", ""},
	} {
		tree.root = c.root
		fields := []string{"Accept-Encoding: " + c.accept}
		if c.field != "" {
			fields = append(fields, c.field)
		}
		for _, prefix := range []string{"", "/behind/proxy"} {
			p := ask(t, planner(t, Options{}), tree, "GET", c.target, fields...)
			link := header(p, "Link")
			if (link != "") != (c.want != "") {
				t.Errorf("%s %q: Link %q", c.target, fields, link)
				break
			}
			if c.want == "" {
				break
			}
			reference, ok := strings.CutSuffix(link, `>; rel="compression-dictionary"`)
			ref, err := url.Parse(strings.TrimPrefix(reference, "<"))
			if err != nil || !ok {
				t.Fatalf("%s: Link %q", c.target, link)
			}
			base, err := url.Parse(c.target)
			if err != nil {
				t.Fatal(err)
			}
			base.Path = prefix + base.Path
			if got := base.ResolveReference(ref).RequestURI(); got != prefix+c.want+query {
				t.Errorf("%s: Link %q leads to %s", prefix+c.target, link, got)
			}
		}
	}
}

// TestDictionary: a dictionary is answered where its archive is mounted, whatever other pages of
// tpk's own are turned off.
func TestDictionary(t *testing.T) {
	query := "?list&dictionary=" + testDictionary.Name
	const pages = `match="*", match-dest=("document" "frame" "iframe")`
	for _, c := range []struct {
		o                    Options
		root, target, accept string
		status               int
		encoding             Encoding
	}{
		{Options{}, "", "/" + query, "", 200, Identity},
		{Options{}, "", "/" + query, "gzip", 200, Gzip},
		{Options{}, "", "/" + query, "gzip, br", 200, Brotli},
		{Options{}, "", "/" + query, "br;q=0.5, gzip", 200, Gzip},
		{Options{}, "", "/" + query, "zstd, dcz", 200, Identity},
		{Options{}, "", "/" + query, "identity;q=0", 406, Identity},
		{Options{NoDownload: true}, "", "/" + query, "br", 200, Brotli},
		{Options{Listing: true, SPA: true}, "", "/" + query, "br", 200, Brotli},
		{Options{Listing: true}, "sub", "/sub/" + query, "br", 200, Brotli},
		{Options{}, "", "/sub/" + query, "br", 404, Brotli},
		{Options{}, "sub", "/" + query, "br", 200, Brotli}, // another archive's, the tree would know
		{Options{}, "", "/?list&dictionary=" + strings.Repeat("0", 64), "br", 404, Brotli},
		{Options{}, "", "/?list&dictionary=", "br", 200, Brotli},
		{Options{}, "", "/?dictionary=" + testDictionary.Name, "br", 200, Brotli},
		{Options{HideMore: []string{"*.map"}}, "", "/" + query, "br", 200, Brotli},
	} {
		tree := coded()
		tree.root = c.root
		p := ask(t, planner(t, c.o), tree, "GET", c.target, "Accept-Encoding: "+c.accept)
		if p.Status != c.status || p.Encoding != c.encoding {
			t.Errorf("%s %q: %d %v", c.target, c.accept, p.Status, p.Encoding)
		}
		is := strings.HasSuffix(c.target, query) && p.Status == 200 && c.o.HideMore == nil
		if is != (header(p, "Use-As-Dictionary") == pages) {
			t.Errorf("%s: Use-As-Dictionary %q", c.target, header(p, "Use-As-Dictionary"))
		}
		if is && (p.Body.Text != testDictionary.Forms[c.encoding] ||
			p.Length != int64(len(p.Body.Text)) || header(p, "Cache-Control") != Immutable ||
			header(p, "Vary") != "Accept-Encoding" || header(p, "Link") != "" ||
			header(p, "X-Content-Type-Options") != "nosniff" ||
			(header(p, "Repr-Digest") != "") != (c.encoding == Identity)) {
			t.Errorf("%s %q: %q\n%s", c.target, c.accept, p.Body.Text, p.AppendFields(nil))
		}
		if !is {
			continue
		}
		again := ask(t, planner(t, c.o), tree, "GET", c.target, "Accept-Encoding: "+c.accept,
			"If-None-Match: "+header(p, "ETag"))
		if again.Status != 304 || again.Sends() {
			t.Errorf("%s: %d again", c.target, again.Status)
		}
	}
}

// TestHiddenDictionary: what is hidden may be in a dictionary, so there is none if anything is.
// Other variants stay.
func TestHiddenDictionary(t *testing.T) {
	for _, o := range []Options{{Hide: []string{"private"}}, {HideMore: []string{"*.map"}}} {
		p := ask(t, planner(t, o), coded(), "GET", "/a.html",
			"Accept-Encoding: gzip, deflate, br, zstd, dcb, dcz", available(testDictionary.SHA256))
		if p.Encoding != Brotli || header(p, "Vary") != "Accept-Encoding" || header(p, "Link") != "" {
			t.Errorf("%+v: %v\n%s", o, p.Encoding, p.AppendFields(nil))
		}
	}
	p := ask(t, planner(t, Options{Hide: []string{}}), coded(), "GET", "/a.html",
		"Accept-Encoding: dcz", available(testDictionary.SHA256))
	if p.Encoding != DictionaryZstd {
		t.Errorf("nothing is hidden: %v", p.Encoding)
	}
}
