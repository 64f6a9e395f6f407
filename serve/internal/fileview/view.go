package fileview

import (
	"bytes"
	"net/url"
	"strings"

	"github.com/tarpack/tpk/serve/internal/archives/browse"
	"github.com/tarpack/tpk/serve/internal/listing"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/textenc"
)

// Viewer renders the pages of files.
type Viewer struct {
	planner   *plan.Planner
	renderers []Renderer
}

// New returns a Viewer with some Renderers, the default of a file first.
func New(p *plan.Planner, renderers ...Renderer) *Viewer { return &Viewer{p, renderers} }

// Answer renders the plan's Body.Listing, the page of a file, and makes that the plan's body.
func (w *Viewer) Answer(r *plan.Request, v *browse.View, p *plan.Plan) error {
	want := p.Body.Listing
	query, err := url.ParseQuery(want.Query)
	if err != nil {
		p.ShowBad("the query is malformed")
		return nil
	}
	f, err := w.open(v, want, query)
	if err != nil {
		return err
	}
	f.Texts = listing.TextsFor(r)
	var crumbs []listing.Crumb
	crumbs, f.Root = f.Texts.FileCrumbs(f.Path, v.Title())
	page := &page{File: f, Frame: listing.NewFrame(f.Texts, f.Root)}
	page.Frame.Crumbs = crumbs
	if !page.offer(w.renderers) {
		p.ShowBad("as is not a way to show files")
		return nil
	}
	if err := page.render(); err != nil {
		return err
	}
	page.describe(w.planner.Downloads(), v.Title())
	var b bytes.Buffer
	if err := pageTemplate.Get().Execute(&b, page); err != nil {
		return err
	}
	listing.Show(r, p, plan.Shown{Type: "text/html; charset=utf-8",
		Fields: listing.FieldsAllowing(page.Content.Allow)}, b.Bytes())
	return nil
}

// open returns the file that a page is wanted of, with the beginning of its content.
func (w *Viewer) open(v *browse.View, want *plan.Listing, query url.Values) (*File, error) {
	n := want.Node
	f := &File{Path: want.Path, Name: want.Path[strings.LastIndexByte(want.Path, '/')+1:],
		Media: w.planner.ServedType(want.Path, &n), Size: n.Size, Query: query, view: v, node: n}
	f.Raw = string(plan.AppendHref([]byte("./"), f.Name))
	var err error
	if f.about, err = v.About(want.Path, &n, w.planner.Hidden); err != nil {
		return nil, err
	}
	if f.Head, err = v.ReadFile(&f.node, headLength); err != nil {
		return nil, err
	}
	f.Encoding = textenc.Detect(f.Head, int64(len(f.Head)) < f.Size, f.Media)
	return f, nil
}
