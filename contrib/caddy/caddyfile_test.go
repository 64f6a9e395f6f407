package caddytpk

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
)

// TestCaddyfile reads a directive with every option there is.
func TestCaddyfile(t *testing.T) {
	var h Handler
	err := h.UnmarshalCaddyfile(caddyfile.NewTestDispenser(`tpk a.tar.gz {
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
		Archives: []Archive{{Path: "a.tar.gz"},
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

// TestMatcher: a word alone on the line is an archive, unless it can't be one.
func TestMatcher(t *testing.T) {
	for directive, want := range map[string]string{
		"tpk /srv/a.tar.gz":                `"archives":[{"path":"/srv/a.tar.gz"}]`,
		"tpk /docs/* /srv/a.tar.gz":        `"match":[{"path":["/docs/*"]}]`,
		"tpk * /srv/a.tar.gz":              `"archives":[{"path":"/srv/a.tar.gz"}]`,
		"tpk @get a.tar.gz":                `"match":[{"method":["GET"]}]`,
		"tpk @get {\nmount / a.tar.gz\n}":  `"match":[{"method":["GET"]}]`,
		"tpk {\nmount /a /srv/a.tar.gz\n}": `"archives":[{"mount":"/a","path":"/srv/a.tar.gz"}]`,
		"tpk a.tar.gz\ntpk /b/* b.tar.gz":  `"match":[{"path":["/b/*"]}]`,
	} {
		adapter := caddyfile.Adapter{ServerType: httpcaddyfile.ServerType{}}
		got, _, err := adapter.Adapt([]byte(":80 {\n@get method GET\n"+directive+"\n}\n"), nil)
		if err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%q: %v\n%s\nwant %s", directive, err, got, want)
		}
		if strings.HasPrefix(directive, "tpk /srv") && strings.Contains(string(got), `"match"`) {
			t.Errorf("%q has a matcher: %s", directive, got)
		}
	}
	adapter := caddyfile.Adapter{ServerType: httpcaddyfile.ServerType{}}
	_, _, err := adapter.Adapt([]byte(":80 {\ntpk a.tar.gz b.tar.gz c.tar.gz\n}\n"), nil)
	if err == nil || !strings.Contains(err.Error(), "mount PATH ARCHIVE") {
		t.Errorf("three archives on a line: %v", err)
	}
}

// TestWrongCaddyfile: what is wrong is said, with the line.
func TestWrongCaddyfile(t *testing.T) {
	for directive, want := range map[string]string{
		"tpk a.tar.gz b.tar.gz":                "wrong argument count",
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
