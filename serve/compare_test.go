package serve_test

import (
	"encoding/json"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack"
)

// former and latter are two versions of a site.
var (
	former = files{
		"docs/guide.txt": "one\ntwo\nsize := 10\nfour\n", "docs/same.txt": "same",
		"docs/old.txt": "this has moved", "docs/gone/x.txt": "gone", "data.bin": "\x00\x01\x02",
		"latin.txt": "gr\xfc\xdfe\n", "wide.txt": "gr\xfc\xdfe\n", "link": "-> docs/guide.txt",
		"<b>&\"'.txt":  "<script>alert(1)</script>\nsame\n",
		".env":         "secret words",
		"no/kept.txt":  "secret words, one",
		"deep/a/b.txt": "1", "empty": "",
	}
	latter = files{
		"docs/guide.txt": "one\ntwo\nsize := 12\nfour\nfive\n", "docs/same.txt": "same",
		"docs/new.txt": "this has moved", "data.bin": "\x00\x01\x03\x04",
		"latin.txt": "gr\xfc\xdfen\n", "wide.txt": "grüße\n", "link": "-> docs/same.txt",
		"<b>&\"'.txt":  "<script>alert(2)</script>\nsame\n",
		".env":         "other secret words",
		"no/kept.txt":  "secret words, two",
		"deep/a/b.txt": "2", "empty": "", "no/fresh.txt": "secret words, three",
	}
)

// versions serves two versions, and more around them.
func versions(t *testing.T) (serve.Options, [2]string) {
	t.Helper()
	dir := t.TempDir()
	names := [2]string{filepath.Join(dir, "one.tar.gz"), filepath.Join(dir, "two.tar.gz")}
	former.pack(t, names[0])
	latter.pack(t, names[1])
	plain := filepath.Join(dir, "plain")
	files{"x.txt": "x"}.write(t, plain)
	more := files{"latest": "-> v", "v/docs/guide.txt": "one\n", "out": "-> .env",
		".env/x": "x"}.pack(t, filepath.Join(dir, "more.tar.gz"))
	o := listed(serve.Archive{Path: names[0], Mount: "/v1"},
		serve.Archive{Path: names[1], Mount: "/v2"}, serve.Archive{Path: plain, Mount: "/plain"},
		serve.Archive{Path: more, Mount: "/more"}, serve.Archive{Path: names[0], Mount: "/both"},
		serve.Archive{Path: names[1], Mount: "/both"},
		serve.Archive{Path: names[1], Mount: "/more/below/it"})
	o.HideMore = []string{"no/"}
	return o, names
}

// compared is what a comparison has in JSON.
type compared struct {
	Total   int
	Next    string
	Counts  map[string]struct{ Paths int }
	Entries []struct {
		Change, Path string
		What         []string
		MovedFrom    string `json:"moved_from"`
		MovedTo      string `json:"moved_to"`
	}
}

// TestCompareEqualsDiff: JSON has the lines of tarpack.Compare, but for what is hidden.
func TestCompareEqualsDiff(t *testing.T) {
	o, names := versions(t)
	var want, got []string
	var open [2]*tarpack.Archive
	for i, name := range names {
		a, err := tarpack.Open(t.Context(), name, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		open[i] = a
	}
	err := tarpack.Compare(t.Context(), open[0], open[1], func(d tarpack.Difference) error {
		if d.Path != ".env" && d.Path != "no" && !strings.HasPrefix(d.Path, "no/") {
			want = append(want, d.Kind.String()+" "+d.Path+" "+strings.Join(d.What, ","))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range clients(t, o) {
		got = nil
		for next := "?list=compare&with=/v2&limit=3&format=json"; next != ""; {
			var page compared
			getJSON(t, c, "/v1/"+next, &page)
			if len(page.Entries) > 3 {
				t.Errorf("%d entries", len(page.Entries))
			}
			for _, e := range page.Entries {
				got = append(got, e.Change+" "+e.Path+" "+strings.Join(e.What, ","))
				if e.Path == "docs/new.txt" && e.MovedFrom != "docs/old.txt" ||
					e.Path == "docs/old.txt" && e.MovedTo != "docs/new.txt" {
					t.Errorf("%+v", e)
				}
			}
			next = page.Next
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n%q, want\n%q", c.name, got, want)
		}
	}
}

// TestCompareFolders: any folder may be either side, and what the query asks for is heeded.
func TestCompareFolders(t *testing.T) {
	o, _ := versions(t)
	c := clients(t, o)[0]
	for target, want := range map[string]string{
		"/v1/docs/?list=compare&with=/v2/docs&format=json": "changed guide.txt, added new.txt, " +
			"removed old.txt, removed gone, removed gone/x.txt",
		"/v1/docs/?list=compare&with=/v2/docs&kind=moved&format=json":           "added new.txt",
		"/v1/docs/?list=compare&with=v2//docs/&kind=added&format=json":          "",
		"/v1/?list=compare&old=/v1/docs&with=/v2/docs&kind=changed&format=json": "changed guide.txt",
		"/v1/docs/gone/?list=compare&with=/v2/deep&kind=all&format=json": "added a, added a/b.txt, " +
			"removed x.txt",
		"/v1/?list=compare&with=/v1&format=json":                                 "",
		"/more/latest/?list=compare&with=/more/v&format=json":                    "",
		"/v2/docs/?list=compare&with=/more/latest/docs&kind=changed&format=json": "changed guide.txt",
	} {
		var page compared
		getJSON(t, c, target, &page)
		var got []string
		for _, e := range page.Entries {
			got = append(got, e.Change+" "+e.Path)
		}
		slices.Sort(got)
		wanted := strings.Split(want, ", ")
		if slices.Sort(wanted); want == "" {
			wanted = nil
		}
		if !slices.Equal(got, wanted) {
			t.Errorf("%s: %q, want %q", target, got, want)
		}
	}
}

// TestCompareRefused: what can't be compared is refused, and bad queries are errors.
func TestCompareRefused(t *testing.T) {
	o, _ := versions(t)
	for _, c := range clients(t, o) {
		for target, want := range map[string]int{
			"/v1/?list=compare": 200, "/?list=compare": 200, "/v1?list=compare&with=/v2": 301,
			"/v1/?list=compare&with=/v2": 200, "/v1/?list=compare&with=/v3": 404,
			"/v1/?list=compare&with=/v2/.env": 404, "/v1/?list=compare&with=/v2/no": 404,
			"/v1/?list=compare&with=/v2/docs/guide.txt": 404, "/v1/?list=compare&with=/plain": 404,
			"/v1/?list=compare&with=/both": 404, "/v1/?list=compare&with=/more": 404,
			"/v1/?list=compare&with=/more/out": 404, "/v1/?list=compare&with=/": 404,
			"/v1/?list=compare&with=/v2/..": 404, "/v1/?list=compare&old=/v9&with=/v2": 404,
			"/v1/?list=compare&with=/plain&format=json": 400,
			"/v1/?list=compare&format=json":             400,
			"/v1/?list=compare&with=/v2&kind=x":         400, "/v1/?list=compare&with=/v2&offset=-1": 400,
			"/v1/?list=compare&with=/v2&limit=0": 400, "/v1/?list=compare&with=/v2&context=x": 400,
			"/v1/?list=compare&with=/v2&%zz": 400, "/v1/?list=compare&with=/v2&offset=99": 200,
			"/v1/?list=compare&with=/v2&file=docs/guide.txt": 200,
			"/v1/?list=compare&with=/v2&file=docs/old.txt":   200,
			"/v1/?list=compare&with=/v2&file=docs/same.txt":  200,
			"/v1/?list=compare&with=/v2&file=.env":           404,
			"/v1/?list=compare&with=/v2&file=no/kept.txt":    404,
			"/v1/?list=compare&with=/v2&file=no/fresh.txt":   404,
			"/v1/?list=compare&with=/v2&file=nothing":        404,
			"/v1/?list=compare&with=/v2&file=../v2/.env":     404,
		} {
			resp, body := c.do(t, "GET", target)
			if resp.StatusCode != want {
				t.Errorf("%s: %s: %d, want %d", c.name, target, resp.StatusCode, want)
			}
			if strings.Contains(body, "secret") || strings.Contains(body, "kept.txt") &&
				!strings.Contains(target, "kept.txt") || strings.Contains(body, "fresh.txt") {
				t.Errorf("%s shows what is hidden", target)
			}
			for _, word := range []string{"<script>", "<b>&", "\"'.txt\""} {
				if strings.Contains(body, word) {
					t.Errorf("%s has %q of a name or a content", target, word)
				}
			}
			if want == 200 && !strings.HasSuffix(target, "json") {
				viewHeaders(t, c, target, "Suchen")
			}
		}
	}
}

// TestCompareText: the lines of a file, whatever its encoding is.
func TestCompareText(t *testing.T) {
	o, _ := versions(t)
	o.Archives = o.Archives[:2]
	c := clients(t, o)[0]
	for file, words := range map[string][]string{
		"docs/guide.txt": {`<del data-n="3">size := <mark>10</mark></del>`,
			`<ins data-n="3">size := <mark>12</mark></ins>`, `<ins data-n="5">five</ins>`},
		"latin.txt":       {`<del data-n="1">`, "grüßen", "Windows-1252"},
		"wide.txt":        {"Windows-1252", "The text is the same"},
		"data.bin":        {"not text", "3 bytes", "4 bytes", "xxHash64"},
		"link":            {"docs/guide.txt", "docs/same.txt"},
		"docs/new.txt":    {"/v1/docs/old.txt", "/v2/docs/new.txt", "The content is the same"},
		"docs/old.txt":    {"/v1/docs/old.txt", "/v2/docs/new.txt"},
		"docs/gone/x.txt": {`<del data-n="1">gone</del>`},
		"<b>&\"'.txt":     {"&lt;script&gt;alert"},
		"empty":           {"is the same in both"},
	} {
		_, body := c.do(t, "GET", "/v1/?list=compare&with=/v2&file="+url.QueryEscape(file))
		for _, word := range words {
			if !strings.Contains(body, word) {
				t.Errorf("%s has no %q: %s", file, word, body[strings.Index(body, "<main"):])
			}
		}
		_, body = c.do(t, "GET", "/v1/?list=compare&with=/v2&format=json&file="+
			url.QueryEscape(file))
		var j struct {
			Change string
			Edits  []struct{ Old, New [2]int }
		}
		if err := json.Unmarshal([]byte(body), &j); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if file == "docs/guide.txt" && (j.Change != "changed" || len(j.Edits) != 2 ||
			j.Edits[1].New != [2]int{5, 1} || j.Edits[1].Old != [2]int{5, 0}) {
			t.Errorf("%+v", j)
		}
	}
}

// TestCompareLimits: long lists and long texts come in parts, and texts that are too long do not
// come at all.
func TestCompareLimits(t *testing.T) {
	dir := t.TempDir()
	lines := func(n int, line string) string { return strings.Repeat(line+"\n", n) }
	old := files{"long.txt": lines(5000, "a"), "large.txt": strings.Repeat("x ", 1<<20),
		"lines.txt": lines(200_000, "")}
	now := files{"long.txt": lines(5000, "b"), "large.txt": strings.Repeat("y ", 1<<20),
		"lines.txt": lines(200_001, "")}
	for i := range 450 {
		now["many/n"+strings.Repeat("x", i%30)+strings.Repeat("y", i/30)] = "1"
	}
	c := clients(t, listed(
		serve.Archive{Path: old.pack(t, filepath.Join(dir, "1.tar.gz")), Mount: "/1"},
		serve.Archive{Path: now.pack(t, filepath.Join(dir, "2.tar.gz")), Mount: "/2"}))[0]
	for target, want := range map[string]string{
		"/1/?list=compare&with=/2":                           "Page 1 of 3",
		"/1/?list=compare&with=/2&offset=400":                "Page 3 of 3",
		"/1/?list=compare&with=/2&file=long.txt":             "Page 1 of 3",
		"/1/?list=compare&with=/2&file=long.txt&offset=4000": "Page 3 of 3",
		"/1/?list=compare&with=/2&file=large.txt":            "Files of more than 1.0 MB",
		"/1/?list=compare&with=/2&file=lines.txt":            "Files of more than 1.0 MB",
	} {
		_, body := c.do(t, "GET", target)
		if !strings.Contains(body, want) || strings.Count(body, "<li class=") > 200 ||
			strings.Count(body, "<del") > 2000 {
			t.Errorf("%s: %d bytes without %q", target, len(body), want)
		}
	}
}
