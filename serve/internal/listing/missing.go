package listing

import (
	"html/template"
	"strings"

	"github.com/tarpack/tpk/serve/internal/plan"
)

// showMissing answers with the page of a path that names nothing. Its last name is ready to be
// searched for. title is the title of the archive at the root, or "".
func showMissing(r *plan.Request, p *plan.Plan, title string) error {
	want := p.Body.Listing
	g := newPage(&request{up: want.Root, limit: defaultRows}, textsFor(r))
	home := g.Home
	if title != "" {
		home = readable(title)
	}
	root := template.URL(want.Root)
	g.Action, g.Here = root, g.NotFound
	near := above(want, home)
	g.Crumbs = near
	g.Heading, g.Title = g.NotFound, g.NotFound+" · "+home
	g.Query = strings.ToValidUTF8(want.Path[strings.LastIndexByte(want.Path, '/')+1:], "\ufffd")
	last := near[len(near)-1]
	g.UpText, g.UpHref, g.Nothing = fill(g.Back, last.Name), last.Href, g.NothingHere
	if want.Path != "" {
		g.Notes = []string{"/" + readable(want.Path)}
	}
	b, err := g.execute()
	if err != nil {
		return err
	}
	Show(r, p, plan.Shown{Type: "text/html; charset=utf-8", Fields: PageFields, Missing: true}, b)
	return nil
}

// above returns the root, called home, and the folders down to the nearest one above a path that
// names nothing, with references from there.
func above(want *plan.Listing, home string) []crumb {
	all := []crumb{{home, template.URL(want.Root)}}
	if want.Near == "" {
		return all
	}
	up := want.Root
	for name := range strings.SplitSeq(want.Near, "/") {
		if up = strings.TrimPrefix(up, "../"); up == "" {
			up = "./"
		}
		all = append(all, crumb{readable(name), template.URL(up)})
	}
	return all
}
