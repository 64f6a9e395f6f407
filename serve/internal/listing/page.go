package listing

import (
	"bytes"
	"html/template"
	"path"
	"strings"

	"github.com/tarpack/tpk/serve/internal/archives/browse"
	"github.com/tarpack/tpk/serve/internal/archives/contents"
)

var pageTemplate = &Template{Files: &files, Names: []string{
	"assets/page.html", "assets/overview.html"}}

// page is what the template shows. html/template escapes its strings; references are escaped here.
type page struct {
	Frame
	q *request

	Heading       string
	Action        template.URL // of the form to search
	Query, Filter string
	Inside        bool // a search stays in the folder
	List          string
	Facts         []string // counts and sizes, for people
	Notes         []string // what is missing
	Scopes        []scopes // of a search
	Views         []scope  // how the folder can be shown
	Overview      *overviewPage
	Grid          bool // the rows are a grid, not a list
	TarGz, Zip    template.URL
	Around        string       // bytes of a download, about
	Differ        template.URL // compares the folder with one of another mount
	DifferText    string
	Columns       []column
	Rows          []row
	Cards         []card
	UpText        string
	UpHref        template.URL
	Filters       bool // the folder can be filtered
	Left          string
	Reset         template.URL // the same without filter
	Pages         *pages
	First         template.URL // if the page is behind the end of the list
	Further       template.URL // more of a search
	Hits          *hitList
	Text          bool // only text was searched
	Nothing       string
	Pick          *pick // nil if nothing can be chosen for a download
	Readme        *readme
	Article       bool // the page has the README, and no list
}

type crumb struct {
	Name string
	Href template.URL
}

// scopes are where a search can look.
type scopes struct {
	Label string
	All   []scope
}

type scope struct {
	Name    string
	Href    template.URL
	Current bool
}

type column struct {
	Class, Label string
	Href         template.URL
	Sort         string // aria-sort
	Arrow        string
}

type pages struct {
	Label       string
	Back, Forth string
	Prev, Next  template.URL
}

// card leads to a mount.
type card struct {
	Title, Path, About string
	Href               template.URL
	Facts              []string
}

// maxCards is up to how many mounts the root has cards. With more it has a list.
const maxCards = 500

func render(q *request, t *texts, f found) ([]byte, error) {
	p, l := newPage(q, t), f.names
	p.crumbs(l)
	p.hits(f.text)
	switch {
	case q.text:
		p.textOnly(f.text)
	case q.search:
		p.results(l)
	case len(f.mounts) > 0 && len(f.mounts) <= maxCards:
		p.cards(f.mounts)
	default:
		p.folder(l)
		if f.readme != "" {
			p.Readme = &readme{Name: readable(path.Base(f.readme)), Href: readmeHref,
				Load: readmeHref}
		}
	}
	if f.differ {
		p.Differ, p.DifferText = "./?list=compare", p.Compare.With
	}
	if p.Cards == nil {
		p.picks(l)
		for i := range l.Items {
			p.Rows = append(p.Rows, p.row(&l.Items[i]))
		}
	}
	return p.execute()
}

func newPage(q *request, t *texts) *page {
	p := &page{Frame: NewFrame(t, q.root()), q: q, Query: q.query, Filter: q.filter,
		Inside: q.inside, List: q.listValue(), Action: "./", Grid: q.grid}
	p.Scripts = []template.URL{q.asset("list.js")}
	if q.grid {
		p.Styles = append(p.Styles, q.asset("grid.css"))
	}
	return p
}

func (p *page) execute() ([]byte, error) {
	var b bytes.Buffer
	err := pageTemplate.Get().Execute(&b, p)
	return b.Bytes(), err
}

func (q *request) asset(name string) template.URL {
	return Assets.URL(q.root(), name)
}

// crumbs sets the folders on the path, each with a reference that leads up, and the titles.
func (p *page) crumbs(l *browse.List) {
	q, suffix := p.q, template.URL(p.q.folderQuery())
	home := p.Home
	if l.Title != "" {
		home = readable(l.Title)
	}
	all := folders(q.path, q.root(), home, suffix)
	last := all[len(all)-1]
	if q.search {
		p.Crumbs, p.Here, p.Heading = all, p.Search, fill(p.SearchTitle, readable(q.query))
		p.UpText, p.UpHref = fill(p.Back, last.Name), "./"+suffix
	} else {
		p.Crumbs, p.Here, p.Heading = all[:len(all)-1], last.Name, last.Name
		if k := len(all) - 2; k >= 0 {
			p.UpText, p.UpHref = fill(p.Up, all[k].Name), "../"+suffix
		}
		if l.Top != "" {
			p.Heading = readable(l.Top)
		}
	}
	p.Title = p.Heading
	if l.Title != "" && p.Title != home {
		p.Title += " · " + home
	}
}

// folders returns the root, called home, and the folders on the path of a folder, with references
// from there. The suffix is the query of the references.
func folders(path, root, home string, suffix template.URL) []crumb {
	all := []crumb{{home, template.URL(root) + suffix}}
	if path == "" {
		return all
	}
	names := strings.Split(path, "/")
	for i, name := range names {
		up := strings.Repeat("../", len(names)-1-i)
		if up == "" {
			up = "./"
		}
		all = append(all, crumb{readable(name), template.URL(up) + suffix})
	}
	return all
}

// References to the downloads of a folder.
const (
	downloadTarGz = "./?list&download=tar.gz"
	downloadZip   = "./?list&download=zip"
)

func (p *page) results(l *browse.List) {
	q := p.q
	if l.Incomplete {
		p.Notes = append(p.Notes, fill(p.Incomplete, p.num(browse.MaxPlain)))
	}
	found := p.count(int64(len(l.Items)), p.Match)
	switch {
	case q.offset > 0:
		found = p.Texts.Further
	case l.More && l.All >= 0:
		found = fill(p.FirstMatches, p.num(int64(len(l.Items))), p.num(int64(l.All)))
	case l.More:
		found = p.num(int64(len(l.Items))) + "+ " + p.Match[1]
	}
	if l.More {
		p.Further = template.URL(q.link(q.order, q.down, l.Next))
	}
	p.Facts = []string{found + " " + fill(p.For, readable(q.query))}
	p.places()
	if p.Hits != nil {
		p.kinds()
	}
	p.Nothing = p.NoMatch
	if l.Costly {
		p.Facts, p.Nothing = []string{p.Costly}, p.CostlyHelp
	}
	p.columns()
}

// places sets the links between a search in the folder and one everywhere.
func (p *page) places() {
	q := p.q
	if q.path == "" {
		return
	}
	other := *q
	other.inside = false
	all := scope{p.Everywhere, template.URL(other.link(q.order, q.down, 0)), !q.inside}
	other.inside = true
	p.Scopes = append(p.Scopes, scopes{p.SearchWhere, []scope{all, {
		fill(p.OnlyIn, readable(q.path)+"/"), template.URL(other.link(q.order, q.down, 0)), q.inside}}})
}

func (p *page) folder(l *browse.List) {
	q := p.q
	p.facts(l)
	if l.Downloads && q.downloads {
		p.TarGz, p.Zip = downloadTarGz, downloadZip
		if l.Tree.Entries >= 0 {
			p.Around = fill(p.About, p.bytes(l.Tree.Packed))
		}
		if l.Partial {
			p.Notes = append(p.Notes, fill(p.Partial, readable(l.Archive)))
		}
	}
	p.views(l)
	p.Filters = l.All > 1 || q.filter != ""
	p.Nothing = p.Empty
	if q.filter != "" {
		p.Left = fill(p.Of, p.num(int64(l.Total)), p.num(int64(l.All)))
		p.Nothing = fill(p.NoneLeft, readable(q.filter))
		other := *q
		other.filter = ""
		p.Reset = template.URL("./" + other.link(q.order, q.down, 0))
	}
	p.columns()
	if q.offset > 0 && q.offset >= int64(l.Total) {
		p.Nothing, p.First = p.Behind, template.URL("./"+q.link(q.order, q.down, 0))
		return
	}
	if of := (l.Total + q.limit - 1) / q.limit; of > 1 {
		p.Pages = &pages{Back: p.Previous, Forth: p.Next,
			Label: fill(p.PageOf, p.num(q.offset/int64(q.limit)+1), p.num(int64(of)))}
		if q.offset > 0 {
			p.Pages.Prev = template.URL(q.link(q.order, q.down, max(q.offset-int64(q.limit), 0)))
		}
		if next := q.next(l); next > 0 {
			p.Pages.Next = template.URL(q.link(q.order, q.down, next))
		}
	}
}

// facts sets what a folder has in it, and how large that is.
func (p *page) facts(l *browse.List) {
	var direct []string
	for _, c := range []struct {
		n     int
		words [2]string
	}{{l.Folders, p.Texts.Folder}, {l.Files - l.Links, p.File}, {l.Links, p.Link}} {
		if c.n > 0 {
			direct = append(direct, p.count(int64(c.n), c.words))
		}
	}
	if len(direct) > 0 {
		p.Facts = append(p.Facts, strings.Join(direct, ", "))
	}
	if l.Tree.Entries >= 0 {
		if l.Folders > 0 {
			p.Facts = append(p.Facts, fill(p.InAll, p.inTree(&l.Tree)))
		}
		p.Facts = append(p.Facts, p.sizes(&l.Tree)...)
	} else if l.Files > l.Links {
		p.Facts = append(p.Facts, p.bytes(l.Size))
	}
}

// inTree returns how much there is in a folder at any depth: files, or entries if it is not known
// how many of these are files.
func (p *page) inTree(t *contents.Totals) string {
	if t.Files >= 0 {
		return p.count(int64(t.Files), p.File)
	}
	return p.count(int64(t.Entries), p.Entry)
}

func (p *page) sizes(t *contents.Totals) []string {
	list := []string{fill(p.Unpacked, p.bytes(t.Size)), fill(p.Texts.Packed, p.bytes(t.Packed))}
	if t.Saved > 0 {
		list = append(list, fill(p.Saved, p.bytes(t.Saved)))
	}
	return list
}

// cards sets a card for each mount.
func (p *page) cards(mounts []browse.Mount) {
	p.Facts = []string{p.count(int64(len(mounts)), p.Texts.Archive)}
	p.Views = []scope{{p.AsList, template.URL("./" + p.q.folderQuery()), true},
		{p.Overviews, "./?list=" + listOverview, false}}
	for i := range mounts {
		m := &mounts[i]
		c := card{Title: readable(m.Title), Path: readable(m.Path), About: readable(m.Description),
			Href: template.URL(folderHref("./", m.Path) + p.q.folderQuery())}
		switch {
		case m.Waiting:
			c.Facts = []string{p.Waiting}
		case m.Tree.Entries >= 0:
			c.Facts = append([]string{p.inTree(&m.Tree)}, p.sizes(&m.Tree)[:2]...)
		}
		p.Cards = append(p.Cards, c)
	}
}

// columns sets the heads of the table.
func (p *page) columns() {
	for _, c := range []struct {
		order        browse.Order
		class, label string
	}{
		{browse.ByName, "name", p.Name}, {browse.BySize, "size", p.Size},
		{browse.ByPacked, "packed", p.PackedHead}, {browse.ByTime, "date", p.Modified},
	} {
		// Sizes and dates are most useful in descending order.
		col := column{Class: c.class, Label: c.label, Sort: "none"}
		down := c.order != browse.ByName
		if p.q.order == c.order {
			col.Sort, col.Arrow = "ascending", "↑"
			if p.q.down {
				col.Sort, col.Arrow = "descending", "↓"
			}
			down = !p.q.down
		}
		col.Href = template.URL(p.q.link(c.order, down, 0))
		p.Columns = append(p.Columns, col)
	}
}

// KeptKeys are the keys and values that keep the order and the grid when a form is sent.
func (p *page) KeptKeys() map[string]string {
	keys := map[string]string{}
	if p.q.order != p.q.usualOrder() {
		keys["sort"] = orderName(p.q.order)
	}
	if p.q.down {
		keys["order"] = "desc"
	}
	if p.q.grid {
		keys["view"] = viewGrid
	}
	return keys
}
