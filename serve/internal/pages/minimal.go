//go:build minimal

package pages

import (
	"net/url"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/archives/browse"
	"github.com/tarpack/tpk/serve/internal/listing"
	"github.com/tarpack/tpk/serve/internal/plan"
)

// Supported reports whether this build has all pages, and not only plain lists.
const Supported = false

// New returns a function that renders a plan's Body.Listing and makes that the plan's body. Pages
// other than lists are not there.
func New(p *plan.Planner) func(*plan.Request, *archives.View, *plan.Plan) error {
	lists, memory := listing.NewPlain(p), browse.NewMemory()
	return func(r *plan.Request, v *archives.View, p *plan.Plan) error {
		switch want := p.Body.Listing; {
		case want.Asset != "":
			p.ShowNothing()
			return nil
		case want.View, asksMore(want):
			p.ShowBad(listing.MissingPage)
			return nil
		}
		return lists.Answer(r, memory.View(v), p)
	}
}

// asksMore reports whether a query asks for a page of packages getpage or compare.
func asksMore(want *plan.Listing) bool {
	values, err := url.ParseQuery(want.Query)
	if err != nil || want.Missing {
		return false // the list reports it
	}
	page := values.Get("list")
	return page == "get" || page == "compare"
}
