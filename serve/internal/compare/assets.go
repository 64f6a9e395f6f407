package compare

import (
	"embed"

	"github.com/tarpack/tpk/serve/internal/asset"
	"github.com/tarpack/tpk/serve/internal/listing"
)

//go:embed assets
var files embed.FS

// Assets are the files that pages of this package need.
var Assets = &asset.Set{Files: &files, Dir: "assets", Names: []string{"compare.css"}}

var templates = &listing.Template{Files: &files, Names: []string{"assets/*.html"}}
