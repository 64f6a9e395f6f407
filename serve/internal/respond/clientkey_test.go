package respond_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/respond"
	"github.com/tarpack/tpk/serve/internal/servetest"
)

// TestClientOfPages: the work for a page has the turns of its client, as the limits know it.
func TestClientOfPages(t *testing.T) {
	r := servetest.Responder(t, map[string]string{"a": "a"}, plan.Options{Listing: true})
	key := uint64(0)
	r.Lister = func(_ *plan.Request, v *archives.View, _ *plan.Plan) error {
		key = v.ClientKey
		return nil
	}
	for address, want := range map[string]uint64{
		"192.0.2.1": 1<<32 | 0xc0000201, "192.0.2.9": 1<<32 | 0xc0000209,
		"2001:db8::1": 0x20010db8 << 32, "2001:db8::9": 0x20010db8 << 32, "": 0,
	} {
		x := respond.NewExchange()
		x.Begin(time.Now())
		x.Address, _ = netip.ParseAddr(address)
		x.Method, x.Target = "GET", "/?list"
		r.Prepare(x)
		x.Release()
		if key != want {
			t.Errorf("%s: %x, want %x", address, key, want)
		}
	}
}
