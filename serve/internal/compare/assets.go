package compare

import (
	"embed"

	"github.com/tarpack/tpk/serve/internal/asset"
	"github.com/tarpack/tpk/serve/internal/listing"
)

//go:embed assets
var files embed.FS

var assets = asset.New(files, "assets", "compare.css")

var templates = listing.Template(files, "assets/*.html")
