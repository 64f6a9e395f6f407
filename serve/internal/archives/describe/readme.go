package describe

import (
	"slices"
	"strings"
)

// readmeEnds are how names of READMEs end, the best first.
var readmeEnds = []string{".md", ".markdown", ".mdown", ".mkdn", ".mkd", ".rst", ".adoc", ".org",
	".txt", ""}

// IsReadme reports whether a name is that of a README, whatever its case.
func IsReadme(name string) bool { return readmeRank(name) >= 0 }

// SortReadmes puts the best README first.
func SortReadmes(names []string) {
	slices.SortFunc(names, func(a, b string) int {
		if d := readmeRank(a) - readmeRank(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
}

// readmeRank returns the place of a name among those of READMEs, or −1.
func readmeRank(name string) int {
	const start = "readme"
	if len(name) < len(start) || !strings.EqualFold(name[:len(start)], start) {
		return -1
	}
	return slices.Index(readmeEnds, strings.ToLower(name[len(start):]))
}
