package plan

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
)

// testDictionary is a dictionary for pages. otherSum is the SHA-256 of another one.
var (
	testDictionary = func() *Dictionary {
		d := &Dictionary{SHA256: sha256.Sum256([]byte("words")), HTML: true}
		d.Name = hex.EncodeToString(d.SHA256[:])
		d.Forms[Identity], d.Forms[Brotli] = strings.Repeat("words", 100), "short words"
		d.Forms[Gzip] = "not so short words"
		return d
	}()
	otherSum = sha256.Sum256([]byte("other words"))
)

// available returns an Available-Dictionary.
func available(sum [32]byte) string {
	return "Available-Dictionary: :" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

// tagDictionary is the entity-tag of the page in DictionaryZstd.
var tagDictionary = `"0123456789abcdef-dcz-` + testDictionary.Name[:16] + `"`

// coded is a tree with a page that has all variants, and files with some.
func coded() *fakeTree {
	page := file(10000, 2000, Deflate)
	with := func(n Node, time int64) Node { n.ModTime = modTime - time; return n }
	all := Variants{Dictionary: testDictionary}
	all.By[Brotli] = Variant{Offset: 5000, Length: 1500, Sum: 1}
	all.By[Zstd] = Variant{Offset: 7000, Length: 1600, Sum: 2}
	all.By[DictionaryZstd] = Variant{Offset: 9000, Length: 700, Sum: 3}
	brotli, zstd := Variants{}, Variants{}
	brotli.By[Brotli], zstd.By[Zstd] = all.By[Brotli], Variant{Offset: 7000, Length: 1400}
	both := brotli
	both.By[Zstd] = zstd.By[Zstd]
	tree := &fakeTree{
		nodes: map[string]Node{
			"index.html": with(page, 1), "a.html": with(page, 1), "sub": {Kind: Dir},
			"sub/index.html": with(page, 1), "404.html": with(page, 1),
			"b.css": with(page, 2), "c.js": with(page, 3), "both.css": with(page, 4),
			"gz.html": page, "stored.bin": with(file(10000, 10023, Stored), 2),
			"x.tgz": with(own(page), 1), "pic.svgz": with(own(page), 1),
			"empty.txt": {Kind: File, Hash: 1, ModTime: modTime - 1},
		},
		variants: map[int64]Variants{
			modTime - 1: all, modTime - 2: brotli, modTime - 3: zstd, modTime - 4: both,
		},
		dictionaries: []*Dictionary{testDictionary},
	}
	return tree
}

func TestEncodings(t *testing.T) {
	has, other := available(testDictionary.SHA256), available(otherSum)
	const browser = "gzip, deflate, br, zstd"
	for _, c := range []struct {
		path, accept string
		fields       string // further ones, with | between them
		want         string // the encoding, or a status
		length       int64
	}{
		// Among equals the shortest wins.
		{"/a.html", browser, "", "br", 1500},
		{"/b.css", browser, "", "br", 1500},
		{"/c.js", browser, "", "zstd", 1400},
		{"/both.css", browser, "", "zstd", 1400},
		{"/gz.html", browser, "", "gzip", 2000},
		{"/stored.bin", browser, "", "br", 1500},
		{"/stored.bin", "gzip", "", "identity", 10000},
		{"/stored.bin", "gzip, br;q=0.5, identity;q=0.7", "", "identity", 10000},
		// What browsers and others send.
		{"/a.html", "gzip", "", "gzip", 2000},
		{"/a.html", "gzip, deflate", "", "gzip", 2000},
		{"/a.html", "gzip, deflate, br", "", "br", 1500},
		{"/a.html", "deflate, gzip, br, zstd", "", "br", 1500},
		{"/a.html", "gzip, deflate, br, zstd, dcb, dcz", has, "dcz", 700},
		{"/a.html", "dcz, gzip, br", has, "dcz", 700},
		{"/a.html", "", "", "identity", 10000},
		{"/a.html", "br", "", "br", 1500},
		{"/c.js", "br", "", "identity", 10000},
		{"/a.html", "BR", "", "br", 1500},
		// Weights.
		{"/a.html", "gzip, br;q=0.9", "", "gzip", 2000},
		{"/a.html", "gzip;q=0.8, br;q=0.9, zstd;q=0.95", "", "zstd", 1600},
		{"/a.html", "gzip;q=0.8, br;q=0, zstd;q=0.8", "", "zstd", 1600},
		{"/a.html", "br;q=0.001", "", "br", 1500},
		{"/a.html", "br;q=0.5, identity", "", "identity", 10000},
		{"/a.html", "br;q=0.5, identity;q=0.5", "", "br", 1500},
		{"/a.html", "br;q=0", "", "identity", 10000},
		{"/a.html", "*", "", "br", 1500},
		{"/a.html", "*;q=0.5, br;q=0", "", "zstd", 1600},
		{"/a.html", "gzip, *;q=0", "", "gzip", 2000},
		{"/a.html", "*;q=0, br", "", "br", 1500},
		{"/c.js", "*;q=0, br", "", "406", 0},
		{"/a.html", "br;q=x, zstd;q=2, gzip;q=0.1", "", "gzip", 2000},
		{"/a.html", "brotli, zst, dcb", "", "identity", 10000},
		// Dictionaries.
		{"/a.html", "br, dcz", "", "br", 1500},
		{"/a.html", "br, dcz", other, "br", 1500},
		{"/a.html", "br", has, "br", 1500},
		{"/a.html", "br, dcz;q=0.9", has, "br", 1500},
		{"/a.html", "br, dcz;q=0", has, "br", 1500},
		{"/a.html", "*", has, "dcz", 700},
		{"/b.css", "br, dcz", has, "br", 1500},
		// What a context can't read is not compressed with a dictionary (RFC 9842 §9.3.3).
		{"/a.html", "br, dcz", has + "|Sec-Fetch-Site: same-origin|Sec-Fetch-Mode: no-cors", "dcz", 700},
		{"/a.html", "br, dcz", has + "|Sec-Fetch-Site: cross-site", "dcz", 700},
		{"/a.html", "br, dcz", has + "|Sec-Fetch-Site: none|Sec-Fetch-Mode: navigate", "dcz", 700},
		{"/a.html", "br, dcz", has + "|Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: navigate", "dcz", 700},
		{"/a.html", "br, dcz", has + "|Sec-Fetch-Site: none|Sec-Fetch-Mode: same-origin", "dcz", 700},
		{"/a.html", "br, dcz", has + "|Sec-Fetch-Site: same-site|Sec-Fetch-Mode: no-cors", "br", 1500},
		{"/a.html", "br, dcz", has + "|Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: cors", "br", 1500},
		{"/a.html", "br, dcz", has + "|Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: cors|" +
			"Origin: https://b.example", "br", 1500},
		{"/a.html", "br, dcz", has + "|Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: cors|" +
			"Origin: https://a.example", "dcz", 700},
		{"/a.html", "br, dcz", has + "|Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: websocket|" +
			"Origin: https://a.example", "br", 1500},
		// Ranges are those of identity.
		{"/a.html", "br, dcz", has + "|Range: bytes=0-4", "identity", 5},
		{"/a.html", "br", "Range: bytes=5-9|If-Range: " + tagPlain, "identity", 5},
		{"/a.html", "br", `Range: bytes=5-9|If-Range: "0123456789abcdef-br"`, "br", 1500},
		{"/a.html", "br, identity;q=0", "Range: bytes=0-4", "br", 1500},
		{"/a.html", "br", "Range: bytes=20000-", "416", 0},
		// Content that is gzip itself, and an empty one.
		{"/x.tgz", browser, "", "identity", 10000},
		{"/pic.svgz", browser, "", "gzip", 10000},
		{"/empty.txt", browser, "", "identity", 0},
		{"/nothing", browser, "", "br", 1500}, // 404.html
	} {
		fields := []string{"Accept-Encoding: " + c.accept}
		if c.fields != "" {
			fields = append(fields, strings.Split(c.fields, "|")...)
		}
		tree := coded()
		p := ask(t, planner(t, Options{CORS: []string{"https://a.example"}}), tree, "GET", c.path,
			fields...)
		got := p.Encoding.String()
		if p.Status >= 400 && p.Status != 404 {
			got = p.Body.Text[:3]
		}
		if got != c.want || got[0] > '9' && p.Length != c.length {
			t.Errorf("%s %q: %s, %d bytes, want %s, %d", c.path, fields, got, p.Length, c.want, c.length)
			continue
		}
		if want := strings.TrimPrefix(c.want, "identity"); got[0] > '9' &&
			header(p, "Content-Encoding") != want {
			t.Errorf("%s %q: Content-Encoding %q", c.path, fields, header(p, "Content-Encoding"))
		}
		checkVariant(t, tree, p)
	}
}

// checkVariant checks the body of an answer that is a variant, and the entity-tag.
func checkVariant(t *testing.T, tree *fakeTree, p *Plan) {
	t.Helper()
	v := tree.variants[p.Body.Node.ModTime].By[p.Encoding]
	isVariant := p.Encoding >= Brotli
	if isVariant != (p.Body.Kind == VariantBody) {
		t.Errorf("%v: body %+v", p.Encoding, p.Body)
	}
	if b := p.Body; isVariant && (b.Offset != v.Offset || b.Length != v.Length || b.Sum != v.Sum) {
		t.Errorf("%v: body %+v, variant %+v", p.Encoding, b, v)
	}
	if isVariant && (p.Status != 200 && p.Status != 404 || p.rangeSize >= 0 ||
		header(p, "Repr-Digest") != "") {
		t.Errorf("%v: %d %s", p.Encoding, p.Status, p.AppendFields(nil))
	}
}

// TestEncodingTags: each encoding has its own entity-tag, and conditions are about that of the one
// that would be sent.
func TestEncodingTags(t *testing.T) {
	has := available(testDictionary.SHA256)
	encodings := map[string][]string{ // fields by tag
		tagPlain:                 {"Accept-Encoding: identity"},
		tagGzip:                  {"Accept-Encoding: gzip"},
		`"0123456789abcdef-br"`:  {"Accept-Encoding: br"},
		`"0123456789abcdef-zst"`: {"Accept-Encoding: zstd"},
		tagDictionary:            {"Accept-Encoding: dcz", has},
	}
	const vary = "Accept-Encoding, Available-Dictionary"
	pl := planner(t, Options{})
	for tag, fields := range encodings {
		for sent := range encodings {
			for _, method := range []string{"GET", "HEAD"} {
				none := ask(t, pl, coded(), method, "/a.html", append(slices.Clone(fields),
					"If-None-Match: "+sent)...)
				match := ask(t, pl, coded(), method, "/a.html", append(slices.Clone(fields),
					"If-Match: "+sent)...)
				noneStatus, matchStatus := 200, 412
				if sent == tag {
					noneStatus, matchStatus = 304, 200
				}
				if none.Status != noneStatus || header(none, "ETag") != tag || header(none, "Vary") != vary {
					t.Errorf("%s %s If-None-Match %s: %d\n%s", method, fields, sent, none.Status,
						none.AppendFields(nil))
				}
				if none.Status == 304 && (header(none, "Content-Encoding") != "" || none.Sends()) {
					t.Errorf("%s: the 304 has %s", fields, none.AppendFields(nil))
				}
				if match.Status != matchStatus || header(match, "Vary") != vary {
					t.Errorf("%s %s If-Match %s: %d\n%s", method, fields, sent, match.Status,
						match.AppendFields(nil))
				}
				if method == "HEAD" && (match.Sends() || none.Sends()) {
					t.Errorf("%s: HEAD has content", fields)
				}
			}
		}
	}
}

// TestVary: an answer depends on the dictionary of a client only if its content has a variant with
// one. Content without variants is answered as if there were none.
func TestVary(t *testing.T) {
	for path, want := range map[string]string{
		"/a.html": "Accept-Encoding, Available-Dictionary", "/b.css": "Accept-Encoding",
		"/gz.html": "Accept-Encoding", "/x.tgz": "Accept-Encoding",
	} {
		for _, accept := range []string{"", "gzip", "br", "dcz", "*;q=0", "gzip;q=0.5"} {
			p := ask(t, planner(t, Options{}), coded(), "GET", path, "Accept-Encoding: "+accept)
			if header(p, "Vary") != want {
				t.Errorf("%s, %q: Vary %q", path, accept, header(p, "Vary"))
			}
		}
	}
}

// TestIdentityVariants: what is to be sent as it is has no other encoding, unless the client
// refuses identity.
func TestIdentityVariants(t *testing.T) {
	pl := planner(t, Options{Identity: []string{"*.html"}})
	for accept, want := range map[string]Encoding{
		"gzip, br": Identity, "br, identity;q=0": Brotli, "br;q=1, *;q=0": Brotli,
	} {
		if p := ask(t, pl, coded(), "GET", "/a.html", "Accept-Encoding: "+accept); p.Encoding != want {
			t.Errorf("%q: %v", accept, p.Encoding)
		}
	}
}

// TestAvailableDictionary: only a byte sequence of 32 bytes counts.
func TestAvailableDictionary(t *testing.T) {
	sum := testDictionary.SHA256
	good := base64.StdEncoding.EncodeToString(sum[:])
	raw := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	for value, want := range map[string][32]byte{
		":" + good + ":": sum, " :" + good + ":\t": sum, ":" + good + ":;x=1": sum,
		"": {}, good: {}, ":" + good: {}, good + ":": {}, "::": {}, ":" + good + ":x": {},
		":" + good + ":, :" + good + ":": {}, "\"" + good + "\"": {},
		":" + raw(31) + ":": {}, ":" + raw(33) + ":": {}, ":*" + good[1:] + ":": {},
		":" + strings.Repeat("=", 44) + ":": {}, ":" + good[:43] + "\n:": {},
		":" + good[:40] + "====:": {},
	} {
		if got := availableDictionary(value); got != want {
			t.Errorf("%q: %x", value, got)
		}
	}
}

// FuzzEncodings compares the choice of an encoding with a slow one.
func FuzzEncodings(f *testing.F) {
	for _, accept := range []string{
		"gzip, deflate, br, zstd, dcb, dcz", "br;q=0.5, *", "*;q=0, dcz;q=0.3", "identity;q=0, zstd",
		"gzip;q=1.0;x, , ;q=1, x-gzip;q=0.3", "br;q=0.9,br", "identity, identity;q=0",
	} {
		f.Add(accept, uint16(2000), uint16(1500), uint16(1500), uint16(700), byte(0))
		f.Add(accept, uint16(900), uint16(0), uint16(1000), uint16(0), byte(3))
	}
	f.Fuzz(func(t *testing.T, accept string, gzip, br, zst, dcz uint16, kind byte) {
		lengths := [Encodings]int64{10000, int64(gzip) + 1, int64(br), int64(zst), int64(dcz)}
		coding := []Coding{Deflate, Stored, Segmented}[kind%3]
		if coding == Stored {
			lengths[Gzip] = 10023
		}
		n := file(10000, lengths[Gzip], coding)
		v := Variants{Dictionary: testDictionary}
		for e := Brotli; e < Encodings; e++ {
			v.By[e].Length = lengths[e]
		}
		tree := &fakeTree{nodes: map[string]Node{"f": n}, variants: map[int64]Variants{modTime: v}}
		r := Request{Method: "GET", Target: "/f", AcceptEncoding: accept, HasAcceptEncoding: true,
			Now: modTime, AvailableDictionary: strings.TrimPrefix(available(testDictionary.SHA256),
				"Available-Dictionary: ")}
		p := new(Plan)
		if err := planner(t, Options{}).Plan(&r, tree, p); err != nil {
			t.Fatal(err)
		}
		checkPlan(t, &r, p)
		want, ok := slowChoice(accept, lengths, n.Coding == Stored)
		if ok != (p.Status == 200) || ok && want != p.Encoding {
			t.Fatalf("%q, lengths %v: %d %v, want %v %v", accept, lengths, p.Status, p.Encoding, ok, want)
		}
	})
}

// slowChoice chooses an encoding by RFC 9110 §12.5.3: it asks for the weight of each, and sorts
// those that are left. Encodings that have the same weight are sorted by length, with identity
// last. A member of stored blocks is sent only to a client that refuses identity.
func slowChoice(accept string, lengths [Encodings]int64, stored bool) (Encoding, bool) {
	weight := func(e Encoding) int {
		q, rest := -1, -1
		for element := range strings.SplitSeq(accept, ",") {
			name, params, _ := strings.Cut(element, ";")
			w, ok := qvalue(params)
			name = strings.ToLower(strings.Trim(name, " \t"))
			switch {
			case !ok:
			case name == "*":
				rest = w
			case name == e.String() && e == Identity:
				q = w
			case name == e.String() || e == Gzip && name == "x-gzip":
				q = max(q, w)
			}
		}
		switch {
		case q >= 0:
			return q
		case rest >= 0:
			return rest
		case e == Identity:
			return 1
		}
		return 0
	}
	var choices []Encoding
	for e := range Encodings {
		if lengths[e] == 0 || weight(e) == 0 || e == Gzip && stored && weight(Identity) > 0 {
			continue
		}
		choices = append(choices, e)
	}
	slices.SortStableFunc(choices, func(a, b Encoding) int {
		switch {
		case weight(a) != weight(b):
			return weight(b) - weight(a)
		case a == Identity:
			return 1
		case b == Identity:
			return -1
		}
		return int(lengths[a] - lengths[b])
	})
	if len(choices) == 0 {
		return 0, false
	}
	return choices[0], true
}

// TestVariantsAllocate: no request of a browser allocates.
func TestVariantsAllocate(t *testing.T) {
	pl, tree, p := planner(t, Options{}), coded(), new(Plan)
	for _, accept := range []string{
		"gzip, deflate, br, zstd", "gzip, deflate, br, zstd, dcb, dcz", "br;q=1.0, *;q=0.5",
	} {
		r := Request{Method: "GET", Target: "/a.html", AcceptEncoding: accept,
			HasAcceptEncoding: true, Now: modTime, AvailableDictionary: strings.TrimPrefix(
				available(testDictionary.SHA256), "Available-Dictionary: ")}
		if strings.HasPrefix(accept, "br;") {
			r.AvailableDictionary = ""
		}
		var head []byte
		if n := testing.AllocsPerRun(100, func() {
			if pl.Plan(&r, tree, p) != nil || p.Body.Kind != VariantBody {
				t.Fatal(p.Body)
			}
			head = p.AppendFields(head[:0])
		}); n != 0 {
			t.Errorf("%s: %v allocations", accept, n)
		}
	}
}
