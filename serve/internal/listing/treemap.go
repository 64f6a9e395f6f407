package listing

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"

	"github.com/tarpack/tpk/internal/order"
	"github.com/tarpack/tpk/serve/internal/overview"
)

// treemap is a picture whose height is fixed and whose width is that of the page. Labels fit if the
// page is as wide as the layout.
type treemap struct {
	Class  string
	Height int
	Tiles  []tile
}

// tile is a rectangle in a treemap. X and W are in percent, Y and H in pixels.
type tile struct {
	X, W, Y, H  string
	Href        template.URL
	Title       string
	Label, Size string
	Fill        string // a class: k- and a kind, r and a number, or "" for a folder that is divided
	Inner       bool
}

// legend is a colour and what it stands for.
type legend struct{ Fill, Name string }

// layouts are the sizes that a treemap is laid out for: those of main in list.css.
var layouts = []struct {
	class         string
	width, height float64
}{{"wide", 1120, 480}, {"tall", 358, 560}}

// Sizes in a treemap, in pixels.
const (
	headHeight = 22 // of the label of a divided folder
	minDivided = 64 // width and height of a folder that is divided
	minTile    = 5
	perChar    = 7.6
	nearlyAll  = 0.8 // of an area
)

// maps sets the treemaps and the legend.
func (p *page) maps(cells []overview.Cell, rest overview.Sum) {
	more := p.q.measure(rest.Size, rest.Packed)
	for _, l := range layouts {
		m := treemapper{p: p, width: l.width}
		m.divide(overview.Rect{W: l.width, H: l.height}, "", cells, more, true)
		if len(m.tiles) > 0 {
			p.Overview.Maps = append(p.Overview.Maps,
				treemap{Class: l.class, Height: int(l.height), Tiles: m.tiles})
		}
	}
	if len(p.Overview.Maps) > 0 {
		p.legend()
	}
}

// treemapper lays out a treemap.
type treemapper struct {
	p     *page
	width float64
	tiles []tile
}

// divide adds tiles for cells, and for how much more there is in the same folder. The path of the
// folder is below that of the page.
func (m *treemapper) divide(in overview.Rect, prefix string, cells []overview.Cell, more int64,
	outer bool) {
	q := m.p.q
	shown := make([]*overview.Cell, 0, len(cells)+1)
	for i := range cells {
		if q.measure(cells[i].Size, cells[i].Packed) > 0 {
			shown = append(shown, &cells[i])
		}
	}
	other := &overview.Cell{Ordinal: -1, Sum: overview.Sum{Size: more, Packed: more}}
	order.SortStable(shown, func(a, b *overview.Cell) int {
		return cmp.Compare(q.measure(b.Size, b.Packed), q.measure(a.Size, a.Packed))
	})
	if more > 0 {
		shown = append(shown, other)
	}
	sizes := make([]float64, len(shown))
	for i, c := range shown {
		sizes[i] = float64(q.measure(c.Size, c.Packed))
	}
	for i, r := range overview.Treemap(in, sizes) {
		switch c := shown[i]; {
		case r.W < minTile || r.H < minTile:
		case c != other:
			m.add(r, prefix, c, outer, r.W*r.H >= in.W*in.H*nearlyAll)
		case outer:
			m.tiles = append(m.tiles, m.label(r, tile{Title: m.p.OthersHere + ", " +
				m.p.bytes(more), Fill: "rest"}, m.p.OthersHere, m.p.bytes(more)))
		}
	}
}

// add adds the tile of a cell, and those of what is in it if there is room. outer tiles are reached
// by keys, and so are those in one that is nearly all of its folder.
func (m *treemapper) add(r overview.Rect, prefix string, c *overview.Cell, outer, most bool) {
	p := m.p
	name := readable(c.Name)
	if c.Dir {
		name += "/"
	}
	size := p.bytes(p.q.measure(c.Size, c.Packed))
	t := tile{Href: p.cellHref(prefix, c), Fill: p.fill(c), Inner: !outer,
		Title: readable(prefix) + name + ", " + p.about(c)}
	inner := c.Cells
	if len(inner) == 0 || r.W < minDivided || r.H < minDivided {
		m.tiles = append(m.tiles, m.label(r, t, name, size))
		return
	}
	t.Fill = "divided"
	head := m.label(overview.Rect{X: r.X, Y: r.Y, W: r.W, H: headHeight}, t, name+"  "+size, "")
	head.H = fmt.Sprintf("%.1f", r.H)
	m.tiles = append(m.tiles, head)
	more := p.q.measure(c.Size, c.Packed)
	for i := range inner {
		more -= p.q.measure(inner[i].Size, inner[i].Packed)
	}
	m.divide(overview.Rect{X: r.X + 3, Y: r.Y + headHeight, W: r.W - 6, H: r.H - headHeight - 3},
		prefix+c.Name+"/", inner, max(more, 0), outer && most)
}

// label sets where a tile is, and the text that fits into it.
func (m *treemapper) label(r overview.Rect, t tile, name, size string) tile {
	t.X, t.W = fmt.Sprintf("%.3f%%", r.X/m.width*100), fmt.Sprintf("%.3f%%", r.W/m.width*100)
	t.Y, t.H = fmt.Sprintf("%.1f", r.Y), fmt.Sprintf("%.1f", r.H)
	if r.H < 18 {
		return t
	}
	if t.Label = fitting(name, r.W-10); t.Label != "" && r.H >= 40 {
		t.Size = fitting(size, r.W-10)
	}
	return t
}

// fitting returns as much of a text as fits into a width in pixels; "" if that is too little.
func fitting(text string, width float64) string {
	used := 0.0
	for i, r := range text {
		w := perChar
		if r >= 0x1100 { // most of these are wide
			w *= 2
		}
		if used+w > width && len(text) > i {
			if i < 4 {
				return ""
			}
			cut := []rune(text[:i])
			return string(cut[:len(cut)-1]) + "…"
		}
		used += w
	}
	return text
}

// about returns what the tooltip of a cell says after its name.
func (p *page) about(c *overview.Cell) string {
	s := fill(p.Unpacked, p.bytes(c.Size))
	if c.Shared {
		return s + ", " + p.SharedPacked
	}
	s += ", " + fill(p.Texts.Packed, p.bytes(c.Packed))
	if ratio := p.Texts.ratio(c.Size, c.Packed); ratio != "" {
		s += " (" + ratio + ")"
	}
	if c.Dir {
		s += ", " + p.count(int64(c.Entries), p.Entry)
	}
	if k := c.Kind(); k >= 0 && !p.q.byRatio {
		s += ", " + p.Kinds[fileKinds[k]]
	}
	return s
}

// ratios are the upper bounds of the colours for packed sizes, in percent of the size.
var ratios = []int{10, 20, 35, 50, 75}

// fill returns the class of a cell's colour.
func (p *page) fill(c *overview.Cell) string {
	if !p.q.byRatio {
		if k := c.Kind(); k >= 0 {
			return "k-" + fileKinds[k]
		}
		return "rest"
	}
	if c.Size == 0 || c.Shared {
		return "rest"
	}
	for i, most := range ratios {
		if float64(c.Packed) <= float64(c.Size)*float64(most)/100 {
			return fmt.Sprintf("r%d", i)
		}
	}
	return fmt.Sprintf("r%d", len(ratios))
}

// legend sets what the colours stand for: ratios, or the kinds that are there.
func (p *page) legend() {
	o := p.Overview
	if p.q.byRatio {
		for i, most := range ratios {
			o.Legend = append(o.Legend, legend{fmt.Sprintf("r%d", i), "≤ " + p.percent(float64(most), 0)})
		}
		last := p.percent(float64(ratios[len(ratios)-1]), 0)
		o.Legend = append(o.Legend, legend{fmt.Sprintf("r%d", len(ratios)), "> " + last})
		return
	}
	for _, kind := range fileKinds {
		if slices.ContainsFunc(o.Maps[0].Tiles, func(t tile) bool { return t.Fill == "k-"+kind }) {
			o.Legend = append(o.Legend, legend{"k-" + kind, p.Kinds[kind]})
		}
	}
}
