package serve_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// hiddenTree has links to what hiddenGlobs and the default hide. Contents and names of what is
// hidden have "HIDDEN" in them, where no request names them.
var hiddenTree = files{
	".secret/key": "HIDDEN" + words(4000), "priv/x.txt": "HIDDEN", "priv/HIDDEN/y.txt": "y",
	"priv/README.md": "HIDDEN", "priv/pic.png": "HIDDEN",
	"sub/ok.txt": "ok", "sub/HIDDEN.txt": "HIDDEN", "sub/HIDDEN/z.txt": "z", "sub/okdir/a": "a",
	"pub.txt": "-> .secret/key", "linkdir": "-> priv", "linksub": "-> sub",
	"linkhid":          "-> sub/HIDDEN.txt",
	"folder/README.md": "-> ../priv/README.md", "folder/pic.png": "-> ../priv/pic.png",
	"folder/HIDDENlink": "-> ../priv", "folder/a.txt": "a",
	"docs/README.md": "-> ../docs/real.md", "docs/real.md": "shown",
}

// hiddenGlobs are for trees at the root and at /m.
var hiddenGlobs = []string{"/priv/", "/sub/HIDDEN/", "/sub/HIDDEN.txt", "/m/priv/",
	"/m/sub/HIDDEN/", "/m/sub/HIDDEN.txt"}

// hiddenServers returns options that serve the tree in several ways, and where it is.
func hiddenServers(t *testing.T, o serve.Options) map[string]struct {
	o      serve.Options
	prefix string
} {
	t.Helper()
	name := hiddenTree.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	plain := filepath.Join(t.TempDir(), "plain")
	hiddenTree.write(t, plain)
	fallback, mounted, archive, archiveAt, both := o, o, o, o, o
	fallback.Fallback = plain
	mounted.Archives = []serve.Archive{{Path: plain, Mount: "/m"}}
	archive.Archives = []serve.Archive{{Path: name}}
	archiveAt.Archives = []serve.Archive{{Path: name, Mount: "/m"}}
	both.Archives = archive.Archives
	both.Fallback = plain
	nested := fallback
	nested.Nested = true
	return map[string]struct {
		o      serve.Options
		prefix string
	}{"plain": {fallback, "/"}, "plain at /m": {mounted, "/m/"}, "archive": {archive, "/"},
		"archive at /m": {archiveAt, "/m/"}, "both": {both, "/"}, "nested": {nested, "/"}}
}

// TestHiddenInQueries: what is hidden is not found by a path in a query either, whatever symbolic
// links and dot segments lead to it.
func TestHiddenInQueries(t *testing.T) {
	for name, s := range hiddenServers(t, serve.Options{Listing: true, HideMore: hiddenGlobs}) {
		t.Run(name, func(t *testing.T) {
			r := start(t, s.o)
			for _, c := range []struct {
				target string
				status int // 0: any
			}{
				{"?list=get&name=pub.txt", 404}, {"?list=get&name=linkdir/x.txt", 404},
				{"?list=get&name=linkdir", 404}, {"?list=get&name=priv/x.txt", 404},
				{"?list=get&name=linkhid", 404}, {"?list=get&name=.secret/key", 404},
				{"?list=get&name=../priv/x.txt", 400}, {"?list=get&name=sub/../priv/x.txt", 400},
				{"sub/?list=get&name=../priv/x.txt", 400}, {"?list=get&name=sub//ok.txt", 400},
				{"?list=get&name=./priv/x.txt", 400}, {"?list=get&name=sub/ok.txt", 200},
				{"?list=get&name=linksub/ok.txt", 200}, {"folder/?list=get&name=pic.png", 404},
				{"folder/?list=get&name=a.txt", 200},
				{"?list&download=zip&name=pub.txt", 404}, {"?list&download=zip&name=linkdir", 404},
				{"?list&download=zip&name=priv", 404}, {"?list&download=zip&name=linkhid", 404},
				{"?list&download=tar.gz&name=linkdir/x.txt", 404},
				{"sub/?list&download=zip&name=../priv", 0},
				{"?list=compare&old=/linkdir/q", 200}, {"?list=compare&old=/linksub/q", 200},
				{"?list=compare&old=/priv/q", 200}, {"?list=compare&old=/sub/q", 200},
				{"?list=compare&old=/sub/../priv/q", 200}, {"?list=compare&with=/sub/../priv", 404},
				{"?list=compare&old=SUB&with=PRIV", 404}, {"?list=compare&old=SUB&with=LINK", 404},
				{"?list=compare&old=LINK&with=SUB&format=json", 400},
				{"?list=compare&old=FOLDER&with=SUB&kind=all", 0},
				{"?list=compare&old=FOLDER&with=SUB&file=../priv/x.txt", 404},
				{"?list=compare&old=FOLDER&with=SUB&file=README.md", 404},
				{"pub.txt?list=view", 404}, {"linkdir/x.txt?list=view", 404}, {"linkhid?list=view", 404},
				{"folder/?list=readme", 404}, {"linkdir/?list=readme", 404}, {"folder/?list", 200},
				{"docs/?list=readme", 200}, {"linkdir/?list", 404}, {"linksub/?list&format=json", 200},
				{"linksub/?list&filter=H", 200}, {"linksub/?list=overview", 200},
				{"linksub/?list&q=H", 200}, {"folder/?list&view=grid", 200}, {"?list&view=grid", 200},
				{"?list=overview&format=json", 200}, {"folder/?list=overview", 200},
				{"linkdir/?list=overview", 404}, {"?list&q=x.txt&format=json", 200},
				{"?list&q=HID&format=json", 200},
			} {
				root := strings.Trim(s.prefix, "/")
				path := func(dir string) string { return strings.TrimSuffix("/"+root, "/") + dir }
				target := strings.NewReplacer("SUB", path("/sub"), "PRIV", path("/priv"), "LINK",
					path("/linkdir"), "FOLDER", path("/folder"), "old=/", "old="+path("/")).Replace(c.target)
				status, body := fetch(t, plainClient, r.url(s.prefix+target))
				if c.status != 0 && status != c.status {
					t.Errorf("%s: %d, want %d", target, status, c.status)
				}
				if strings.Contains(strings.ReplaceAll(body, "q=HID", ""), "HIDDEN") {
					i := strings.Index(body, "HIDDEN")
					t.Errorf("%s shows what is hidden: %s", target, body[max(i-200, 0):i+6])
				}
			}
		})
	}
}

// TestHiddenPack: the pack of a hidden folder is not served where a symbolic link leads to it.
func TestHiddenPack(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "plain")
	files{"priv/a": "a", "ok/a": "a", "linkdir": "-> priv", "linkok": "-> ok",
		"up/linkup": "-> ../priv"}.write(t, plain)
	for _, dir := range []string{"priv", "ok"} {
		files{"x": "content"}.pack(t, filepath.Join(plain, dir, "pack.tar.gz"))
	}
	r := start(t, serve.Options{Fallback: plain, Nested: true, Listing: true,
		HideMore: []string{"/priv/"}})
	for target, want := range map[string]int{"/priv/x": 404, "/linkdir/x": 404, "/up/linkup/x": 404,
		"/linkdir/?list": 404, "/?list=get&name=linkdir/x": 404, "/ok/x": 200, "/linkok/x": 200} {
		if status, _ := fetch(t, plainClient, r.url(target)); status != want {
			t.Errorf("%s: %d, want %d", target, status, want)
		}
	}
}
