package plan

import (
	"testing"

	"github.com/tarpack/tpk/serve/internal/siterules"
)

// TestRules checks what the planner decides about rules. Package siterules checks the lines
// themselves.
func TestRules(t *testing.T) {
	rules, problems := siterules.Parse([]byte(`/a.html /b.css 302
/forced.html /b.css 302!
/bare/ /a.html 303
/none/x /.git/config 200
/none/links /_headers 200
/none/:x /dir/:x 200
/q f=:f /dir/:f 200
/r f=:f /to/:f 302
/same/* 200
/secret/* 410!
`), []byte("/*\n X-A: b"), siterules.Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	tree := site()
	tree.rules = rules
	tree.nodes["forced.html"], tree.nodes["_headers"] = tree.nodes["a.html"], tree.nodes["a.html"]
	tree.nodes["secret/x"] = tree.nodes["a.html"]
	for _, x := range []struct {
		target   string
		status   int
		location string
		options  Options
	}{
		{"/a.html", 200, "", Options{}}, // the file wins
		{"/a", 200, "", Options{}},      // so does what it stands for
		{"/forced.html", 302, "./b.css", Options{}},
		{"/forced.html?list=view", 200, "", Options{Listing: true}},
		{"/bare/", 303, "../a.html", Options{Listing: true}},
		{"/bare", 303, "./a.html", Options{Listing: true}},
		{"/bare/?list", 200, "", Options{Listing: true}},
		{"/none/x", 404, "", Options{}},
		{"/none/x", 200, "", Options{Hide: []string{}}},
		{"/none/links", 404, "", Options{}},
		{"/none/index.html", 200, "", Options{}},
		{"/none/y", 404, "", Options{SPA: true}},
		{"/unknown", 200, "", Options{SPA: true}},
		{"/q?f=index.html", 200, "", Options{}},
		{"/q?f=..%2Fa.html", 404, "", Options{}},
		{"/q?f=%2F.%2Findex.html", 404, "", Options{}},
		{"/r?f=..%2Fa", 302, "./to/..%2Fa", Options{}},
		{"/x/%2e%2e/r?f=a", 404, "", Options{}}, // clients resolve ./ in different ways
		{"/x/%2e%2e/secret/x", 410, "", Options{}},
		{"/same/x", 404, "", Options{SPA: true}},
		{"//r?f=a", 302, "../to/a", Options{}},
		{"/_headers", 404, "", Options{}},
		{"/_redirects", 404, "", Options{}},
		{"/dir/_headers", 404, "", Options{}},
	} {
		pl, err := New(x.options)
		if err != nil {
			t.Fatal(err)
		}
		p := ask(t, pl, tree, "GET", x.target)
		if p.Body.Kind == ListingBody {
			p.Status = 200
		}
		if p.Status != x.status || header(p, "Location") != x.location {
			t.Errorf("%s, %+v: %d, %q", x.target, x.options, p.Status, header(p, "Location"))
		}
	}
}

// TestRulesAllocate: an answer with rules allocates nothing once its Plan was used.
func TestRulesAllocate(t *testing.T) {
	rules, _ := siterules.Parse([]byte("/old/* /new/:splat 307!"),
		[]byte("/*\n X-A: b\n Cache-Control: c\n/a.html\n X-B: d"), siterules.Options{})
	tree := site()
	tree.rules = rules
	pl, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := Request{Method: "GET", Target: "/a.html", Now: modTime}
	var p Plan
	var out []byte
	if n := testing.AllocsPerRun(100, func() {
		if err := pl.Plan(&r, tree, &p); err != nil || p.Status != 200 {
			t.Error(p.Status, err)
		}
		out = p.AppendFields(out[:0])
	}); n > 0 {
		t.Error(n)
	}
}
