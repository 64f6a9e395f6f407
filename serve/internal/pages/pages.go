//go:build !minimal

package pages

import (
	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/archives/browse"
	"github.com/tarpack/tpk/serve/internal/asset"
	"github.com/tarpack/tpk/serve/internal/compare"
	"github.com/tarpack/tpk/serve/internal/fileview"
	"github.com/tarpack/tpk/serve/internal/fileview/document"
	"github.com/tarpack/tpk/serve/internal/fileview/font"
	"github.com/tarpack/tpk/serve/internal/fileview/hex"
	"github.com/tarpack/tpk/serve/internal/fileview/notebook"
	"github.com/tarpack/tpk/serve/internal/fileview/picture"
	"github.com/tarpack/tpk/serve/internal/fileview/player"
	"github.com/tarpack/tpk/serve/internal/fileview/prose"
	"github.com/tarpack/tpk/serve/internal/fileview/table"
	"github.com/tarpack/tpk/serve/internal/fileview/text"
	"github.com/tarpack/tpk/serve/internal/fileview/tree"
	"github.com/tarpack/tpk/serve/internal/getpage"
	"github.com/tarpack/tpk/serve/internal/listing"
	"github.com/tarpack/tpk/serve/internal/plan"
)

// renderers show the contents of files. The first that can show a file is its default.
var renderers = []fileview.Renderer{notebook.Renderer, table.Renderer, prose.Renderer,
	tree.Renderer, picture.Renderer, document.Renderer, player.Renderer, font.Renderer,
	text.Renderer, hex.Renderer}

// sets are the files that pages need.
var sets = []*asset.Set{listing.Assets, getpage.Assets, compare.Assets, fileview.Assets,
	notebook.Assets, table.Assets, tree.Assets, picture.Assets, document.Assets, player.Assets,
	font.Assets, text.Assets, hex.Assets}

// Supported reports whether this build has all pages, and not only plain lists.
const Supported = true

// New returns a function that renders a plan's Body.Listing and makes that the plan's body.
func New(p *plan.Planner) func(*plan.Request, *archives.View, *plan.Plan) error {
	lists, files := listing.New(p), fileview.New(p, renderers...)
	gets := getpage.New(p)
	comparer := compare.New(p)
	memory := browse.NewMemory()
	return func(r *plan.Request, view *archives.View, p *plan.Plan) error {
		v := memory.View(view)
		switch want := p.Body.Listing; {
		case want.Asset != "":
			asset.Show(r, p, sets, want.Asset)
			return nil
		case getpage.Asked(want):
			return gets.Answer(r, v, p)
		case want.View:
			return files.Answer(r, v, p)
		case compare.Asks(want):
			return comparer.Answer(r, v, p)
		}
		return lists.Answer(r, v, p)
	}
}
