package plan

import (
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve/internal/siterules"
)

// fakeTree holds nodes by path. A link's target is its Name.
type fakeTree struct {
	nodes   map[string]Node
	root    string
	lookups int
	// variants are those of files by ModTime, which tells the files of a test apart.
	variants     map[int64]Variants
	dictionaries []*Dictionary
	direct       bool
	rules        *siterules.Site
}

func (t *fakeTree) Lookup(path string) (Node, error) {
	t.lookups++
	if path == "" {
		return Node{Kind: Dir}, nil
	}
	return t.nodes[path], nil
}
func (t *fakeTree) Link(n Node) (string, error) { return n.Name, nil }
func (t *fakeTree) GzipForm(n Node) (GzipForm, error) {
	return OneMember, nil
}
func (t *fakeTree) Variants(n Node) Variants { return t.variants[n.ModTime] }
func (t *fakeTree) Dictionary(path, name string) (*Dictionary, error) {
	for _, d := range t.dictionaries {
		if d.Name == name {
			return d, nil
		}
	}
	return nil, nil
}
func (t *fakeTree) HasLinks() bool {
	for _, n := range t.nodes {
		if n.Kind == Link {
			return true
		}
	}
	return false
}

// Direct: no node of the tests is below a link.
func (t *fakeTree) Direct(string) bool { return t.direct }
func (t *fakeTree) LinkAbove(path string) (string, error) {
	for path != "" {
		path = path[:max(strings.LastIndexByte(path, '/'), 0)]
		if n, ok := t.nodes[path]; ok {
			if n.Kind == Link {
				return path, nil
			}
			break
		}
	}
	return "", nil
}
func (t *fakeTree) Root(path string) string {
	if path == t.root || strings.HasPrefix(path, t.root+"/") {
		return t.root
	}
	return ""
}
func (t *fakeTree) Rules(path string, number int, now int64) (*siterules.Site, bool, error) {
	return t.rules, t.rules != nil && number == 0, nil
}
func (t *fakeTree) RulesOf(source, entry int, now int64) (*siterules.Site, string, error) {
	return t.rules, t.root, nil
}
func (t *fakeTree) Download(path, format, query string) (Node, error) {
	if path != "" {
		return Node{}, nil
	}
	return Node{Kind: Download, Name: "site." + format, Size: 5000, Hash: 0xabc,
		ModTime: 1700000000}, nil
}

const modTime = 1700000000 // Tue, 14 Nov 2023 22:13:20 GMT

func file(size, packed int64, c Coding) Node {
	return Node{Kind: File, Coding: c, Size: size, Length: packed, Offset: 1000,
		Hash: 0x0123456789abcdef, ModTime: modTime, UTF8: true}
}

// own returns n with content that is gzip.
func own(n Node) Node {
	n.Sniff, n.UTF8 = gzipType, false
	return n
}

// site is the tree of most tests.
func site() *fakeTree {
	deflate := file(10000, 2000, Deflate)
	return &fakeTree{nodes: map[string]Node{
		"index.html": deflate, "a.html": deflate, "b.css": deflate, "noext": {Kind: File,
			Coding: Deflate, Size: 10, Length: 30, Sniff: "text/html; charset=utf-8"},
		"latin.txt": {Kind: File, Coding: Deflate, Size: 10, Length: 30}, "pic.png": file(4000,
			4023, Stored), "film.mp4": file(1<<20, 1<<20+103, Stored),
		"big.json": file(5<<20, 1<<20, Segmented), "empty.txt": {Kind: File,
			Hash: 0xef46db3751d8e999, ModTime: modTime},
		"x.tar.gz": file(4000, 3000, Deflate), "x.tgz": file(4000, 3000,
			Deflate), "pic.svgz": own(file(4000, 4023, Stored)),
		"dir": {Kind: Dir}, "dir/index.html": deflate, "bare": {Kind: Dir}, "bare/x.js": deflate,
		"dev": {Kind: Other},
		"a:b": {Kind: Dir}, "a:b/index.html": deflate, "both": {Kind: Dir}, "both.html": deflate,
		".well-known":       {Kind: Dir},
		".well-known/x.txt": deflate, ".git": {Kind: Dir}, ".git/config": deflate,
		"a b%.txt": deflate, `back\slash`: deflate, "ü.txt": deflate,
		"old.txt": {Kind: File, Size: 3, Length: 26, Coding: Stored,
			Hash: 1}, "future.txt": {Kind: File, Size: 3, Length: 26, Coding: Stored, ModTime: 1 << 40},
		"code.ts": {Kind: File, Size: 9, Length: 26, Coding: Deflate,
			Sniff: "text/plain; charset=utf-8", UTF8: true},
		"SHOUT.HTML": deflate, "x.unknownext": deflate,
	}}
}

// ask plans one request. Headers are "Name: value" lines.
func ask(t *testing.T, pl *Planner, tree Tree, method, target string, headers ...string) *Plan {
	t.Helper()
	r := Request{Method: method, Target: target, Now: modTime + 1000}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ":")
		value = strings.TrimSpace(value)
		switch name {
		case "Accept":
			r.Accept = value
		case "Accept-Encoding":
			r.AcceptEncoding, r.HasAcceptEncoding = value, true
		case "Range":
			r.Range = value
		case "If-Range":
			r.IfRange = value
		case "If-Match":
			r.IfMatch = value
		case "If-None-Match":
			r.IfNoneMatch = value
		case "If-Modified-Since":
			r.IfModifiedSince = value
		case "If-Unmodified-Since":
			r.IfUnmodifiedSince = value
		case "Origin":
			r.Origin = value
		case "Available-Dictionary":
			r.AvailableDictionary = value
		case "Sec-Fetch-Site":
			r.FetchSite = value
		case "Sec-Fetch-Mode":
			r.FetchMode = value
		case "Access-Control-Request-Method":
			r.RequestMethod = value
		default:
			t.Fatalf("header %q", h)
		}
	}
	p := new(Plan)
	if err := pl.Plan(&r, tree, p); err != nil {
		t.Fatal(err)
	}
	return p
}

// header returns a field of the plan's response. Several are joined.
func header(p *Plan, name string) string {
	var values []string
	for line := range strings.SplitSeq(string(p.AppendFields(nil)), "\r\n") {
		if n, v, _ := strings.Cut(line, ": "); strings.EqualFold(n, name) {
			values = append(values, v)
		}
	}
	return strings.Join(values, ", ")
}

func planner(t testing.TB, o Options) *Planner {
	t.Helper()
	pl, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return pl
}
