package caddytpk

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// TestCaddyfile reads a directive with every option there is.
func TestCaddyfile(t *testing.T) {
	var h Handler
	err := h.UnmarshalCaddyfile(caddyfile.NewTestDispenser(`tpk a.tar.gz b.tar.gz {
		mount /std std.tar.gz
		wait
		no_watch
		poll 10s
		public_key key.pub
		cache /var/cache/tpk 20GiB
		no_convert
		pass_thru
		spa
		no_listing
		no_download
		hide *.key drafts/
		hide old
		type md text/plain
		cache_control max-age=60
		immutable assets/*
		gzipped *.js.gz
		identity *.mp4
		cors https://a.example https://b.example
	}`))
	if err != nil {
		t.Fatal(err)
	}
	want := Handler{
		Archives: []Archive{{Path: "a.tar.gz"}, {Path: "b.tar.gz"},
			{Path: "std.tar.gz", Mount: "/std"}},
		Wait: true, NoWatch: true, Poll: caddy.Duration(10 * time.Second), PublicKey: "key.pub",
		CacheDir: "/var/cache/tpk", CacheSize: 20 << 30, NoConvert: true, PassThru: true, SPA: true,
		NoListing: true, NoDownload: true, Hide: []string{"*.key", "drafts/", "old"},
		Types: map[string]string{"md": "text/plain"}, CacheControl: "max-age=60",
		Immutable: []string{"assets/*"}, Gzipped: []string{"*.js.gz"}, Identity: []string{"*.mp4"},
		CORS: []string{"https://a.example", "https://b.example"},
	}
	if !reflect.DeepEqual(&h, &want) {
		t.Errorf("got %+v, want %+v", &h, &want)
	}
	v := reflect.ValueOf(&h).Elem()
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() && v.Field(i).IsZero() {
			t.Errorf("the directive can't set %s, or the test doesn't", f.Name)
		}
	}
}

// TestWrongCaddyfile: what is wrong is said, with the line.
func TestWrongCaddyfile(t *testing.T) {
	for directive, want := range map[string]string{
		"tpk":                                  "no archive",
		"tpk a.tar.gz {\nfoo\n}":               "tpk has no option foo",
		"tpk a.tar.gz {\nspa yes\n}":           "wrong argument count",
		"tpk a.tar.gz {\nhide\n}":              "wrong argument count",
		"tpk a.tar.gz {\nmount /a\n}":          "wrong argument count",
		"tpk a.tar.gz {\ntype md\n}":           "wrong argument count",
		"tpk a.tar.gz {\npoll soon\n}":         "poll soon: it is a time",
		"tpk a.tar.gz {\npoll -1s\n}":          "poll -1s: it is a time",
		"tpk a.tar.gz {\ncache /c much\n}":     "cache much: it is a size",
		"tpk a.tar.gz {\ncache /c 1 2\n}":      "wrong argument count",
		"tpk a.tar.gz {\npublic_key\n}":        "wrong argument count",
		"tpk a.tar.gz {\ncache_control a b\n}": "wrong argument count",
	} {
		var h Handler
		err := h.UnmarshalCaddyfile(caddyfile.NewTestDispenser(directive))
		if err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(want)) {
			t.Errorf("%q: %v, want %q", directive, err, want)
		}
	}
}
