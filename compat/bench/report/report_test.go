package report

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/perf/benchfmt"
)

// results parses some figures.
func results(t *testing.T) (all []*benchfmt.Result) {
	t.Helper()
	r := benchfmt.NewReader(strings.NewReader(some), "test")
	for r.Scan() {
		x, ok := r.Result().(*benchfmt.Result)
		if !ok {
			t.Fatal(r.Result())
		}
		all = append(all, x.Clone())
	}
	return all
}

const some = `family: pack
cpu: a fast one

BenchmarkPack/tree=rust-doc/tool=tpk 1 2 sec/op 3 cpu-sec/op 1000 B 90000 index-B 1000 entries
BenchmarkPack/tree=rust-doc/tool=tar-pigz 1 4 sec/op 3 cpu-sec/op 500 B
BenchmarkPack/tree=rust-doc/tool=tpk 1 3 sec/op 3 cpu-sec/op 1000 B 90000 index-B 1000 entries
BenchmarkPack/tree=rust-doc/tool=tpk 1 10 sec/op 3 cpu-sec/op 1000 B 90000 index-B 1000 entries
family: index

BenchmarkIndex/entries=10000000/tool=tpk 1 2e-7 hit-sec 0 allocs/op
BenchmarkSomethingElse-2 1 100 ns/op
`

func TestSet(t *testing.T) {
	s := newSet(results(t))
	for _, c := range []struct {
		name, tool, unit string
		want             float64
		ok               bool
	}{
		{"Pack/tree=rust-doc", "tpk", "sec/op", 3, true},
		{"Pack/tree=rust-doc", "tar-pigz", "sec/op", 4, true},
		{"Pack/tree=rust-doc", "tar-pigz", "index-B", 0, false},
		{"Pack/tree=rust-doc", "zip", "sec/op", 0, false},
		{"Pack/tree=goroot", "tpk", "sec/op", 0, false},
		{"Index/entries=10000000", "tpk", "hit-sec", 2e-7, true},
	} {
		if got, ok := s.find(c.name).median(c.tool, c.unit); got != c.want || ok != c.ok {
			t.Errorf("%s, %s, %s: %v, %v", c.name, c.tool, c.unit, got, ok)
		}
	}
	if n := len(s.cases); n != 2 {
		t.Errorf("%d cases", n)
	}
}

func TestJudge(t *testing.T) {
	text, broken := judge(newSet(results(t)))
	for _, line := range []string{
		`| pack rust-doc: wall time, of tar \| pigz | 0.65 | 0.75 | **broken** |`,
		`| pack rust-doc: CPU time, of tar \| pigz | 0.80 | 1.00 | **broken** |`,
		`| pack rust-doc: index, bytes an entry | 80.0 | 90.0 | **broken** |`,
		`| lookup among 10,000,000 | 250 ns | 200 ns | kept |`,
		`| lookup: allocations | 0 | 0 | kept |`,
		`| opening 10,000,000 entries | 1.00 ms |  | not measured |`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no %s in\n%s", line, text)
		}
	}
	if broken != 3 {
		t.Errorf("%d are broken", broken)
	}
}

// Each promise must match a case: its case, tools and units are spelt as in the families.
func TestPromisesAreOnThePage(t *testing.T) {
	units := map[string]bool{"entries": true, "open-B": true}
	bases := map[string]bool{}
	for _, p := range parts {
		for _, tab := range p.tables {
			bases[tab.base] = true
			for _, c := range tab.columns {
				units[c.unit] = true
			}
		}
	}
	source, err := os.ReadFile("promises.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`"([A-Z][A-Za-z]+)/[a-z]+=`).FindAllSubmatch(source, -1) {
		if !bases[string(m[1])] {
			t.Errorf("no table shows %s", m[1])
		}
	}
	unit := regexp.MustCompile(`"([a-z0-9]+-sec|[a-z]+-B|[a-z-]*sec/op|allocs/op)"`)
	for _, m := range unit.FindAllSubmatch(source, -1) {
		if !units[string(m[1])] {
			t.Errorf("no table shows %s", m[1])
		}
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "README.md")
	page, err := os.ReadFile("../../../docs/benchmarks/README.md")
	if err != nil {
		t.Fatal(err)
	}
	keep := "<!-- begin serve: made by `make bench` -->\nwhat was there\n<!-- end serve -->"
	page = regexp.MustCompile("(?s)<!-- begin serve.*?<!-- end serve -->").ReplaceAllLiteral(page,
		[]byte(keep))
	if err := os.WriteFile(name, page, 0o644); err != nil {
		t.Fatal(err)
	}
	var first []byte
	for range 2 { // the same results make the same page
		if err := Write(dir, "v1", results(t), &strings.Builder{}); !errors.Is(err, ErrBroken) {
			t.Fatal(err)
		}
		page, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			keep,
			"| rust-doc | wall | × | CPU | × | size | × | index |",
			`| tar \| pigz -6 | 4.00 s | 1.33 | 3.00 s | 1.00 | 500 B | 0.50 |  |`,
			"![Packing, wall time](pack-wall.svg)",
			"[results/v1.txt](results/v1.txt)",
			"a fast one",
		} {
			if !strings.Contains(string(page), want) {
				t.Errorf("no %s in\n%s", want, page)
			}
		}
		svg, err := os.ReadFile(filepath.Join(dir, "pack-wall.svg"))
		if err != nil || !strings.Contains(string(svg), "tar | pigz -6") {
			t.Errorf("%v\n%.300s", err, svg)
		}
		if first != nil && string(first) != string(page) {
			t.Error("the page differs")
		}
		first = page
	}
	if err := os.WriteFile(name, []byte("no marks"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Write(dir, "v1", results(t), &strings.Builder{}); err == nil ||
		!strings.Contains(err.Error(), "no marks") {
		t.Error(err)
	}
}

// TestExtrapolate checks that each step is computed from the largest set that has it.
func TestExtrapolate(t *testing.T) {
	const figures = `family: cluster

BenchmarkCluster/entries=1000000/tool=plan 1 1 sec/op 3.6 cpu-sec/op 1000 peak-B 1000000 entries
BenchmarkCluster/entries=1000000/tool=join 1 7.2 cpu-sec/op 2000 peak-B 5000 B 1000000 entries
BenchmarkCluster/entries=10000000/tool=plan 1 1 sec/op 360 cpu-sec/op 3000 peak-B 10000000 entries
`
	var all []*benchfmt.Result
	for r := benchfmt.NewReader(strings.NewReader(figures), "test"); r.Scan(); {
		if x, ok := r.Result().(*benchfmt.Result); ok {
			all = append(all, x.Clone())
		}
	}
	got := extrapolate(newSet(all))
	for _, want := range []string{
		"| plan | 10,000,000 | 10 | 3.00 kB |  |\n", "| join | 1,000,000 | 2 | 2.00 kB | 5.00 MB |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if got := extrapolate(newSet(results(t))); got != "" {
		t.Errorf("without figures: %s", got)
	}
}
