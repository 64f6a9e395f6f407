package plan

import (
	"strings"
	"testing"
)

// FuzzPlan asks anything of a tree, and checks what must be true of every answer. Fields are lines
// of their own, bodies have the stated length and lie within the file, and nothing hidden or
// outside the tree is found. A query without the key list changes no answer that is a file.
func FuzzPlan(f *testing.F) {
	for _, s := range []string{
		"/a.html\x00gzip\x00bytes=0-4\x00\x00", "/dir?x=1\x00\x00\x00\x00",
		"//evil/%2e%2e\x00*;q=0\x00bytes=1-,2-\x00\"x\"\x00", "/%0d%0aX:y\x00identity;q=0\x00\x00*\x00",
		"/dir?\r\nX: y\x00gzip\x00\x00\x00", "/?download=tar.gz\x00\x00bytes=-5,-7\x00W/\"x\"\x00",
		"/dir/?q=shoes\x00\x00\x00\x00", "/?download=zip&format=json\x00\x00\x00\x00",
		"/bare/?download=rar\x00\x00\x00\x00", "/nothing/?q=x&asset=y\x00gzip\x00\x00\x00",
		"/?list&download=tpi\x00\x00bytes=1-2\x00\x00", "/bare?list=x&q\x00\x00\x00\x00",
		"/coded.html\x00gzip, br\x00\x00\"0123456789abcdef-br\"", "/coded\x00dcz\x00bytes=1-2\x00\x00",
		"/?list&dictionary=" + testDictionary.Name + "\x00br;q=0.1\x00\x00*",
		"http://h/big.json\x00gzip;q=0.5\x00bytes=9223372036854775807-\x00\x00",
	} {
		p := strings.SplitN(s, "\x00", 4)
		f.Add("GET", p[0], p[1], p[2], p[3])
	}
	tree := site()
	tree.nodes["404.html"] = file(404, 100, Deflate)
	tree.variants, tree.dictionaries = coded().variants, coded().dictionaries
	tree.nodes["coded.html"] = coded().nodes["a.html"]
	planners := []*Planner{
		planner(f, Options{CORS: []string{"https://a.example"}, SPA: true}),
		planner(f, Options{Listing: true}), planner(f, Options{Listing: true, SPA: true}),
		planner(f, Options{NoDownload: true}),
	}
	f.Fuzz(func(t *testing.T, method, target, accept, ranges, tags string) {
		r := Request{
			Method: method, Target: target, Now: modTime, AcceptEncoding: accept,
			HasAcceptEncoding: accept != "", Range: ranges,
			IfNoneMatch: tags, IfRange: tags, Origin: tags,
			AvailableDictionary: strings.TrimPrefix(available(testDictionary.SHA256),
				"Available-Dictionary: "),
		}
		for _, pl := range planners {
			p := new(Plan)
			if err := pl.Plan(&r, tree, p); err != nil {
				t.Fatal(err)
			}
			checkPlan(t, &r, p)
			path, query, _ := strings.Cut(target, "?")
			if hasKey(query, "list") {
				continue
			}
			plain, bare := r, new(Plan)
			plain.Target = path
			if err := pl.Plan(&plain, tree, bare); err != nil {
				t.Fatal(err)
			}
			if k := bare.Body.Kind; k != SpanBody && k != ContentBody && k != PartsBody &&
				k != VariantBody {
				continue
			}
			if bare.Status != p.Status || bare.Body.Kind != p.Body.Kind ||
				bare.Body.Node != p.Body.Node ||
				string(bare.AppendFields(nil)) != string(p.AppendFields(nil)) {
				t.Fatalf("%q: another answer than without its query: %d %s", target, p.Status,
					p.AppendFields(nil))
			}
		}
	})
}

// checkPlan checks what must be true of every answer.
func checkPlan(t *testing.T, r *Request, p *Plan) {
	t.Helper()
	target, ranges := r.Target, r.Range
	fields := string(p.AppendFields(nil))
	for line := range strings.SplitSeq(strings.TrimSuffix(fields, "\r\n"), "\r\n") {
		name, value, ok := strings.Cut(line, ": ")
		if !ok && fields != "" || strings.ContainsAny(name, " \t\r\n\x00") ||
			strings.ContainsAny(value, "\r\n\x00") {
			t.Fatalf("%q: the line %q", target, line)
		}
	}
	if loc := header(p, "Location"); strings.HasPrefix(loc, "//") ||
		strings.Contains(loc, "\\") || strings.Contains(strings.SplitN(loc, "?", 2)[0], ":") {
		t.Fatalf("%q: redirects to %q", target, loc)
	}
	b := &p.Body
	length := int64(len(b.Tail))
	for _, part := range b.Parts {
		length += int64(len(part.Head)) + part.Length
		if part.Offset < 0 || part.Length <= 0 || part.Offset > b.Node.Size-part.Length {
			t.Fatalf("%q: part %+v of %d bytes", ranges, part, b.Node.Size)
		}
	}
	switch b.Kind {
	case TextBody:
		length = int64(len(b.Text))
	case SpanBody, ContentBody:
		length = b.Length
		from, to := int64(0), b.Node.Size
		if b.Kind == SpanBody {
			from, to = b.Node.Offset, b.Node.Offset+b.Node.Length
		}
		if b.Offset < from || b.Length < 0 || b.Offset > to-b.Length {
			t.Fatalf("%q %q: %+v", target, ranges, b)
		}
	}
	if b.Kind == VariantBody {
		length = b.Length
	}
	if b.Kind == ListingBody {
		return // its length is known when it is rendered
	}
	if p.Status != 304 && p.Status != 204 && length != p.Length {
		t.Fatalf("%q %q: Content-Length %d, the body has %d", target, ranges, p.Length, length)
	}
	if b.Kind != NoBody && b.Kind != TextBody && p.Status != 200 && p.Status != 206 &&
		p.Status != 404 {
		t.Fatalf("%q: %d with content", target, p.Status)
	}
}
