package compare

import (
	"embed"
	"html/template"
	"sync"

	"github.com/tarpack/tpk/serve/internal/asset"
)

//go:embed assets
var files embed.FS

var assets = asset.New(files, "assets", "compare.css")

var templates = sync.OnceValue(func() *template.Template {
	return template.Must(template.ParseFS(files, "assets/*.html"))
})
