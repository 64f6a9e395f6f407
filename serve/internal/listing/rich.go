package listing

import (
	"github.com/tarpack/tpk/serve/internal/archives/browse"
	"github.com/tarpack/tpk/serve/internal/plan"
)

// rich is the renderer of pages with styles, scripts, pictures and all else.
type rich struct{}

func (rich) list(r *plan.Request, q *request, f found) ([]byte, string, error) {
	b, err := render(q, textsFor(r), f)
	return b, PageFields, err
}

func (rich) missing(r *plan.Request, p *plan.Plan, title string) error {
	return showMissing(r, p, title)
}

func (rich) overview(l *Lister, r *plan.Request, v *browse.View, p *plan.Plan,
	q *request) error {
	return l.showOverview(r, v, p, q, p.Body.Listing.JSON)
}

func (rich) readme(l *Lister, r *plan.Request, v *browse.View, p *plan.Plan, q *request) error {
	return l.showReadme(r, v, p, q)
}
