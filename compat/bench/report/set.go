// Package report makes tables, charts and verdicts from results.
package report

import (
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"

	"github.com/tarpack/tpk/compat/bench/measure"
)

// A set is the figures of all runs, by case and tool.
type set struct {
	cases  []*kase
	config map[string][]benchfmt.Config // of each family
}

// A kase is a benchmark's name without the tool, as Pack/tree=rust-doc.
type kase struct {
	base  string      // Pack
	keys  [][2]string // tree, rust-doc
	tools []string    // in the order in which they first ran
	runs  map[string]map[string][]float64
}

func newSet(results []*benchfmt.Result) *set {
	s := &set{config: map[string][]benchfmt.Config{}}
	for _, r := range results {
		s.config[r.GetConfig("family")] = r.Config
		base, keys, tool := parse(string(r.Name))
		if tool == "" {
			continue // a benchmark of a package
		}
		k := s.kase(base, keys)
		if k == nil {
			k = &kase{base: base, keys: keys, runs: map[string]map[string][]float64{}}
			s.cases = append(s.cases, k)
		}
		if k.runs[tool] == nil {
			k.tools = append(k.tools, tool)
			k.runs[tool] = map[string][]float64{}
		}
		for _, v := range r.Values {
			value, unit := v.Value, v.Unit
			if v.OrigUnit != "" { // the reader makes sec/op of ns/op
				value, unit = v.OrigValue, v.OrigUnit
			}
			k.runs[tool][unit] = append(k.runs[tool][unit], value)
		}
	}
	return s
}

// parse divides a name into its parts.
func parse(name string) (base string, keys [][2]string, tool string) {
	base, rest, _ := strings.Cut(name, "/")
	for part := range strings.SplitSeq(rest, "/") {
		key, value, _ := strings.Cut(part, "=")
		if key == "tool" {
			tool = value
		} else {
			keys = append(keys, [2]string{key, value})
		}
	}
	return base, keys, tool
}

func (s *set) kase(base string, keys [][2]string) *kase {
	for _, k := range s.cases {
		if k.base == base && slices.Equal(k.keys, keys) {
			return k
		}
	}
	return nil
}

// of returns all cases of a base.
func (s *set) of(base string) (all []*kase) {
	for _, k := range s.cases {
		if k.base == base {
			all = append(all, k)
		}
	}
	return all
}

// find returns the case of a name, without a tool.
func (s *set) find(name string) *kase {
	base, keys, _ := parse(name + "/tool=x")
	return s.kase(base, keys)
}

// median returns the median of a tool's figures in a unit.
func (k *kase) median(tool, unit string) (float64, bool) {
	if k == nil {
		return 0, false
	}
	all := slices.Clone(k.runs[tool][unit])
	if len(all) == 0 {
		return 0, false
	}
	slices.Sort(all)
	if n := len(all); n%2 == 0 {
		return (all[n/2-1] + all[n/2]) / 2, true
	}
	return all[len(all)/2], true
}

// title returns a case as text: rust-doc, 32 connections.
func (k *kase) title() string {
	var words []string
	for _, key := range k.keys {
		words = append(words, caseTitle(key[0], key[1]))
	}
	return strings.Join(words, ", ")
}

// text returns a tool's figure in a unit as text, or nothing.
func (k *kase) text(tool, unit string) string {
	v, ok := k.median(tool, unit)
	if !ok {
		return ""
	}
	return measure.Format(measure.Value{Of: v, Unit: unit})
}
