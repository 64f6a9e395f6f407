package notebook

import (
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve/internal/fileview"
	"github.com/tarpack/tpk/serve/internal/listing"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/turns"
)

func many(element string, n int) string {
	return strings.TrimSuffix(strings.Repeat(element+",", n), ",")
}

func TestOutputLimits(t *testing.T) {
	out := `{"output_type":"stream","text":"a"}`
	for _, c := range []struct {
		name          string
		cells, each   int
		all, cut      int
		first, inLast int
	}{
		{"few", 2, 3, 6, 0, 3, 3},
		{"as many as a cell may have", 1, maxOutputs, maxOutputs, 0, maxOutputs, maxOutputs},
		{"more than a cell may have", 2, maxOutputs + 1, 2 * maxOutputs, 2, maxOutputs, maxOutputs},
		{"more than a list keeps", 1, MaxCells + 1, maxOutputs, 1, maxOutputs, maxOutputs},
		{"more than a notebook may have", 7, 800, maxAllOutputs, 1, 800, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			cell := `{"cell_type":"code","outputs":[` + many(out, c.each) + `]}`
			n, err := Parse([]byte(`{"nbformat":4,"cells":[` + many(cell, c.cells) + `]}`))
			if err != nil {
				t.Fatal(err)
			}
			all, cut := 0, 0
			for _, cell := range n.Cells {
				all += len(cell.Outputs)
				if cell.Cut {
					cut++
				}
			}
			if last := len(n.Cells[c.cells-1].Outputs); all != c.all || cut != c.cut ||
				len(n.Cells[0].Outputs) != c.first || last != c.inLast {
				t.Errorf("%d outputs in %d cells, %d cut, %d in the last", all, len(n.Cells), cut, last)
			}
		})
	}
}

// What is beyond the limits takes no memory but that of the text.
func TestMemory(t *testing.T) {
	const n = 500_000
	for name, s := range map[string]string{
		"cells":   `{"nbformat":4,"cells":[` + many("{}", n) + `]}`,
		"sheets":  `{"nbformat":3,"worksheets":[` + many("{}", n) + `]}`,
		"outputs": `{"nbformat":4,"cells":[{"cell_type":"code","outputs":[` + many("{}", n) + `]}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Parse([]byte(s))
			runtime.ReadMemStats(&after)
			if got := after.TotalAlloc - before.TotalAlloc; err != nil || got > uint64(8*len(s)) {
				t.Errorf("%d bytes for %d, %v", got, len(s), err)
			}
		})
	}
}

func TestList(t *testing.T) {
	for in, want := range map[string][]string{
		"null": nil, "[]": nil, " [ ] ": nil, "[1]": {"1"},
		"[ {\"a\": [1, 2]} ,\n\"],\\\"[\", [[],{}], null ]": {`{"a": [1, 2]}`, `"],\"["`, `[[],{}]`,
			"null"},
	} {
		var l list
		err := l.UnmarshalJSON([]byte(strings.TrimSpace(in)))
		var got []string
		for _, raw := range l.first {
			got = append(got, string(raw))
		}
		if err != nil || !reflect.DeepEqual(got, want) || l.more != 0 {
			t.Errorf("%s: %q, %v", in, got, err)
		}
	}
}

// While others are read, a notebook is shown as text.
func TestBusy(t *testing.T) {
	before := reading
	patience, reading = time.Millisecond, turns.New(1)
	t.Cleanup(func() { patience, reading = time.Second, before })
	body := []byte(`{"nbformat":4,"cells":[{"cell_type":"raw","source":"a"}]}`)
	f := &fileview.File{Name: "a.ipynb", Media: "application/x-ipynb+json", Size: int64(len(body)),
		Head: body, Encoding: "utf-8", Texts: listing.TextsFor(&plan.Request{})}
	for _, busy := range []bool{false, true, false} {
		done := func() {}
		if busy {
			var err error
			if done, err = reading.Take(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		c, err := render(f)
		done()
		if said := strings.Contains(string(c.HTML), "busy"); said != busy {
			t.Errorf("busy %t: the reason is there: %t", busy, said)
		}
		if shown := strings.Contains(string(c.HTML), `"sheet notebook"`); err != nil || shown == busy {
			t.Errorf("busy %t: %s, %v", busy, c.HTML, err)
		}
		if (c.Allow == "") != busy {
			t.Errorf("busy %t: %q", busy, c.Allow)
		}
	}
}
