package compare

import (
	"bytes"
	"errors"
	"io/fs"
	"time"

	"github.com/tarpack/tpk/serve/internal/archives/browse"
	"github.com/tarpack/tpk/serve/internal/listing"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/turns"
)

// diffing limits how many files are compared by line at the same time. Each keeps a processor busy,
// for up to 2 s if they are hostile.
var diffing = turns.Half()

// diffTime is how long a request waits for its turn to compare a file. A test shortens it.
var diffTime = 5 * time.Second

// Comparer renders comparisons.
type Comparer struct{ planner *plan.Planner }

// New returns a Comparer that shows what the planner would answer.
func New(p *plan.Planner) *Comparer { return &Comparer{p} }

// Answer renders the plan's Body.Listing, for which Asks is true, and makes that the plan's body.
func (w *Comparer) Answer(r *plan.Request, v *browse.View, p *plan.Plan) error {
	q, err := parse(p.Body.Listing)
	if err != nil {
		p.ShowBad(err.Error())
		return nil
	}
	a := &answer{w: w, q: q, v: v, t: listing.TextsFor(r)}
	done, err := a.compare()
	defer done()
	switch a.busy = errors.Is(err, browse.ErrBusyComparing); {
	case a.busy:
		a.c = nil
	case errors.Is(err, fs.ErrNotExist):
		p.ShowNothing()
		return nil
	case err != nil && !errors.As(err, &a.refused):
		return err
	}
	b, err := a.render()
	if err != nil {
		return err
	}
	s := plan.Shown{Type: "text/html; charset=utf-8", Fields: listing.PageFields,
		Missing: a.refused != nil, Busy: a.busy}
	if q.json {
		s = plan.Shown{Type: "application/json"}
	}
	switch {
	case q.json && a.busy:
		p.ShowBusy(browse.ErrBusyComparing.Error())
		return nil
	case q.json && a.c == nil:
		p.ShowBad(a.why())
		return nil
	}
	listing.Show(r, p, s, b)
	return nil
}

// compare compares the folders of the request. If it is for a file, compare takes a turn to compare
// its lines, which done gives back. Others do not wait for the servers of its archives.
func (a *answer) compare() (done func(), err error) {
	done = func() {}
	if !a.q.chosen {
		return done, nil
	}
	if a.c, err = a.v.Compare(a.q.old, a.q.new, a.w.planner.Hidden); err != nil || a.q.file == "" {
		return done, err
	}
	if a.d, err = a.pair(); err == nil {
		err = a.c.Fetch(a.d, maxText)
	}
	if err != nil {
		return done, err
	}
	turn, err := diffing.TakeWithin(a.v.Context(), diffTime, browse.ErrBusyComparing)
	if err != nil {
		return done, err
	}
	return turn, nil
}

// answer is what one request gets.
type answer struct {
	w       *Comparer
	q       *request
	v       *browse.View
	t       *listing.Texts
	c       *browse.Comparison // nil if there is nothing to compare
	d       *browse.Pair       // of a request for a file
	refused *browse.SideError
	busy    bool
}

// why returns why there is no comparison, for programs.
func (a *answer) why() string {
	if a.refused != nil {
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
	err := templates.Get().ExecuteTemplate(&b, name, page)
	return b.Bytes(), err
}
