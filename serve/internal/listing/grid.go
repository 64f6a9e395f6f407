package listing

import (
	"html/template"
	"path"
	"slices"
	"strings"

	"github.com/tarpack/tpk/serve/internal/archives/browse"
	"github.com/tarpack/tpk/sidecar"
)

// viewGrid is the value of the key view with which a folder is a grid of pictures.
const viewGrid = "grid"

// thumbs are the media types of pictures that all browsers show. Others have an icon in a grid.
var thumbs = []string{"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif",
	"image/svg+xml", "image/bmp", "image/x-icon", "image/vnd.microsoft.icon"}

// isPicture reports whether an item is shown as a picture in a grid.
func isPicture(it *browse.Item) bool {
	return (it.Type == sidecar.TypeFile || it.Type == sidecar.TypeHardlink) && it.Size > 0 &&
		slices.Contains(thumbs, it.Media) && !maybeComplex(it)
}

// maxDrawing is the size in bytes above which a drawing has no tile.
const maxDrawing = 100 << 10

// maybeComplex reports whether a drawing is one that browsers may need long for, all of a grid with
// it. How large an .svgz is when it is unpacked is not known here.
func maybeComplex(it *browse.Item) bool {
	return it.Media == "image/svg+xml" &&
		(it.Size > maxDrawing || strings.EqualFold(path.Ext(it.Path), ".svgz"))
}

// views sets the links to the list, to the grid if the part of the folder has pictures, and to the
// overview if there is one.
func (p *page) views(l *browse.List) {
	q := p.q
	list, grid := *q, *q
	list.grid, grid.grid = false, true
	views := []scope{{p.AsList, template.URL(list.link(q.order, q.down, q.offset)), !q.grid}}
	if q.grid || slices.ContainsFunc(l.Items, func(it browse.Item) bool { return isPicture(&it) }) {
		views = append(views,
			scope{p.AsGrid, template.URL(grid.link(q.order, q.down, q.offset)), q.grid})
	}
	if l.Tree.Entries > 0 {
		views = append(views, scope{p.Overviews, "./?list=" + listOverview, false})
	}
	if len(views) > 1 {
		p.Views = views
	}
}
