package listing

import (
	"html/template"
	"path"

	"github.com/tarpack/tpk/serve/internal/archives/browse"
	"github.com/tarpack/tpk/serve/internal/code"
	"github.com/tarpack/tpk/serve/internal/markdown"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/textenc"
)

// readmeHref is the reference to the page of a folder's README.
const readmeHref = "./?list=readme"

// viewQuery is the query of the page of a file.
const viewQuery = "?list=view"

// maxReadme is how many bytes of a README are shown if it is text.
const maxReadme = 128 << 10

// readme is the README of a folder.
type readme struct {
	Name  string
	Href  template.URL
	Load  template.URL  // where the script gets the content, if it is not here
	HTML  template.HTML // of Markdown
	Text  string        // otherwise
	Why   string        // why Markdown is shown as text
	Whole template.URL  // the file, if only its beginning is here
}

// findReadme returns the path of the best README among those with some names in a folder, and the
// file; "" if all names lead to something else.
func (l *Lister) findReadme(v *browse.View, dir string, names []string) (string, plan.Node,
	error) {
	for _, name := range names {
		file := path.Join(dir, name)
		n, err := l.planner.File(v.View, file)
		if err != nil || n.Kind == plan.File {
			return file, n, err
		}
	}
	return "", plan.Node{}, nil
}

// showReadme answers with the page of a folder's README, of which lists of the folder show a part.
func (l *Lister) showReadme(r *plan.Request, v *browse.View, p *plan.Plan, q *request) error {
	names, err := v.Readmes(q.path, l.planner.Hidden)
	if err != nil {
		return err
	}
	file, n, err := l.findReadme(v, q.path, names)
	if err != nil {
		return err
	}
	if file == "" {
		p.ShowNothing()
		return nil
	}
	t := textsFor(r)
	content, err := l.readReadme(v, q, file, &n, t)
	if err != nil {
		return err
	}
	g := newPage(q, t)
	g.article(v.Title(), content)
	b, err := g.execute()
	if err != nil {
		return err
	}
	Show(r, p, plan.Shown{Type: "text/html; charset=utf-8", Fields: PageFields}, b)
	return nil
}

// article sets what the page of a README has. title is the title of the archive at the root,
// or "".
func (p *page) article(title string, c *readme) {
	p.crumbs(&browse.List{Title: title})
	p.UpText, p.UpHref = fill(p.Back, p.Here), template.URL("./"+p.q.folderQuery())
	p.Crumbs = append(p.Crumbs, crumb{p.Here, p.UpHref})
	p.Title = c.Name + " · " + p.Title
	p.Styles = append(p.Styles, p.q.asset("code.css"))
	p.Here, p.Readme, p.Article = c.Name, c, true
}

// readReadme reads a README and renders it. t has the reason why it can't.
func (l *Lister) readReadme(v *browse.View, q *request, file string, n *plan.Node,
	t *texts) (*readme, error) {
	name := path.Base(file)
	c := &readme{Name: readable(name),
		Href: template.URL(plan.AppendHref([]byte("./"), name)) + viewQuery}
	isMarkdown := markdown.Supported && markdown.IsDocument(name)
	limit := int64(maxReadme)
	if isMarkdown && n.Size <= markdown.MaxSize {
		limit = n.Size
	}
	b, err := v.ReadFile(n, limit)
	if err != nil {
		return nil, err
	}
	text := decoded(b, int64(len(b)) < n.Size)
	why := markdown.ErrTooLarge
	if isMarkdown && n.Size == limit {
		out, err := markdown.Render([]byte(text), q.readmeBase(v, file, n).Options(code.NewWork()))
		if err == nil {
			c.HTML = template.HTML(out) //nolint:gosec // package markdown makes it harmless
			return c, nil
		}
		why = err
	}
	if isMarkdown {
		c.Why = t.NotRendered(why)
	}
	c.Text = text
	if int64(len(b)) > maxReadme { // it can't be rendered
		c.Text = decoded(b[:maxReadme], true)
	}
	if n.Size > maxReadme {
		c.Whole = c.Href
	}
	return c, nil
}

// readmeBase returns where a README lies. Its references begin at the folder that symbolic links
// led to, or at the root of its archive.
func (q *request) readmeBase(v *browse.View, file string, n *plan.Node) markdown.Base {
	if n.Name != "" {
		file = n.Name
	}
	reference := func(dir string) string {
		if dir == "." || dir == "" {
			return q.root()
		}
		return string(plan.AppendHref([]byte(q.root()), dir)) + "/"
	}
	b := markdown.Base{Folder: "./", Root: reference(v.Root(file)), View: viewQuery}
	if dir := path.Dir(file); dir != q.path && (dir != "." || q.path != "") {
		b.Folder = reference(dir)
	}
	return b
}

// decoded returns text as UTF-8 without a byte order mark. cut means that more follows.
func decoded(b []byte, cut bool) string {
	return textenc.Decode(b, cut, textenc.Detect(b, cut, "text/plain"))
}
