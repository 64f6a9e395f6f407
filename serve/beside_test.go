package serve_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack/signature"
)

// offered is what the page for downloads has, in JSON.
type offered []struct {
	Name, Href, ETag, SHA256, XXH64, CRC32 string
	Size                                   int64
}

// offers returns what can be downloaded of a folder, or of what a query chooses of it.
func offers(t *testing.T, r *running, folder, query string) (all offered) {
	t.Helper()
	status, body := fetch(t, plainClient, r.url(folder+"?list=get&format=json"+query))
	var page struct{ Downloads offered }
	if err := json.Unmarshal([]byte(body), &page); err != nil || status != 200 {
		t.Fatalf("%s: %d, %v: %s", folder, status, err, body)
	}
	return page.Downloads
}

// names returns what downloads are saved as, in order.
func (o offered) names() (all []string) {
	for _, d := range o {
		all = append(all, d.Name)
	}
	return all
}

// TestBeside downloads the files beside an archive: those that belong to it, as they are.
func TestBeside(t *testing.T) {
	name, trust := packSigned(t, files{"a.html": words(3000), "d/b.html": "b"})
	indexText(t, name)
	addVariants(t, name, name+".tpv", nil)
	r := start(t, listed(serve.Archive{Path: name}))
	whole := []string{"a.tar.gz", "a.zip", "a.tar.gz.tpi", "a.tar.gz.tpx", "a.tar.gz.tpv",
		"a.tar.gz.sum", "a.tar.gz.sum.minisig"}
	got := offers(t, r, "/", "")
	if !slices.Equal(got.names(), whole) {
		t.Errorf("%q, want %q", got.names(), whole)
	}
	for _, d := range got {
		want, err := os.ReadFile(filepath.Join(filepath.Dir(name), d.Name))
		if err != nil && d.Name != "a.zip" {
			t.Fatal(err)
		}
		resp, err := http.Get(r.url("/" + strings.TrimPrefix(d.Href, "./")))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != 200 || int64(len(body)) != d.Size ||
			d.Name != "a.zip" && string(body) != string(want) ||
			!strings.Contains(resp.Header.Get("Content-Disposition"), `filename="`+d.Name+`"`) ||
			resp.Header.Get("ETag") != `"`+d.ETag+`"` {
			t.Errorf("%s: %v, %d bytes: %v", d.Name, err, len(body), resp)
		}
	}
	if _, page := fetch(t, plainClient, r.url("/?list=get")); !strings.Contains(page,
		"sha256sum -c") || !strings.Contains(page, "Text index") {
		t.Error(page)
	}
	_, sum := fetch(t, plainClient, r.url("/?list&download=sum"))
	o := listed(serve.Archive{Path: name})
	o.Trust = trust
	r = start(t, o)
	eventually(t, "the archive is checked", func() bool {
		status, _ := fetch(t, plainClient, r.url("/?list=get"))
		return status == 200
	})
	signed := offers(t, r, "/", "") // a text index is not signed
	if !slices.Equal(signed.names(), slices.DeleteFunc(slices.Clone(whole), func(name string) bool {
		return strings.HasSuffix(name, ".tpx")
	})) || !strings.Contains(sum, signed[0].SHA256) || signed[0].SHA256 == "" {
		t.Errorf("signed: %+v", signed)
	}
}

// TestBesideRefused: folders, selections, and archives with hidden files have no files beside them,
// nor have those of which downloads are refused. Files of an older archive are not offered.
func TestBesideRefused(t *testing.T) {
	name, _ := packSigned(t, files{"a.html": "a", "d/b.html": "b", "d/.x": "secret"})
	indexText(t, name)
	addVariants(t, name, name+".tpv", nil)
	o := listed(serve.Archive{Path: name})
	o.Hide = []string{}
	check := func(r *running, folder, query string, want ...string) {
		t.Helper()
		if got := offers(t, r, folder, query).names(); !slices.Equal(got, want) {
			t.Errorf("%s %s: %q, want %q", folder, query, got, want)
		}
	}
	besides := func(r *running, status int) {
		t.Helper()
		for _, format := range []string{"tpx", "tpv", "sum", "minisig"} {
			if got, body := fetch(t, plainClient, r.url("/?list&download="+format)); got != status {
				t.Errorf("%s: %d %.100q, want %d", format, got, body, status)
			}
		}
	}
	all := start(t, o)
	besides(all, 200)
	check(all, "/d/", "", "d.tar.gz", "d.zip")
	check(all, "/", "&name=d", "d.tar.gz", "d.zip")
	if got, _ := fetch(t, plainClient, all.url("/?list&download=tpx&name=d")); got != 400 {
		t.Errorf("of a selection: %d", got)
	}
	o.NoDownload = true
	none := start(t, o)
	for _, format := range []string{"tpx", "tpv", "sum", "minisig"} {
		if _, body := fetch(t, plainClient, none.url("/?list&download="+format)); !strings.Contains(body,
			"404") {
			t.Errorf("without downloads: %s: %.100q", format, body)
		}
	}
	hiding := start(t, listed(serve.Archive{Path: name}))
	besides(hiding, 404)
	check(hiding, "/", "", "a.tar.gz", "a.zip")

	other := files{"other": "1"}.pack(t, filepath.Join(t.TempDir(), "other.tar.gz"))
	replace(t, other, name)
	r := start(t, listed(serve.Archive{Path: name}))
	besides(r, 404)
	check(r, "/", "", "a.tar.gz", "a.zip", "a.tar.gz.tpi")
	for _, suffix := range []string{signature.SumSuffix, signature.SignatureSuffix} {
		if err := os.Remove(name + suffix); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(name+suffix, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	besides(r, 404)
}

// TestOffersJSON: the checksums of a file are those of the list.
func TestOffersJSON(t *testing.T) {
	name, _ := packSigned(t, files{"d/b.html": "b"})
	r := start(t, listed(serve.Archive{Path: name}))
	got := offers(t, r, "/d/", "&name=b.html")
	if len(got) != 1 || got[0].Name != "b.html" || got[0].Size != 1 || got[0].ETag != got[0].XXH64 ||
		len(got[0].SHA256) != 64 || len(got[0].CRC32) != 8 {
		t.Errorf("%+v", got)
	}
	plain := filepath.Join(t.TempDir(), "plain")
	files{"x": "1"}.write(t, plain)
	r = start(t, listed(serve.Archive{Path: plain, Mount: "/p"}))
	if got := offers(t, r, "/p/", "&name=x"); len(got) != 1 || got[0].XXH64 != "" ||
		got[0].ETag == "" {
		t.Errorf("a plain file: %+v", got)
	}
}
