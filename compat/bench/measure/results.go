package measure

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// Results are the figures of a version of tpk, those of this run and earlier ones that it has not
// replaced. Results of one case have the same name except for the tool.
type Results struct {
	file    string
	earlier []*benchfmt.Result
	now     []*benchfmt.Result
	config  []benchfmt.Config
}

// units lists, for benchstat, the units in which more is better.
const units = "Unit req/s better=higher\nUnit B/s better=higher\n"

// OpenResults reads the file of results, if there is one. The configuration, lines of "key: value",
// is stored with new figures.
func OpenResults(file string, config [][2]string) (*Results, error) {
	r := &Results{file: file}
	for _, c := range config {
		r.config = append(r.config, benchfmt.Config{Key: c[0], Value: []byte(c[1]), File: true})
	}
	f, err := os.Open(file)
	if os.IsNotExist(err) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r.earlier, err = read(f)
	return r, err
}

// Begin starts the figures of a family.
func (r *Results) Begin(family string) {
	r.config = slices.DeleteFunc(r.config, func(c benchfmt.Config) bool { return c.Key == "family" })
	r.config = append(r.config, benchfmt.Config{Key: "family", Value: []byte(family), File: true})
}

// Forget drops the earlier figures of a family before all of it is measured again.
func (r *Results) Forget(family string) {
	r.earlier = slices.DeleteFunc(r.earlier,
		func(x *benchfmt.Result) bool { return x.GetConfig("family") == family })
}

// Record adds the figures of one run of a tool in a case. Earlier figures of the case are dropped.
func (r *Results) Record(name, tool string, values ...Value) {
	r.earlier = slices.DeleteFunc(r.earlier, func(x *benchfmt.Result) bool {
		earlier, _, _ := strings.Cut(string(x.Name), toolKey)
		return earlier == name
	})
	name += toolKey + tool
	result := &benchfmt.Result{Config: r.config, Name: benchfmt.Name(name), Iters: 1}
	for _, v := range values {
		result.Values = append(result.Values, benchfmt.Value{Value: v.Of, Unit: v.Unit})
	}
	r.now = append(r.now, result.Clone())
}

// toolKey precedes the tool at the end of a result's name.
const toolKey = "/tool="

// RecordText adds what `go test -bench` has printed.
func (r *Results) RecordText(text []byte) error {
	all, err := read(bytes.NewReader(text))
	for _, result := range all {
		for _, c := range r.config {
			result.SetConfig(c.Key, string(c.Value))
			i, _ := result.ConfigIndex(c.Key)
			result.Config[i].File = true
		}
	}
	r.now = append(r.now, all...)
	return err
}

// All returns the figures of all families.
func (r *Results) All() []*benchfmt.Result {
	return append(slices.Clone(r.earlier), r.now...)
}

// Save writes the file of results, in the order of families. It is called after each case, so an
// interrupted run keeps what is complete.
func (r *Results) Save() error {
	all := r.All()
	slices.SortStableFunc(all, func(a, b *benchfmt.Result) int {
		return strings.Compare(a.GetConfig("family"), b.GetConfig("family"))
	})
	var text bytes.Buffer
	text.WriteString(units)
	w := benchfmt.NewWriter(&text)
	for _, result := range all {
		if err := w.Write(result); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(r.file), 0o755); err != nil {
		return err
	}
	tmp := r.file + ".tmp"
	if err := os.WriteFile(tmp, text.Bytes(), 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, r.file)
}

func read(f interface{ Read([]byte) (int, error) }) ([]*benchfmt.Result, error) {
	var all []*benchfmt.Result
	in := benchfmt.NewReader(f, "results")
	for in.Scan() {
		switch rec := in.Result().(type) {
		case *benchfmt.Result:
			all = append(all, rec.Clone())
		case *benchfmt.SyntaxError:
			return nil, fmt.Errorf("results: %w", rec)
		}
	}
	return all, in.Err()
}
