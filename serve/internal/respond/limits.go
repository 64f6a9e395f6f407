package respond

import (
	"net/url"

	"github.com/tarpack/tpk/serve/internal/limit"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/record"
)

// Admit counts a request for its client, after Meet. It must be called once for each request.
func (r *Responder) Admit(x *Exchange) { x.Wait = r.wait(x) }

// wait returns how many seconds the client must wait before it may ask.
func (r *Responder) wait(x *Exchange) int {
	if r.Limits.Requests == nil {
		return 0
	}
	client := r.client(x)
	if client == 0 {
		return 0
	}
	return r.Limits.Requests.Take(client, x.Began)
}

// client returns the key of the client, or 0 if it has no limits: if its address is not known, or
// is a proxy's.
func (r *Responder) client(x *Exchange) uint64 {
	if r.Unlimited.Contains(x.Address) || r.Trust.Contains(x.Address) {
		return 0
	}
	return limit.Key(x.Address)
}

// held is a slot that an Exchange has.
type held struct {
	slots *limit.Slots
	key   uint64
}

// hold takes a slot for the Exchange, until letGo. It returns false if all are taken.
func (x *Exchange) hold(s *limit.Slots, key uint64) bool {
	if s == nil || key == 0 {
		return true
	}
	if !s.Take(key) {
		return false
	}
	x.held = append(x.held, held{s, key})
	return true
}

// letGo gives back what hold has taken.
func (x *Exchange) letGo() {
	for _, h := range x.held {
		h.slots.Give(h.key)
	}
	x.held = x.held[:0]
}

// bound takes what a download or a search needs to begin. If that is taken, it plans a refusal.
func (r *Responder) bound(x *Exchange) {
	b := &x.Plan.Body
	client := uint64(0)
	switch {
	case b.Kind == plan.ListingBody && costly(b.Listing):
		if client = r.client(x); !x.hold(r.Limits.Searches, client) {
			r.refuse(x, record.SearchLimit)
		} else if !x.hold(r.Limits.All, limit.Everybody) {
			x.Release()
			r.Stats.Limited(record.AllSearches)
			r.Planner.Unavailable(&x.Request, &x.Plan, plan.RetrySoon)
		}
	case b.Node.Kind == plan.Download && x.Plan.Sends() && r.Limits.Downloads != nil:
		if !x.hold(r.Limits.Downloads, r.client(x)) {
			r.refuse(x, record.DownloadLimit)
		}
	}
}

// refuse makes the answer a 429.
func (r *Responder) refuse(x *Exchange, kind int) {
	x.Release()
	r.Stats.Limited(kind)
	r.Planner.TooMany(&x.Request, &x.Plan, max(x.Wait, 1))
}

// costly reports whether a page is a search, a comparison or an overview, for which much is read.
func costly(l *plan.Listing) bool {
	if l.Asset != "" || l.Missing || l.Query == "" {
		return false
	}
	q, err := url.ParseQuery(l.Query)
	return err == nil && (q.Get("q") != "" || q.Get("filter") != "" || q.Get("list") == "compare" ||
		q.Get("list") == "overview")
}
