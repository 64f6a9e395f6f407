package report

import (
	"fmt"
	"strings"

	"github.com/tarpack/tpk/compat/bench/measure"
)

// extrapolate returns what a set of 10^9 entries and 1 PB would cost, computed from the largest set
// for which each step was measured, and from packing one large file.
func extrapolate(s *set) string {
	const (
		entries = 1e9
		content = 1e15 // bytes
		core    = 3600 // seconds of an hour
	)
	var out strings.Builder
	fmt.Fprint(&out, "### Extrapolated to 1,000,000,000 entries and 1 PB\n\n"+
		"Computed, not measured: what the step cost for each entry of the largest set above, times "+
		"10^9. Memory is that of the set above: that of `plan` grows slowly, and `pack` holds the "+
		"list of its shard, so 10^9 entries need more shards. For each byte of content, packing "+
		"costs as much as the file of 8 GiB in the first section.\n\n"+
		"| step | from entries | CPU hours | memory | written |\n|---|--:|--:|--:|--:|\n")
	rows := 0
	for _, step := range []string{"plan", "pack", "join"} {
		k, n := largest(s, step)
		cost, ok := k.median(step, "cpu-sec/op")
		if !ok {
			continue
		}
		rows++
		fmt.Fprintf(&out, "| %s | %s | %.3g | %s | %s |\n", step, commas(fmt.Sprintf("%.0f", n)),
			cost/n*entries/core, k.text(step, "peak-B"), scaled(k, step, entries/n))
	}
	if rows == 0 {
		return ""
	}
	large := s.find("Pack/tree=large-8")
	if cpu, ok := large.median("tpk", "cpu-sec/op"); ok {
		size, _ := large.median("tpk", "B")
		fmt.Fprintf(&out, "| pack, the content | | %.4g | | %.3g TB |\n", cpu/(8<<30)*content/core,
			size/(8<<30)*content/1e12)
	}
	return out.String() + "\n"
}

// largest returns the case of a cluster with most entries for which a step was measured, and their
// number.
func largest(s *set, step string) (from *kase, most float64) {
	for _, k := range s.of("Cluster") {
		if n, ok := k.median(step, "entries"); ok && n > most {
			from, most = k, n
		}
	}
	return from, most
}

// scaled returns how much a step writes, multiplied.
func scaled(k *kase, step string, by float64) string {
	x, ok := k.median(step, "B")
	if !ok {
		return ""
	}
	return measure.Format(measure.Value{Of: x * by, Unit: "B"})
}
