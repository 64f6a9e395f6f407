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

// held is the slot that an Exchange has, until letGo.
type held struct {
	slots interface{ Give(client uint64) } // nil if it has none
	key   uint64
}

// letGo gives back what bound has taken.
func (x *Exchange) letGo() {
	if x.held.slots != nil {
		x.held.slots.Give(x.held.key)
		x.held = held{}
	}
}

// bound takes what a download or a search needs to begin. If that is taken, it plans a refusal.
func (r *Responder) bound(x *Exchange) {
	b := &x.Plan.Body
	switch {
	case b.Kind == plan.ListingBody && r.Limits.Searches != nil && costly(b.Listing):
		client := r.client(x)
		switch r.Limits.Searches.Take(client) {
		case limit.Taken:
			x.held = held{r.Limits.Searches, client}
		case limit.ClientFull:
			r.refuse(x, record.SearchLimit)
		case limit.AllFull:
			x.Release()
			r.Stats.Limited(record.AllSearches)
			r.Planner.Unavailable(&x.Request, &x.Plan, plan.RetrySoon)
		}
	case b.Node.Kind == plan.Download && x.Plan.Sends() && r.Limits.Downloads != nil:
		client := r.client(x)
		switch {
		case client == 0:
		case r.Limits.Downloads.Take(client):
			x.held = held{r.Limits.Downloads, client}
		default:
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
