package respond

import (
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/serve/internal/basicauth"
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
		Limits: limit.Limits{Searches: limit.NewShares(1, 2)}}
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

// TestShareOfPasswords: if as many passwords of a client wait as it may have, further ones are
// refused. Those of other clients, and those that are known, are not.
func TestShareOfPasswords(t *testing.T) {
	name := filepath.Join(t.TempDir(), "users")
	sum := sha1.Sum([]byte("right"))
	line := "a:{SHA}" + base64.StdEncoding.EncodeToString(sum[:]) + "\n"
	if err := os.WriteFile(name, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	users, err := basicauth.Open(name, func(text string) { t.Error(text) })
	if err != nil {
		t.Fatal(err)
	}
	r := &Responder{Users: users, Passwords: limit.NewSlots(1)}
	ask := func(client, password string) (*Exchange, error) {
		x := &Exchange{Address: netip.MustParseAddr(client)}
		x.Authorization = "Basic " + base64.StdEncoding.EncodeToString([]byte("a:"+password))
		return x, r.admit(x)
	}
	for range 3 { // one after the other is allowed
		if x, err := ask("192.0.2.1", "wrong"); err != nil || x.Access != plan.Denied {
			t.Error(x.Access, err)
		}
	}
	r.Passwords.Take(limit.Key(netip.MustParseAddr("192.0.2.1")))
	for _, password := range []string{"wrong", "right"} {
		if _, err := ask("192.0.2.1", password); !errors.Is(err, basicauth.ErrBusy) {
			t.Error(password, err)
		}
	}
	for _, client := range []string{"192.0.2.2", "192.0.2.1"} { // now it is known
		if x, err := ask(client, "right"); err != nil || x.Access != plan.Private {
			t.Error(client, x.Access, err)
		}
	}
}
