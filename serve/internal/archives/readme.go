package archives

import (
	"slices"
	"strings"

	"github.com/tarpack/tpk/sidecar"
)

// readmeEnds are how names of READMEs end, the best first.
var readmeEnds = []string{".md", ".markdown", ".mdown", ".mkdn", ".mkd", ".rst", ".adoc", ".org",
	".txt", ""}

// readmeRank returns the place of a name among those of READMEs, whatever its case, or −1.
func readmeRank(name string) int {
	const start = "readme"
	if len(name) < len(start) || !strings.EqualFold(name[:len(start)], start) {
		return -1
	}
	return slices.Index(readmeEnds, strings.ToLower(name[len(start):]))
}

// addReadme notes the name of a README.
func (c *collector) addReadme(ch *child) {
	if ch.typ != sidecar.TypeDir && readmeRank(ch.name) >= 0 {
		c.list.Readmes = append(c.list.Readmes, ch.name)
	}
}

// sortReadmes puts the best README first.
func (l *List) sortReadmes() {
	slices.SortFunc(l.Readmes, func(a, b string) int {
		if d := readmeRank(a) - readmeRank(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
}

// Readmes returns the names of READMEs in a folder, the best first. One may be a symbolic link that
// leads nowhere. hidden may be nil.
func (v *View) Readmes(dir string, hidden func(path string) bool) ([]string, error) {
	c := &collector{v: v, dir: dir, hidden: v.hiding(hidden), list: &List{}, readmes: true}
	if err := c.collect(); err != nil {
		return nil, err
	}
	c.list.sortReadmes()
	return c.list.Readmes, nil
}
