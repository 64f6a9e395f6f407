package serve_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/sidecar/variants"
)

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
