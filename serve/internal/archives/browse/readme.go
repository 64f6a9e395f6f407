package browse

import (
	"github.com/tarpack/tpk/serve/internal/archives/describe"
	"github.com/tarpack/tpk/sidecar"
)

// addReadme notes the name of a README.
func (c *collector) addReadme(ch *child) {
	if ch.typ != sidecar.TypeDir && describe.IsReadme(ch.name) {
		c.list.Readmes = append(c.list.Readmes, ch.name)
	}
}

// Readmes returns the names of READMEs in a folder, the best first. One may be a symbolic link that
// leads nowhere. hidden may be nil.
func (v *View) Readmes(dir string, hidden func(path string) bool) ([]string, error) {
	c := &collector{v: v, dir: dir, hidden: v.Hiding(hidden), list: &List{}, readmes: true}
	if err := c.collect(); err != nil {
		return nil, err
	}
	describe.SortReadmes(c.list.Readmes)
	return c.list.Readmes, nil
}
