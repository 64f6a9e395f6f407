package measure

import (
	"maps"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestResultsKeepOtherFamilies(t *testing.T) {
	file := filepath.Join(t.TempDir(), "results", "v1.txt")
	run := func(family string, complete bool, cases map[string]float64) {
		r, err := OpenResults(file, [][2]string{{"cpu", "a fast one"}, {"commit", family + "-commit"}})
		if err != nil {
			t.Fatal(err)
		}
		r.Begin(family)
		for name, seconds := range cases {
			r.Record(name, "tpk", Value{seconds, "sec/op"}, Value{3, "peak-B"})
		}
		if complete {
			r.Forget(family)
		}
		if err := r.Save(); err != nil {
			t.Fatal(err)
		}
	}
	run("pack", true, map[string]float64{"Pack/tree=a": 1, "Pack/tree=ab": 2, "Pack/tree=gone": 9})
	run("serve", true, map[string]float64{"Serve/tree=a": 3})
	run("pack", true, map[string]float64{"Pack/tree=a": 4, "Pack/tree=ab": 5})
	run("pack", false, map[string]float64{"Pack/tree=a": 6}) // was cut off

	r, err := OpenResults(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, x := range r.All() {
		if family := x.GetConfig("family"); x.GetConfig("commit") != family+"-commit" ||
			x.GetConfig("cpu") != "a fast one" {
			t.Errorf("%s: commit %q, cpu %q", x.Name, x.GetConfig("commit"), x.GetConfig("cpu"))
		}
		got[string(x.Name)], _ = x.Value("sec/op")
	}
	want := map[string]float64{"Pack/tree=a/tool=tpk": 6, "Pack/tree=ab/tool=tpk": 5,
		"Serve/tree=a/tool=tpk": 3}
	if !maps.Equal(got, want) {
		t.Errorf("%v; want %v", got, want)
	}
	text, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(string(text), "Unit req/s better=higher\n") {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestRecordText(t *testing.T) {
	r, err := OpenResults(filepath.Join(t.TempDir(), "v1.txt"), [][2]string{{"commit", "c"}})
	if err != nil {
		t.Fatal(err)
	}
	r.Begin("packages")
	if err := r.RecordText([]byte("goos: linux\npkg: x/y\nBenchmarkA/b=1-2 \t 10\t 200 " +
		"ns/op\nPASS\n")); err != nil {
		t.Fatal(err)
	}
	if err := r.Save(); err != nil {
		t.Fatal(err)
	}
	if r, err = OpenResults(r.file, nil); err != nil {
		t.Fatal(err)
	}
	all := r.All()
	if len(all) != 1 || all[0].GetConfig("pkg") != "x/y" || all[0].GetConfig("family") != "packages" ||
		all[0].GetConfig("commit") != "c" {
		t.Fatalf("%+v", all)
	}
	if v, _ := all[0].Value("sec/op"); math.Abs(v-200e-9) > 1e-15 {
		t.Errorf("%v", v)
	}
}

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		v    Value
		want string
	}{
		{Value{0, "sec/op"}, "0 s"},
		{Value{1.2345, "sec/op"}, "1.23 s"},
		{Value{0.9996, "sec/op"}, "1.00 s"},
		{Value{0.0456, "cpu-sec/op"}, "45.6 ms"},
		{Value{5.73e-6, "p50-sec"}, "5.73 µs"},
		{Value{147e-9, "hit-sec"}, "147 ns"},
		{Value{999, "B"}, "999 B"},
		{Value{999.7, "B"}, "1.00 kB"},
		{Value{88.98e6, "peak-B"}, "89.0 MB"},
		{Value{4.3e9, "B"}, "4.30 GB"},
		{Value{148819.4, "req/s"}, "148819/s"},
		{Value{784e6, "B/s"}, "784 MB/s"},
		{Value{70.6, "B/entry"}, "70.6"},
		{Value{33767, "entries"}, "33767 entries"},
	} {
		if got := Format(c.v); got != c.want {
			t.Errorf("%v: %q, not %q", c.v, got, c.want)
		}
	}
}

func TestExecute(t *testing.T) {
	values, err := Execute("sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, v := range values {
		got[v.Unit] = v.Of
	}
	if got["sec/op"] <= 0 || got["cpu-sec/op"] <= 0 {
		t.Errorf("%v", got)
	}
	// The shell has less than this test: a process would inherit the peak of the one that starts
	// it.
	if peak, ok := got["peak-B"]; ok && (peak < 100e3 || peak > 8e6) {
		t.Errorf("a shell has taken %v bytes", peak)
	}
	if _, err := Execute("sh", "-c", "echo why >&2; exit 3"); err == nil ||
		!strings.Contains(err.Error(), "why") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("%v", err)
	}
}
