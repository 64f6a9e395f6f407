package respond

import "github.com/tarpack/tpk/serve/internal/plan"

// PrepareAtOnce plans the answer if that needs nothing but memory. If it returns false, x must be
// released.
func (r *Responder) PrepareAtOnce(x *Exchange) bool {
	x.view.Instant = true
	err := r.plan(x)
	x.view.Instant = false
	kind := x.Plan.Body.Kind
	return err == nil && kind != plan.ListingBody && kind != plan.InflatedBody && x.Plan.Status != 400
}

// BodyAtOnce returns a short body that lies in mapped memory, or appends it to Out and returns nil.
// If the body would have to be waited for, ok is false. Mapped memory must not be read, only given
// to the kernel: see archives.View.Member.
func (x *Exchange) BodyAtOnce() (mapped []byte, ok bool) {
	b := &x.Plan.Body
	switch {
	case !x.Plan.Sends():
		return nil, true
	case b.Kind == plan.TextBody:
		x.Out = append(x.Out, b.Text...)
		return nil, true
	case b.Kind != plan.SpanBody || b.Length > ShortBody:
		return nil, false
	}
	if member := x.Member(); member != nil {
		return member, true
	}
	body := x.room(b.Length)
	if !x.view.ReadInstantly(&b.Node, body, b.Offset) || x.damaged(body) {
		return nil, false
	}
	if x.WholeMember() {
		x.view.Note(&b.Node)
	}
	return nil, true
}
