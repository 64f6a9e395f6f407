package listing

import (
	"embed"

	"github.com/tarpack/tpk/serve/internal/asset"
)

//go:embed assets
var files embed.FS

// Assets are the files that folder pages need. Other pages use them, too.
var Assets = &asset.Set{Files: &files, Dir: "assets", Names: []string{
	"icon.svg", "icons.svg", "list.css+pick.css", "grid.css", "overview.css", "code.css",
	"whole.js", "preview.js", "pickmany.js", "found.js", "list.js+pick.js+shared/times.js"}}
