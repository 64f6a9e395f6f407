package fileview

import (
	"fmt"
	"html/template"
	"mime"
	"net/url"

	"github.com/tarpack/tpk/serve/internal/listing"
)

// page is what the template shows. html/template escapes its strings; references are escaped here.
type page struct {
	*File
	Frame   listing.Frame
	Content Content
	Heading string
	RawURL  template.URL
	Folder  template.URL
	Get     template.URL // the page with commands to download the file; "" if there is none
	Facts   []fact
	More    []fact
	Ways    []way
	Note    string // instead of the content

	way Renderer
}

// fact is something that is known of a file.
type fact struct {
	Label, Text string
	Title       string       // more exact than Text
	Time        string       // Text is this time, in RFC 3339
	Href        template.URL // where Text leads
	Code        bool         // Text is for programs
}

// way is one of the ways to show a file.
type way struct {
	Label   string
	Href    template.URL
	Current bool
}

// offer sets the ways to show the file, and chooses one. It returns false if the query asks for one
// that does not exist.
func (p *page) offer(renderers []Renderer) bool {
	as := p.Query.Get("as")
	known := as == ""
	for i := range renderers {
		r := &renderers[i]
		known = known || r.Name == as
		if !r.Shows(p.File) {
			continue
		}
		href := "?list=view"
		if len(p.Ways) > 0 {
			href += "&as=" + url.QueryEscape(r.Name)
		}
		if len(p.Ways) == 0 || r.Name == as {
			p.way = *r
		}
		p.Ways = append(p.Ways, way{Label: r.Label(p.Texts), Href: template.URL(href)})
	}
	for i := range p.Ways {
		p.Ways[i].Current = p.Ways[i].Label == p.way.Label(p.Texts)
	}
	return known
}

// render sets the content.
func (p *page) render() error {
	var err error
	switch {
	case p.Size == 0:
		p.Note = p.Texts.View.Empty
	case p.way.Render == nil:
		p.Note = p.Texts.CantShow
	default:
		p.Content, err = p.way.Render(p.File)
	}
	return err
}

// describe sets what is around the content. title is the title of the archive at the root, or "".
func (p *page) describe(downloads bool, title string) {
	t := p.Texts
	p.Heading = listing.Readable(p.Name)
	f := &p.Frame
	f.Title, f.Here = p.Heading, p.Heading
	if title != "" {
		f.Title += " · " + listing.Readable(title)
	}
	p.RawURL = template.URL(p.Raw)
	p.Folder = f.Crumbs[len(f.Crumbs)-1].Href
	f.Styles = append(append(f.Styles, Assets.URL(p.Root, "view.css")), p.Content.Styles...)
	f.Scripts = append([]template.URL{Assets.URL(p.Root, "view.js")}, p.Content.Scripts...)
	if downloads {
		p.Get = template.URL("./?list=get&name=" + url.QueryEscape(p.Name))
	}

	exact := func(n int64) string { return t.Count(n, t.Byte) }
	kind, _, err := mime.ParseMediaType(p.Media)
	if err != nil {
		kind = p.Media
	}
	p.Facts = []fact{{Label: t.View.Type, Text: kind},
		{Label: t.Size, Text: t.Bytes(p.Size), Title: exact(p.Size)}}
	if p.about.Packed >= 0 {
		p.Facts = append(p.Facts, fact{Label: t.PackedHead,
			Text: listing.Fill(t.Packed, t.Bytes(p.about.Packed)), Title: exact(p.about.Packed)})
	}
	for _, text := range p.Content.Facts {
		p.Facts = append(p.Facts, fact{Text: text})
	}
	if time := p.modified(); !time.IsZero() {
		p.Facts = append(p.Facts, fact{Label: t.Modified, Text: time.Format("2006-01-02 15:04"),
			Time: time.Format("2006-01-02T15:04:05Z")})
	}
	p.digests()
}

// digests sets what programs want to know of the file, and other names of it.
func (p *page) digests() {
	add := func(f fact) { p.More = append(p.More, f) }
	add(fact{Label: p.Texts.View.Path, Text: listing.Readable("/" + p.Path), Code: true})
	if p.about.Link != "" {
		add(fact{Label: p.Texts.View.LinkTo, Text: listing.Readable(p.about.Link), Code: true})
	}
	if name := p.node.Name; name != "" && name != p.Path {
		add(p.elsewhere(p.Texts.View.Found, name))
	}
	if p.about.Same != "" {
		add(p.elsewhere(p.Texts.View.Same, p.about.Same))
	}
	if p.node.SHA256 != [32]byte{} {
		add(fact{Label: "SHA-256", Text: fmt.Sprintf("%x", p.node.SHA256), Code: true})
	}
	if p.about.Packed >= 0 {
		add(fact{Label: "xxHash64", Text: fmt.Sprintf("%016x", p.node.Hash), Code: true})
		add(fact{Label: "CRC-32", Text: fmt.Sprintf("%08x", p.node.CRC), Code: true})
	}
}

// elsewhere returns a fact that leads to the page of another file.
func (p *page) elsewhere(label, path string) fact {
	href := listing.Href(p.Root, path) + "?list=view"
	return fact{Label: label, Text: listing.Readable("/" + path), Href: template.URL(href), Code: true}
}
