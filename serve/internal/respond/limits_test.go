package respond

import (
	"net/netip"
	"testing"

	"github.com/tarpack/tpk/serve/internal/limit"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/record"
)

// TestBoundedSearches: a search has a slot of its client and one of all, until it is released.
func TestBoundedSearches(t *testing.T) {
	planner, err := plan.New(plan.Options{Listing: true})
	if err != nil {
		t.Fatal(err)
	}
	r := &Responder{Planner: planner,
		Limits: limit.Limits{Searches: limit.NewSlots(1), All: limit.NewSlots(2)}}
	ask := func(client, query string) *Exchange {
		x := &Exchange{Address: netip.MustParseAddr(client)}
		x.Plan.Body = plan.Body{Kind: plan.ListingBody, Listing: &plan.Listing{Query: query}}
		r.bound(x)
		return x
	}
	const search = "list&q=x"
	one := ask("192.0.2.1", search)
	for _, c := range []struct {
		client, query string
		status        int
	}{
		{"192.0.2.1", search, 429}, {"192.0.2.1", "list=compare&with=a", 429},
		{"192.0.2.1", "list", 0},
		{"192.0.2.1", "list=overview", 429}, {"192.0.2.1", "list&filter=x", 429},
		{"192.0.2.2", search, 0},
	} {
		x := ask(c.client, c.query)
		if x.Plan.Status != c.status {
			t.Errorf("%v: %d", c, x.Plan.Status)
		}
		if c.client == "192.0.2.2" {
			if third := ask("192.0.2.3", search); third.Plan.Status != 503 {
				t.Error("of all:", third.Plan.Status)
			}
		}
		x.Release()
	}
	one.Release()
	if x := ask("192.0.2.1", search); x.Plan.Status != 0 ||
		r.Stats.LimitedBy(record.AllSearches) != 1 ||
		r.Stats.LimitedBy(record.SearchLimit) != 4 {
		t.Error("after the release:", x.Plan.Status)
	}
}
