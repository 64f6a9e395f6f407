package compare

import (
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/archives/browse"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/respond"
	"github.com/tarpack/tpk/serve/internal/servetest"
	"github.com/tarpack/tpk/serve/internal/turns"
)

// TestBusy: while others compare files, a page and JSON are a 503 with the reason, and afterwards
// they are there.
func TestBusy(t *testing.T) {
	beforeTurns, beforeTime := diffing, diffTime
	defer func() { diffing, diffTime = beforeTurns, beforeTime }()
	diffing, diffTime = turns.New(1), time.Millisecond
	r := servetest.Responder(t, map[string]string{"a/x": "one\n", "b/x": "two\n"},
		plan.Options{Listing: true})
	r.Lister = func(q *plan.Request, v *archives.View, p *plan.Plan) error {
		return New(r.Planner).Answer(q, browse.NewMemory().View(v), p)
	}
	ask := func(query string, status int, want string) {
		t.Helper()
		x := respond.NewExchange()
		x.Begin(time.Now())
		x.Method, x.Target = "GET", "/a/?list=compare&with=/b"+query
		r.Prepare(x)
		defer x.Release()
		body, fields := x.Plan.Body.Text, string(x.Plan.AppendFields(nil))
		if x.Plan.Status != status || !strings.Contains(body, want) ||
			strings.Contains(fields, "Retry-After: 5\r\n") != (status == 503) {
			t.Errorf("%s: %d\n%s\n%s", query, x.Plan.Status, fields, body)
		}
	}
	done, err := diffing.Take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const why = "503 Service Unavailable: comparing takes too long: try again in a moment"
	ask("&file=x", 503, "Comparing takes too long now.")
	ask("&file=x&format=json", 503, why)
	ask("", 200, "</html>") // needs no turn
	done()
	ask("&file=x", 200, "two")
	ask("&file=x&format=json", 200, `"edits"`)
}
