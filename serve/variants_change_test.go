package serve_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/sidecar/variants"
)

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
	eventually(t, "an answer is a variant", func() bool { return coded.Load() > 0 })
	ended.Store(true)
	asking.Wait()
	t.Logf("%d answers by variants, %d aborted", coded.Load(), aborted.Load())
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

// TestOverwrittenLongVariant: if the variants file is written over while a long variant is sent,
// the client gets no complete answer, even of the same bytes.
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
			same := []byte(readFile(t, archive+".tpv"))
			if err := os.WriteFile(archive+".tpv", same, 0o644); err != nil {
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
