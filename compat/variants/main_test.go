// Package variants checks variants files with the decoders of others, and the command while it is
// killed or one of its calls fails.
package variants

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

func TestMain(m *testing.M) { os.Exit(fixture.Main(m)) }

// menu has the entries of the menu that each page has.
const menu = "archives blocks codings dictionaries entries files groups headers indexes jobs " +
	"keys links members names offsets paths queries records sections tables units values words zeros"

// page returns a web page, which has a frame that all have, and words of its own.
func page(number int) string {
	var b strings.Builder
	b.WriteString("<!doctype html><html><head><title>A page of the manual</title>" +
		"<link rel=stylesheet href=style.css></head><body><nav><a href=index.html>Contents</a></nav>")
	for _, word := range strings.Fields(menu) {
		fmt.Fprintf(&b, "<li class=menu><a href=%s.html title=%q>%s</a>", word, "All about "+word, word)
	}
	for i := range 80 {
		fmt.Fprintf(&b, "<p class=entry><a href=#w%d>word %x</a></p>", number*i*7919%4001,
			number*(i+3)*2654435761%997)
	}
	b.WriteString("<footer>Nobody has written this. See the license, which is elsewhere.</footer>")
	return b.String()
}

// site packs pages and a script, and returns the archive's name.
func site(t *testing.T, pages int) string {
	t.Helper()
	tree := trees.Tree{trees.File("script.js", strings.Repeat("function f() { return 1 }\n", 99))}
	for i := range pages {
		tree = append(tree, trees.File(fmt.Sprintf("page%02d.html", i), page(i+1)))
	}
	src, archive := filepath.Join(tools.Dir(t), "tree"), filepath.Join(tools.Dir(t), "x.tar.gz")
	fixture.WriteTree(t, tree, src)
	fixture.Pack(t, src, archive)
	return archive
}
