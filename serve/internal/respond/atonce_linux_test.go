package respond_test

import (
	"os"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/respond"
	"github.com/tarpack/tpk/serve/internal/servetest"
)

// TestAtOnceOverwritten: an answer is made at once, but not if the archive is written over after it
// was planned. Answers that are checked together are checked after that.
func TestAtOnceOverwritten(t *testing.T) {
	name := servetest.Archive(t, map[string]string{"a.txt": "content"})
	archive, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	r := servetest.ResponderOf(t, name, plan.Options{})
	exchange := func() *respond.Exchange {
		x := respond.NewExchange()
		x.Begin(time.Now())
		x.Method, x.Target = "GET", "/a.txt"
		return x
	}
	first := exchange()
	r.Prepare(first) // reads the file
	r.AppendHead(first, respond.Persist)
	if !r.AppendBody(first) || first.Plan.Status != 200 {
		t.Fatal(first.Plan.Status)
	}
	r.Finish(first, first.Plan.Length)
	prepare := func() *respond.Exchange {
		x := exchange()
		if !r.PrepareAtOnce(x) {
			t.Fatal("not at once")
		}
		return x
	}
	if x := prepare(); !x.BodyAtOnce() {
		t.Error("an archive that has not changed")
	} else {
		x.Release()
	}

	alone, together := prepare(), []*respond.Exchange{prepare(), prepare()}
	var checks respond.Checks
	for _, x := range together {
		if !x.BodyUnchecked() || !x.Unchanged(&checks) {
			t.Fatal("not at once")
		}
	}
	if err := os.WriteFile(name, archive, 0o644); err != nil {
		t.Fatal(err)
	}
	if alone.BodyAtOnce() {
		t.Error("the archive was written over")
	}
	checks = respond.Checks{}
	for i, x := range together {
		if x.Unchanged(&checks) {
			t.Errorf("answer %d: the archive was written over", i)
		}
	}
	for _, x := range append(together, alone) {
		x.Release()
	}
}
