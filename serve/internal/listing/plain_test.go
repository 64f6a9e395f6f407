package listing

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/tarpack/tpk/serve/internal/archives/browse"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar"
)

// hostile is a name that is markup, a reference with a scheme, and turns text around.
const hostile = "javascript:\"><script>alert('x')</script>&amp;\u202e\x01%2f"

// TestPlain: names are text, whatever is in them, and references lead to them alone.
func TestPlain(t *testing.T) {
	l := &browse.List{Title: hostile, Top: hostile, Total: 9, Downloads: true, Incomplete: true,
		Items: []browse.Item{
			{Path: hostile, Type: sidecar.TypeFile, Size: 12, ModTime: 86400},
			{Path: hostile, Type: sidecar.TypeDir, ModTime: plan.NoTime},
			{Path: "l", Type: sidecar.TypeSymlink, Link: hostile, ModTime: 0},
			{Path: "//host", Type: sidecar.TypeFile},
		}}
	for _, q := range []*request{
		{path: hostile, offset: 4, limit: 2, downloads: true},
		{path: hostile, query: hostile, search: true, order: browse.ByRank, limit: 500},
	} {
		b, fields, err := plain{}.list(nil, q, found{names: l})
		if err != nil || !strings.Contains(fields, "default-src 'none'") {
			t.Fatal(fields, err)
		}
		checkPlain(t, string(b))
	}
	q := &request{path: "a/b", offset: 4, limit: 2, downloads: true}
	b, _, _ := plain{}.list(nil, q, found{names: l})
	for _, want := range []string{
		`<title>/a/b · javascript:`, `<a href="../"><bdi>../</bdi></a>`,
		`<td align="right">12</td><td>1970-01-02 00:00</td>`, `→ <bdi>javascript:`,
		`<a href="./?list=here&amp;limit=2&amp;offset=2"><bdi>Previous</bdi></a>`,
		`<a href="./?list=here&amp;limit=2&amp;offset=8"><bdi>Next</bdi></a>`,
		`<a href="./?list&amp;download=zip"><bdi>.zip</bdi></a>`, `only some were looked at`,
		`<a href="./host"><bdi>host</bdi></a>`,
	} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in %s", want, b)
		}
	}
	b, _, _ = plain{}.list(nil, &request{limit: 500}, found{names: &browse.List{}})
	if !strings.Contains(string(b), "<p>Nothing here.</p>") || strings.Contains(string(b), ".zip") {
		t.Errorf("%s", b)
	}
	b, _, _ = plain{}.list(nil, &request{query: "a", search: true, limit: 500},
		found{names: &browse.List{Costly: true}})
	if !strings.Contains(string(b), "for too much") || strings.Contains(string(b), "Nothing") {
		t.Errorf("%s", b)
	}
}

// checkPlain parses a page. It has the elements of a list only, and references that are relative.
func checkPlain(t *testing.T, page string) {
	t.Helper()
	known := " html head meta title body h1 bdi p a form input button table tr th td "
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		kind := z.Next()
		if kind == html.ErrorToken {
			return
		}
		token := z.Token()
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			if strings.ContainsAny(token.Data, "\u202e\x01") {
				t.Errorf("%q", token.Data)
			}
			continue
		}
		if !strings.Contains(known, " "+token.Data+" ") {
			t.Errorf("an element %s in %s", token.Data, page)
		}
		for _, a := range token.Attr {
			switch {
			case a.Key == "href" || a.Key == "action":
				if !strings.HasPrefix(a.Val, "./") && !strings.HasPrefix(a.Val, "../") {
					t.Errorf("a reference to %q", a.Val)
				}
			case strings.HasPrefix(a.Key, "on") || a.Key == "style":
				t.Errorf("an attribute %s", a.Key)
			}
		}
	}
}

// TestPlainPages: what is not a list is not there.
func TestPlainPages(t *testing.T) {
	p := &plan.Plan{}
	l := NewPlain(nil)
	if err := l.html.missing(nil, p, ""); err != nil || p.Status != 404 {
		t.Error(p.Status, err)
	}
	if err := l.html.overview(l, nil, nil, p, nil); err != nil || p.Status != 400 {
		t.Error(p.Status, err)
	}
	p = &plan.Plan{}
	if err := l.html.readme(l, nil, nil, p, nil); err != nil || p.Status != 400 {
		t.Error(p.Status, err)
	}
}
