package listing

import (
	"html/template"
	"strings"

	"github.com/tarpack/tpk/serve/internal/plan"
)

// showMissing answers with the page of a path that names nothing. Its last name is ready to be
// searched for. title is that of the archive at the root, or "".
func showMissing(r *plan.Request, p *plan.Plan, title string) error {
	want := p.Body.Listing
	g := newPage(&request{up: want.Root, limit: defaultRows}, textsFor(r))
	home := g.Home
	if title != "" {
		home = readable(title)
	}
	root := template.URL(want.Root)
	g.Action, g.Crumbs, g.Here = root, []crumb{{home, root}}, g.NotFound
	g.Heading, g.Title = g.NotFound, g.NotFound+" · "+home
	g.Query = strings.ToValidUTF8(want.Path[strings.LastIndexByte(want.Path, '/')+1:], "\ufffd")
	g.UpText, g.UpHref, g.Nothing = fill(g.Back, home), root, g.NothingHere
	b, err := g.execute()
	if err != nil {
		return err
	}
	Show(r, p, plan.Shown{Type: "text/html; charset=utf-8", Fields: PageFields, Missing: true}, b)
	return nil
}
