package compare

import (
	"bytes"
	"errors"
	"io/fs"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/listing"
	"github.com/tarpack/tpk/serve/internal/plan"
)

// Comparer renders comparisons.
type Comparer struct{ planner *plan.Planner }

// New returns a Comparer that shows what the planner would answer.
func New(p *plan.Planner) *Comparer { return &Comparer{p} }

// Answer renders the plan's Body.Listing, for which Asks is true, and makes that the plan's body.
func (w *Comparer) Answer(r *plan.Request, v *archives.View, p *plan.Plan) error {
	q, err := parse(p.Body.Listing)
	if err != nil {
		p.ShowBad(err.Error())
		return nil
	}
	a := &answer{w: w, q: q, v: v, t: listing.TextsFor(r)}
	if q.chosen {
		a.c, err = v.Compare(q.old, q.new, w.planner.Hidden)
	}
	if !errors.As(err, &a.refused) && !errors.Is(err, archives.ErrBusyComparing) && err != nil {
		return err
	}
	a.busy = errors.Is(err, archives.ErrBusyComparing)
	b, err := a.render()
	if errors.Is(err, fs.ErrNotExist) {
		p.ShowNothing()
		return nil
	}
	if err != nil {
		return err
	}
	s := plan.Shown{Type: "text/html; charset=utf-8", Fields: listing.PageFields,
		Missing: a.refused != nil || a.busy}
	if q.json {
		s = plan.Shown{Type: "application/json"}
	}
	if q.json && a.c == nil {
		p.ShowBad(a.why())
		return nil
	}
	listing.Show(r, p, s, b)
	return nil
}

// answer is what one request gets.
type answer struct {
	w       *Comparer
	q       *request
	v       *archives.View
	t       *listing.Texts
	c       *archives.Comparison // nil if there is nothing to compare
	refused *archives.SideError
	busy    bool
}

// why returns why there is no comparison, for programs.
func (a *answer) why() string {
	switch {
	case a.busy:
		return archives.ErrBusyComparing.Error()
	case a.refused != nil:
		return listing.Readable(a.refused.Error())
	}
	return "with is the path of the folder to compare with"
}

func (a *answer) render() ([]byte, error) {
	switch {
	case a.q.json && a.c == nil:
		return nil, nil
	case a.q.json && a.q.file != "":
		return a.fileJSON()
	case a.q.json:
		return a.json()
	case a.c != nil && a.q.file != "":
		return a.file()
	}
	return a.page()
}

// execute renders a template.
func execute(name string, page any) ([]byte, error) {
	var b bytes.Buffer
	err := templates().ExecuteTemplate(&b, name, page)
	return b.Bytes(), err
}
