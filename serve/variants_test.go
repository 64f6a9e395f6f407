package serve_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
		if err = errors.Join(err, c.Close()); err != nil {
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
				if strings.Contains(codings, "dcz") { // its length must not show what is in it
					resp, _ := c.do(t, "GET", "/"+name, "Accept-Encoding: br, dcz", availableDictionary(),
						"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors")
					if resp.Header.Get("Content-Encoding") != "br" {
						t.Errorf("%s from another origin: %v", name, resp.Header)
					}
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

// TestShardVariants: the variants file of a set lies beside its list.
func TestShardVariants(t *testing.T) {
	first, list := site().packShards(t, filepath.Join(t.TempDir(), "site.tar.gz"), 3)
	addVariants(t, first, list+".tpv", nil)
	s := start(t, serve.Options{Archives: []serve.Archive{{Path: first}}})
	c := newClient("tcp", "http://"+s.addresses[0], &http.Transport{})
	for _, name := range []string{"index.html", "style.css", "mid.txt", "big.txt"} {
		resp, body := c.do(t, "GET", "/"+name, "Accept-Encoding: br")
		if resp.Header.Get("Content-Encoding") != "br" || decoded(t, resp, body) != site()[name] {
			t.Errorf("%s: %d %v", name, resp.StatusCode, resp.Header)
		}
	}
}
