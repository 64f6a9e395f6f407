package respond

import "github.com/tarpack/tpk/serve/internal/plan"

// PrepareAtOnce plans the answer if that needs nothing but memory. If it returns false, x must be
// released.
func (r *Responder) PrepareAtOnce(x *Exchange) bool {
	x.view.Instant, x.view.NoVariants = true, false
	err := r.plan(x)
	x.view.Instant = false
	kind := x.Plan.Body.Kind
	return err == nil && kind != plan.ListingBody && kind != plan.InflatedBody && x.Plan.Status != 400
}

// BodyAtOnce appends a short body to Out, or returns false if it would have to be waited for, or
// may be another generation's.
func (x *Exchange) BodyAtOnce() bool {
	var checks Checks
	return x.BodyUnchecked() && x.Unchanged(&checks)
}

// BodyUnchecked is BodyAtOnce for an answer that is checked together with others. Before any of it
// is sent, Unchanged must have returned true.
func (x *Exchange) BodyUnchecked() bool {
	b := &x.Plan.Body
	if b.Kind == plan.SpanBody && x.Plan.Sends() {
		x.view.BeginBody(&b.Node)
	}
	switch {
	case !x.Plan.Sends():
		return true
	case b.Length > ShortBody || x.Plan.Length > ShortBody:
		return false
	case b.Kind == plan.TextBody:
		x.Out = append(x.Out, b.Text...)
		return true
	case b.Kind == plan.VariantBody:
		return x.view.ReadVariantNow(b, x.Plan.Encoding, x.room(b.Length))
	case b.Kind != plan.SpanBody:
		return false
	}
	body := x.room(b.Length)
	if x.member(body) {
		return true
	}
	if !x.view.ReadInstantly(&b.Node, body, b.Offset) || x.damaged(body) {
		return false
	}
	if x.WholeMember() {
		x.view.Note(&b.Node)
	}
	return true
}
