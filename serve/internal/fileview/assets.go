package fileview

import (
	"embed"
	"html/template"

	"github.com/tarpack/tpk/serve/internal/asset"
	"github.com/tarpack/tpk/serve/internal/listing"
)

//go:embed assets
var files embed.FS

// Assets are the files that pages of this package need.
var Assets = &asset.Set{Files: &files, Dir: "assets", Names: []string{
	"view.css", "view.js+shared/copy.js+shared/times.js", "ranges.js", "scroller.js"}}

var pageTemplate = &listing.Template{Files: &files, Names: []string{"assets/file.html"}}

// RangeScripts returns references to the scripts that read a plain file by ranges and show parts of
// it: ranges.js and scroller.js. root is the reference to the root of the server.
func RangeScripts(root string) []template.URL {
	return []template.URL{Assets.URL(root, "ranges.js"), Assets.URL(root, "scroller.js")}
}
