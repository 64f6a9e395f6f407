package serve_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	gzcoding "github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack"
)

// siteDictionary is the dictionary of the pages of site.
var siteDictionary = []byte("<!doctype html><title>docs</title>" + words(3000))

func toBrotli(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := brotli.NewWriterLevel(&b, 5)
	_, err := w.Write(content)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func toZstd(t testing.TB, content []byte, o ...zstd.EOption) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil, append(o, zstd.WithEncoderConcurrency(1))...)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(content, nil)
}

// addVariants writes the variants file of an archive to the file name: all text in brotli and zstd,
// and pages in dcz. edit, if not nil, may change the encoded bytes before their checksums are made.
func addVariants(
	t testing.TB, archive, name string,
	edit func(path string, v *[variants.NumCodings]variants.Encoded),
) {
	t.Helper()
	a, err := tarpack.Open(context.Background(), archive, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	x := a.Index()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := variants.NewWriter(f, variants.Of(x), variants.Settings{})
	number, err := w.AddDictionary(variants.Dictionary{Kind: ".html", Bytes: siteDictionary,
		Brotli: toBrotli(t, siteDictionary)})
	if err != nil {
		t.Fatal(err)
	}
	for i := range x.Len() {
		e, err := x.Entry(i)
		if err != nil {
			t.Fatal(err)
		}
		path, err := x.Path(i)
		if err != nil {
			t.Fatal(err)
		}
		if e.Type != sidecar.TypeFile || e.Coding == gzcoding.Stored || e.Size == 0 {
			continue
		}
		c, err := a.OpenContent(i)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(c)
		if err = c.Close(); err != nil {
			t.Fatal(err)
		}
		var v [variants.NumCodings]variants.Encoded
		v[variants.Brotli].Bytes = toBrotli(t, content)
		v[variants.Zstd].Bytes = toZstd(t, content)
		if strings.HasSuffix(path, ".html") {
			v[variants.DictionaryZstd] = variants.Encoded{Dictionary: number, Bytes: append(
				variants.AppendDCZHeader(nil, sha256.Sum256(siteDictionary)),
				toZstd(t, content, zstd.WithEncoderDictRaw(0, siteDictionary))...)}
		}
		if edit != nil {
			edit(path, &v)
		}
		if _, err := w.Add(i, e.Size, sha256.Sum256(content), v); err != nil {
			t.Fatal(err)
		}
	}
	size, err := w.Finish()
	if err == nil {
		err = f.Truncate(size)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// availableDictionary is the field of a client that has siteDictionary.
func availableDictionary() string {
	sum := sha256.Sum256(siteDictionary)
	return "Available-Dictionary: :" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

// decoded returns the content of an answer's body, by its Content-Encoding.
func decoded(t testing.TB, resp *http.Response, body string) string {
	t.Helper()
	var r io.Reader
	switch coding := resp.Header.Get("Content-Encoding"); coding {
	case "":
		return body
	case "gzip":
		return gunzip(t, body)
	case "br":
		r = brotli.NewReader(strings.NewReader(body))
	case "zstd", "dcz":
		var o []zstd.DOption
		if coding == "dcz" {
			o = append(o, zstd.WithDecoderDictRaw(0, siteDictionary))
			body = strings.TrimPrefix(body, string(variants.AppendDCZHeader(nil,
				sha256.Sum256(siteDictionary))))
		}
		z, err := zstd.NewReader(strings.NewReader(body), o...)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		r = z
	default:
		t.Fatalf("Content-Encoding %q", coding)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Errorf("%s: %v", resp.Header.Get("Content-Encoding"), err)
	}
	return string(b)
}

// codedSite returns a new archive of site with a variants file.
func codedSite(t testing.TB) string {
	t.Helper()
	archive := site().pack(t, filepath.Join(t.TempDir(), "site.tar.gz"))
	addVariants(t, archive, archive+".tpv", nil)
	return archive
}

// TestVariants gets every kind of file in every encoding, by every transport, twice each: the
// second time what was read lately is known.
func TestVariants(t *testing.T) {
	for _, c := range clients(t, serve.Options{Archives: []serve.Archive{{Path: codedSite(t)}}}) {
		t.Run(c.name, func(t *testing.T) {
			for name, codings := range map[string]string{
				"index.html": "br zstd dcz gzip", "docs/guide.html": "br zstd dcz gzip",
				"style.css": "br zstd gzip", "mid.txt": "br zstd gzip", "big.txt": "br zstd gzip",
				"small.png": "", "empty.txt": "", "data.tar.gz": "",
			} {
				content := site()[name]
				plain, _ := c.do(t, "HEAD", "/"+name)
				tags := []string{plain.Header.Get("ETag")}
				for coding := range strings.FieldsSeq(codings) {
					fields := []string{"Accept-Encoding: " + coding, availableDictionary()}
					for range 2 {
						resp, body := c.do(t, "GET", "/"+name, fields...)
						if resp.StatusCode != 200 || resp.Header.Get("Content-Encoding") != coding ||
							resp.ContentLength != int64(len(body)) || decoded(t, resp, body) != content {
							t.Errorf("%s by %s: %d, %d bytes, %v", name, coding, resp.StatusCode, len(body),
								resp.Header)
						}
						head, none := c.do(t, "HEAD", "/"+name, fields...)
						if none != "" || head.ContentLength != resp.ContentLength ||
							head.Header.Get("ETag") != resp.Header.Get("ETag") {
							t.Errorf("HEAD %s by %s: %d %v", name, coding, head.StatusCode, head.Header)
						}
					}
					tag := testConditions(t, c, name, content, coding, fields)
					if slices.Contains(tags, tag) {
						t.Errorf("%s by %s: the entity-tag %s is that of another encoding", name, coding, tag)
					}
					tags = append(tags, tag)
				}
				if codings != "" {
					continue
				}
				resp, body := c.do(t, "GET", "/"+name, "Accept-Encoding: gzip, br, zstd, dcz",
					availableDictionary())
				if resp.Header.Get("Content-Encoding") != "" || body != content {
					t.Errorf("%s: %v", name, resp.Header)
				}
			}
		})
	}
}

// testConditions asks for a file in an encoding with conditions, and for a range. It returns the
// entity-tag.
func testConditions(
	t *testing.T, c *client, name, content, coding string, fields []string,
) string {
	t.Helper()
	resp, _ := c.do(t, "HEAD", "/"+name, fields...)
	tag, vary := resp.Header.Get("ETag"), "Accept-Encoding"
	if strings.HasSuffix(name, ".html") {
		vary += ", Available-Dictionary"
	}
	for _, row := range []struct {
		field  string
		status int
	}{
		{"If-None-Match: " + tag, 304}, {`If-None-Match: "x"`, 200}, {"If-Match: " + tag, 200},
		{`If-Match: "x"`, 412}, {"Range: bytes=1-9", 206}, {"If-Modified-Since: " + siteDate, 304},
	} {
		resp, body := c.do(t, "GET", "/"+name, append(slices.Clone(fields), row.field)...)
		if resp.StatusCode != row.status || resp.Header.Get("Vary") != vary {
			t.Errorf("%s by %s, %s: %d, %v", name, coding, row.field, resp.StatusCode, resp.Header)
		}
		if row.status == 206 && (body != content[1:10] || resp.Header.Get("Content-Encoding") != "") {
			t.Errorf("%s by %s: the range is %q, %v", name, coding, body, resp.Header)
		}
	}
	return tag
}

// TestDictionaries: pages lead to their dictionary, which is sent in each way, below the mount of
// its archive.
func TestDictionaries(t *testing.T) {
	archive := codedSite(t)
	name := fmt.Sprintf("%x", sha256.Sum256(siteDictionary))
	for mount, o := range map[string]serve.Options{
		"/": {}, "/docs/v1/": {NoDownload: true}, "/list/": {Listing: true},
	} {
		o.Archives = []serve.Archive{{Path: archive, Mount: mount}}
		for _, c := range clients(t, o) {
			resp, _ := c.do(t, "GET", mount+"docs/", "Accept-Encoding: gzip, deflate, br, zstd")
			if link := resp.Header.Get("Link"); link !=
				"<./../?list&dictionary="+name+`>; rel="compression-dictionary"` {
				t.Errorf("%s: Link %q", c.name, link)
			}
			for accept, coding := range map[string]string{"": "", "gzip, br": "br", "gzip": ""} {
				resp, body := c.do(t, "GET", mount+"?list&dictionary="+name, "Accept-Encoding: "+accept)
				if resp.StatusCode != 200 || resp.Header.Get("Content-Encoding") != coding ||
					decoded(t, resp, body) != string(siteDictionary) ||
					!strings.HasPrefix(resp.Header.Get("Use-As-Dictionary"), `match="*"`) {
					t.Errorf("%s, %s: %d, %v", c.name, accept, resp.StatusCode, resp.Header)
				}
			}
			for _, target := range []string{mount + "?list&dictionary=" + name[1:] + "0",
				mount + "docs/?list&dictionary=" + name} {
				if resp, _ := c.do(t, "GET", target); resp.StatusCode != 404 {
					t.Errorf("%s: %s: %d", c.name, target, resp.StatusCode)
				}
			}
		}
	}
}

// TestDamagedVariants: a variant of which any byte is wrong is not sent. The client gets the
// member, and the log one line.
func TestDamagedVariants(t *testing.T) {
	archive := codedSite(t)
	good := []byte(readFile(t, archive+".tpv"))
	for name, coding := range map[string]string{
		"index.html": "dcz", "style.css": "br", "mid.txt": "br", "big.txt": "zstd",
	} {
		content := []byte(site()[name])
		encoded := map[string][]byte{"br": toBrotli(t, content), "zstd": toZstd(t, content)}[coding]
		if coding == "dcz" {
			encoded = toZstd(t, content, zstd.WithEncoderDictRaw(0, siteDictionary))
		}
		at := bytes.Index(good, encoded)
		if at < 0 {
			t.Fatalf("%s: its variant is not in the file", name)
		}
		for _, i := range []int{0, len(encoded) / 2, len(encoded) - 1} {
			bad := bytes.Clone(good)
			bad[at+i] ^= 1
			other := filepath.Join(t.TempDir(), "site.tar.gz")
			for suffix, b := range map[string]string{"": readFile(t, archive),
				".tpi": readFile(t, archive+".tpi"), ".tpv": string(bad)} {
				if err := os.WriteFile(other+suffix, []byte(b), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			s := start(t, serve.Options{Archives: []serve.Archive{{Path: other}}})
			c := newClient("tcp", "http://"+s.addresses[0], &http.Transport{})
			for range 3 {
				resp, body := c.do(t, "GET", "/"+name, "Accept-Encoding: gzip;q=0.5, "+coding,
					availableDictionary())
				if resp.StatusCode != 200 || resp.Header.Get("Content-Encoding") != "gzip" ||
					gunzip(t, body) != string(content) {
					t.Errorf("%s by %s, byte %d: %d %v", name, coding, i, resp.StatusCode, resp.Header)
				}
			}
			resp, body := c.do(t, "GET", "/docs/guide.html", "Accept-Encoding: br")
			if resp.Header.Get("Content-Encoding") != "br" ||
				decoded(t, resp, body) != site()["docs/guide.html"] {
				t.Errorf("other variants: %d %v", resp.StatusCode, resp.Header)
			}
			if log := s.log.String(); strings.Count(log, "it is not used") != 1 {
				t.Errorf("%s by %s, byte %d: the log:\n%s", name, coding, i, log)
			}
			if err := s.stop(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestWrongVariants: a variants file that is another archive's, cut short or damaged is not used,
// and the log has one line about it.
func TestWrongVariants(t *testing.T) {
	archive := codedSite(t)
	good := []byte(readFile(t, archive+".tpv"))
	other := files{"index.html": words(500)}.pack(t, filepath.Join(t.TempDir(), "other.tar.gz"))
	addVariants(t, other, other+".tpv", nil)
	damaged := bytes.Clone(good)
	damaged[len(damaged)-100] ^= 1
	for what, b := range map[string][]byte{
		"another archive's": []byte(readFile(t, other+".tpv")), "empty": {}, "text": []byte(words(5000)),
		"cut short": good[:len(good)-1], "cut in half": good[:len(good)/2], "damaged": damaged,
		"longer": append(bytes.Clone(good), 0),
	} {
		if err := os.WriteFile(archive+".tpv", b, 0o644); err != nil {
			t.Fatal(err)
		}
		s := start(t, serve.Options{Archives: []serve.Archive{{Path: archive}}})
		c := newClient("tcp", "http://"+s.addresses[0], &http.Transport{})
		resp, body := c.do(t, "GET", "/", "Accept-Encoding: gzip, br, zstd, dcz", availableDictionary())
		if resp.Header.Get("Content-Encoding") != "gzip" || gunzip(t, body) != site()["index.html"] ||
			resp.Header.Get("Vary") != "Accept-Encoding" || resp.Header.Get("Link") != "" {
			t.Errorf("%s: %d %v", what, resp.StatusCode, resp.Header)
		}
		if log := s.log.String(); strings.Count(log, "\n") > 0 || strings.Count(log, ".tpv: ") != 1 {
			t.Errorf("%s: the log:\n%s", what, log)
		}
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
	}
}

// until asks for /mid.txt until an answer is as it should be, or for 20 seconds.
func until(t *testing.T, c *client, right func(*http.Response, string) bool, accept string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; {
		resp, body := c.do(t, "GET", "/mid.txt", accept)
		if right(resp, body) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: %d %v", accept, resp.StatusCode, resp.Header)
		}
	}
}

// TestChangingVariants: while an archive is served, its variants file appears, is replaced, written
// over, cut short and removed. Every answer is the content, in some encoding.
func TestChangingVariants(t *testing.T) {
	archive := site().pack(t, filepath.Join(t.TempDir(), "site.tar.gz"))
	s := start(t, serve.Options{Archives: []serve.Archive{{Path: archive}}})
	c := newClient("tcp", "http://"+s.addresses[0], &http.Transport{})
	coding := func(want string) func(*http.Response, string) bool {
		return func(resp *http.Response, body string) bool {
			if resp.StatusCode != 200 || decoded(t, resp, body) != site()["mid.txt"] {
				t.Fatalf("%d, another content, %v", resp.StatusCode, resp.Header)
			}
			return resp.Header.Get("Content-Encoding") == want
		}
	}
	const both = "Accept-Encoding: gzip;q=0.5, br"
	until(t, c, coding("gzip"), both)
	replace := func(edit func(string, *[variants.NumCodings]variants.Encoded)) {
		addVariants(t, archive, archive+".new", edit)
		if err := os.Rename(archive+".new", archive+".tpv"); err != nil {
			t.Fatal(err)
		}
	}
	replace(func(_ string, v *[variants.NumCodings]variants.Encoded) { v[variants.Zstd].Bytes = nil })
	until(t, c, coding("br"), both)
	replace(nil)
	until(t, c, coding("zstd"), "Accept-Encoding: zstd")

	good := []byte(readFile(t, archive+".tpv"))
	for what, b := range map[string][]byte{"zeros": make([]byte, len(good)),
		"cut": good[:len(good)/3], "text": []byte(words(len(good)))} {
		if err := os.WriteFile(archive+".tpv", b, 0o644); err != nil { // in place
			t.Fatal(err)
		}
		if !coding("gzip")(c.do(t, "GET", "/mid.txt", both)) {
			t.Errorf("%s: a variant of a file that was written over", what)
		}
		if err := os.WriteFile(archive+".tpv", good, 0o644); err != nil {
			t.Fatal(err)
		}
		until(t, c, coding("br"), both)
	}
	if err := os.Remove(archive + ".tpv"); err != nil {
		t.Fatal(err)
	}
	until(t, c, coding("gzip"), both)
	if log := s.log.String(); strings.Contains(log, "aborted") {
		t.Error(log)
	}
}

// TestSignedVariants: variants of a signed archive that do not decode to what was signed are not
// sent, although their checksums are right.
func TestSignedVariants(t *testing.T) {
	name, trust := packSigned(t, site())
	evil := []byte("<!doctype html>" + words(500))
	addVariants(t, name, name+".tpv", func(path string, v *[variants.NumCodings]variants.Encoded) {
		if path == "docs/guide.html" {
			v[variants.Brotli].Bytes = toBrotli(t, evil)
			v[variants.Zstd].Bytes = toZstd(t, append([]byte(site()[path]), ' '))
			v[variants.DictionaryZstd].Bytes[50] ^= 1
		}
		if path == "mid.txt" {
			v[variants.Brotli].Bytes = toBrotli(t, []byte(strings.ToUpper(site()[path])))
		}
	})
	o := serve.Options{Archives: []serve.Archive{{Path: name}}, Trust: trust}
	for _, c := range clients(t, o) {
		for _, file := range []string{"index.html", "docs/guide.html", "mid.txt", "big.txt"} {
			for _, coding := range []string{"br", "zstd", "dcz"} {
				for range 2 {
					resp, body := c.do(t, "GET", "/"+file, "Accept-Encoding: gzip;q=0.5, "+coding,
						availableDictionary())
					want := coding
					if file == "docs/guide.html" || file == "mid.txt" && coding == "br" ||
						coding == "dcz" && !strings.HasSuffix(file, ".html") {
						want = "gzip"
					}
					if got := resp.Header.Get("Content-Encoding"); resp.StatusCode != 200 || got != want ||
						decoded(t, resp, body) != site()[file] {
						t.Errorf("%s: %s by %s: %d %v", c.name, file, coding, resp.StatusCode, resp.Header)
					}
				}
			}
		}
	}
}

// TestOverwrittenVariants: while clients ask, the variants file is written over again and again, by
// that of an archive with other contents at the same ordinals, all of whose checksums are right.
// Every answer that ends normally is the content.
func TestOverwrittenVariants(t *testing.T) {
	archive := codedSite(t)
	other := files{}
	for name, content := range site() {
		if !strings.HasPrefix(content, "-> ") {
			content = strings.ToUpper(content)
		}
		other[name] = content
	}
	otherArchive := other.pack(t, filepath.Join(t.TempDir(), "other.tar.gz"))
	addVariants(t, otherArchive, otherArchive+".tpv", nil)
	generations := []string{readFile(t, otherArchive+".tpv"), readFile(t, archive+".tpv")}

	s := start(t, serve.Options{Archives: []serve.Archive{{Path: archive}}})
	c := newClient("tcp", "http://"+s.addresses[0], &http.Transport{})
	var asking sync.WaitGroup
	var ended atomic.Bool
	var coded, aborted atomic.Int64
	for _, name := range []string{"index.html", "style.css", "mid.txt", "big.txt"} {
		for _, coding := range []string{"br", "zstd"} {
			asking.Go(func() {
				for !ended.Load() {
					resp, body, err := c.try("/"+name, "Accept-Encoding: gzip;q=0.5, "+coding)
					switch {
					case err != nil:
						aborted.Add(1)
					case resp.StatusCode != 200 || decoded(t, resp, body) != site()[name]:
						t.Errorf("%s by %s: %d, other content, %v", name, coding, resp.StatusCode, resp.Header)
					case resp.Header.Get("Content-Encoding") == coding:
						coded.Add(1)
					}
				}
			})
		}
	}
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	for range rounds {
		for _, b := range generations {
			if err := os.WriteFile(archive+".tpv", []byte(b), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		until(t, c, func(resp *http.Response, _ string) bool {
			return resp.Header.Get("Content-Encoding") == "br"
		}, "Accept-Encoding: gzip;q=0.5, br")
	}
	ended.Store(true)
	asking.Wait()
	t.Logf("%d answers by variants, %d aborted", coded.Load(), aborted.Load())
	if coded.Load() == 0 {
		t.Error("no answer was a variant")
	}
}

// try is do for a GET that may be cut off.
func (c *client) try(target string, header string) (*http.Response, string, error) {
	req, err := http.NewRequest(http.MethodGet, c.base+target, nil)
	if err != nil {
		return nil, "", err
	}
	name, value, _ := strings.Cut(header, ": ")
	req.Header.Set(name, value)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

// TestOverwrittenLongVariant: if the variants file is written over while a long variant is sent, the
// client gets no complete answer, even of the same bytes.
func TestOverwrittenLongVariant(t *testing.T) {
	var big strings.Builder
	for random := noise(8 << 20); random != ""; random = random[16:] {
		fmt.Fprintf(&big, "%x and more words\n", random[:16])
	}
	archive := files{"big.txt": big.String()}.pack(t, filepath.Join(t.TempDir(), "site.tar.gz"))
	addVariants(t, archive, archive+".tpv", func(_ string, v *[variants.NumCodings]variants.Encoded) {
		v[variants.Brotli].Bytes = nil
	})
	for _, change := range []bool{false, true} {
		s := start(t, serve.Options{Archives: []serve.Archive{{Path: archive}}})
		conn, err := net.Dial("tcp", s.addresses[0])
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.(*net.TCPConn).SetReadBuffer(256 << 10); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn,
			"GET /big.txt HTTP/1.1\r\nHost: h\r\nAccept-Encoding: zstd\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Header.Get("Content-Encoding") != "zstd" || resp.ContentLength < 8<<20 {
			t.Fatalf("%v", resp.Header)
		}
		if change {
			if err := os.WriteFile(archive+".tpv", []byte(readFile(t, archive+".tpv")), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		n, err := io.Copy(io.Discard, resp.Body)
		if complete := err == nil && n == resp.ContentLength; complete == change {
			t.Errorf("written over: %v; %d of %d bytes, %v", change, n, resp.ContentLength, err)
		}
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
	}
}
