package fileview

import (
	"embed"
	"html/template"
	"sync"

	"github.com/tarpack/tpk/serve/internal/asset"
)

//go:embed assets
var files embed.FS

var assets = asset.New(files, "assets", "view.css", "view.js")

var pageTemplate = sync.OnceValue(
	func() *template.Template { return template.Must(template.ParseFS(files, "assets/file.html")) })
