package siterules

import "strings"

// table finds the rules whose pattern can match a path, without a look at the others.
type table struct {
	static map[string][]int32 // by the path of patterns without placeholders
	first  map[string][]int32 // by the first name of the paths that a pattern matches
	others []int32
}

// add adds the pattern of rule i. Rules are added in order.
func (t *table) add(i int, p *pattern) {
	if t.static == nil {
		t.static, t.first = map[string][]int32{}, map[string][]int32{}
	}
	name, ok := p.first()
	switch {
	case !p.wild:
		t.static[p.literal] = append(t.static[p.literal], int32(i))
	case ok:
		t.first[name] = append(t.first[name], int32(i))
	default:
		t.others = append(t.others, int32(i))
	}
}

// candidates are the rules for a path that are left.
type candidates [3][]int32

func (t *table) at(path string) candidates {
	name, _, _ := strings.Cut(path, "/")
	return candidates{t.static[path], t.first[name], t.others}
}

// next returns the next rule in the order of the file, or -1.
func (c *candidates) next() int {
	best := -1
	for k := range c {
		if len(c[k]) > 0 && (best < 0 || c[k][0] < c[best][0]) {
			best = k
		}
	}
	if best < 0 {
		return -1
	}
	i := c[best][0]
	c[best] = c[best][1:]
	return int(i)
}
