package listing

import (
	"cmp"
	"html/template"
	"net/url"
	"slices"
	"strings"

	"github.com/tarpack/tpk/internal/order"
	"github.com/tarpack/tpk/serve/internal/archives/browse"
	"github.com/tarpack/tpk/serve/internal/overview"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar"
)

// listOverview is the value of the key list that asks for an overview. With byPacked as the value
// of the key by, it measures packed sizes; with colorRatio as that of color, it shows ratios.
const (
	listOverview = "overview"
	byPacked     = "packed"
	colorRatio   = "ratio"
)

// fileKinds are the kinds of files in an overview. They are icons, and names of texts.Kinds.
var fileKinds = []string{"text", "page", "image", "audio", "video", "font", "pack", "file"}

// overviewPage is the part of a page that shows an overview.
type overviewPage struct {
	*texts
	Maps               []treemap
	Legend             []legend
	Parts, Types       *sumTable
	Largest            *sumTable
	Shared             []sharedRow
	SharedMore         string
	Limits             []string // why something is missing
	PartsName, MapName string
}

// sumTable is a table of sums.
type sumTable struct {
	T     *texts
	Name  string // of what the rows are
	Count string // of the second column; "" for none
	Rows  []sumRow
	Total *sumRow
	Note  string
}

// sumRow is a row of a sumTable.
type sumRow struct {
	Name          string
	Href          template.URL
	Icon, Kind    string
	Count         string
	Size, Packed  string
	Ratio         string
	Share         string // of all, in percent, for a bar
	Bytes, Exact  string // Size and Packed in bytes
	Slash, Shared bool
}

// sharedRow is a content with several names.
type sharedRow struct {
	Saved, Copies, Size string
	Names               []linked
	More                string
}

type linked struct {
	Name string
	Href template.URL
}

// overviewOf asks for the overview of a folder.
func (l *Lister) overviewOf(v *browse.View, q *request) (*browse.Overview, error) {
	return v.Overview(q.path, browse.OverviewOptions{Hidden: l.planner.Hidden,
		Type: func(path string, n *plan.Node) (string, int) {
			it := browse.Item{Type: sidecar.TypeFile, Media: l.planner.MediaType(path, n),
				Text: n.UTF8 || strings.HasPrefix(n.Sniff, "text/")}
			icon, _ := kindOf(&it)
			media, _, _ := strings.Cut(it.Media, ";")
			return media, slices.Index(fileKinds, icon)
		}})
}

// showOverview answers with the overview of a folder.
func (l *Lister) showOverview(
	r *plan.Request, v *browse.View, p *plan.Plan, q *request, asJSON bool,
) error {
	o, err := l.overviewOf(v, q)
	if err != nil {
		return err
	}
	g := newPage(q, textsFor(r))
	if asJSON {
		b, err := encode(g.overviewJSON(o))
		if err == nil {
			Show(r, p, plan.Shown{Type: "application/json"}, b)
		}
		return err
	}
	g.overview(o)
	b, err := g.execute()
	if err == nil {
		Show(r, p, plan.Shown{Type: "text/html; charset=utf-8", Fields: PageFields}, b)
	}
	return err
}

// measure returns the size that the overview is about.
func (q *request) measure(size, packed int64) int64 {
	if q.byPacked {
		return packed
	}
	return size
}

// overview sets the part of the page with the overview.
func (p *page) overview(o *browse.Overview) {
	p.crumbs(&browse.List{Title: o.Title, Top: o.Top})
	p.Styles = append(p.Styles, p.q.asset("overview.css"))
	p.Overview = &overviewPage{texts: p.Texts, PartsName: p.ByFolder, MapName: p.Texts.Treemap}
	p.overviewLinks(o)
	if o.Tree.Entries >= 0 {
		p.Facts = append([]string{p.inTree(&o.Tree)}, p.sizes(&o.Tree)...)
	}
	v := p.Overview
	if o.Unknown {
		v.Limits = append(v.Limits, p.Several)
	}
	if o.Busy {
		v.Limits = append(v.Limits, p.TooBusy)
	}
	cells, rest := p.parts(o)
	p.maps(cells, rest)
	p.partTable(o, cells)
	if o.Part == nil {
		return
	}
	if !o.Part.Scanned {
		v.Limits = append(v.Limits, fill(p.TooLarge, p.num(overview.MaxScan)))
		return
	}
	p.typeTable(o)
	p.largestTable(o)
	p.sharedTable(o)
}

// overviewLinks sets the links to the list, and those that change what is measured and shown.
func (p *page) overviewLinks(o *browse.Overview) {
	q := p.q
	p.Views = []scope{{p.AsList, template.URL("./?list"), false},
		{p.Overviews, template.URL("./" + q.folderQuery()), true}}
	if o.Tree.Entries <= 0 && len(o.Mounts) == 0 {
		return
	}
	to := func(packed, ratio bool) template.URL {
		other := *q
		other.byPacked, other.byRatio = packed, ratio
		return template.URL("./" + other.folderQuery())
	}
	p.Scopes = append(p.Scopes, scopes{p.Measured, []scope{
		{p.UnpackedSize, to(false, q.byRatio), !q.byPacked},
		{p.PackedSize, to(true, q.byRatio), q.byPacked}}})
	if o.Part != nil && o.Part.Scanned {
		p.Scopes = append(p.Scopes, scopes{p.Colored, []scope{
			{p.ByType, to(q.byPacked, false), !q.byRatio},
			{p.ByRatio, to(q.byPacked, true), q.byRatio}}})
	}
}

// parts returns the parts of a folder in descending order, and how much of it they are not.
func (p *page) parts(o *browse.Overview) (cells []overview.Cell, rest overview.Sum) {
	if o.Part != nil {
		cells, rest = slices.Clone(o.Part.Cells), o.Part.Rest
	}
	for i := range o.Mounts {
		m := &o.Mounts[i]
		cells = append(cells, overview.Cell{Name: p.q.relative(m.Path), Dir: true, Sum: overview.Sum{
			Entries: max(m.Tree.Entries, 0), Size: m.Tree.Size, Packed: m.Tree.Packed}})
	}
	order.SortStable(cells, func(a, b overview.Cell) int {
		return cmp.Compare(p.q.measure(b.Size, b.Packed), p.q.measure(a.Size, a.Packed))
	})
	return cells, rest
}

// cellHref returns the reference to an entry below a folder of the overview: to its overview, if it
// is a folder.
func (p *page) cellHref(prefix string, c *overview.Cell) template.URL {
	if c.Dir {
		return template.URL(folderHref("./", prefix+c.Name) + p.q.folderQuery())
	}
	return template.URL(plan.AppendHref([]byte("./"), prefix+c.Name))
}

// sum returns a row with sums, and the share of a total.
func (p *page) sum(name string, size, packed, total int64) sumRow {
	return sumRow{Name: name, Size: p.bytes(size), Packed: p.bytes(packed),
		Bytes: p.count(size, p.Byte), Exact: p.count(packed, p.Byte),
		Ratio: p.ratio(size, packed), Share: share(p.q.measure(size, packed), total)}
}

// overviewQuery returns the query of an overview.
func (q *request) overviewQuery() string {
	keys := url.Values{"list": {listOverview}}
	if q.byPacked {
		keys.Set("by", byPacked)
	}
	if q.byRatio {
		keys.Set("color", colorRatio)
	}
	return "?" + keys.Encode()
}
