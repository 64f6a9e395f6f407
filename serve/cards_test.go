package serve_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// card matches the card of a mount: its path and all that is in it.
var card = regexp.MustCompile(`(?s)<a[^>]* href="\./([a-z]+)/[^"]*".*?</li>`)

// TestCardsOfOneArchive: an archive that is mounted several times has the description of each
// mount, without what is hidden there, whichever was asked for first.
func TestCardsOfOneArchive(t *testing.T) {
	name := files{"README.md": "Words of the README.", "README.txt": "Words of the text.",
		"index.html": "<title>Words of the title</title>", "d/x": "x"}.pack(t,
		filepath.Join(t.TempDir(), "a.tar.gz"))
	for _, mounts := range [][]string{{"all", "less", "none"}, {"none", "less", "all"}} {
		var o serve.Options
		for _, m := range mounts {
			o.Archives = append(o.Archives, serve.Archive{Path: name, Mount: m})
		}
		o.Listing = true
		o.HideMore = []string{"less/README.md", "none/README.*", "none/index.html"}
		c := clients(t, o)[0]
		for range 2 { // the second page has what was remembered
			_, page := c.do(t, "GET", "/")
			found := map[string]string{}
			for _, m := range card.FindAllStringSubmatch(page, -1) {
				found[m[1]] = m[0]
			}
			for mount, want := range map[string]string{"all": "Words of the README.",
				"less": "Words of the text.", "none": ""} {
				text := found[mount]
				if want != "" && !strings.Contains(text, want) ||
					strings.Count(text, "Words of") != strings.Count(want, "Words of") {
					t.Errorf("%s: %s", mount, text)
				}
			}
		}
	}
}
