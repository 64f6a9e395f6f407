package listing

import (
	"bytes"
	"html/template"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/tarpack/tpk/internal/count"
	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar"
)

var pageTemplate = sync.OnceValue(
	func() *template.Template { return template.Must(template.ParseFS(files, "assets/page.html")) })

// page is what the template shows. html/template escapes its strings; references are escaped here.
type page struct {
	Title              string
	Root               template.URL
	Style, Script, Pic template.URL
	Crumbs             []crumb
	Here               string
	Query              string
	List               string
	Summary            string
	Detail             string
	TarGz, Zip         template.URL
	Columns            []column
	Rows               []row
	Up                 template.URL
	Pages              *pages
	First              template.URL // if the page is behind the end of the list
	Note               string       // what the downloads have, if that is not everything
	More               template.URL
	Hits               *hitList
	Text               bool // only text was searched
	Empty              string
}

type crumb struct {
	Name string
	Href template.URL
}

type column struct {
	Name, Class, Label string
	Href               template.URL
	Sort               string // aria-sort
	Arrow              string
}

type row struct {
	Name, Dir string // Dir: of a search result
	Slash     bool
	Href      template.URL
	Icon      string
	KindLabel string
	Preview   string // image, audio, video or text
	Link      string
	Size      string
	Bytes     string // the exact size
	Packed    string
	PackBytes string
	Date      string
	Stamp     string
}

type pages struct {
	At, Of     int
	Prev, Next template.URL
}

func render(q *request, f found) ([]byte, error) {
	l := f.names
	if l == nil {
		l = &archives.List{}
	}
	p := &page{
		Root: template.URL(q.root()), Query: q.query, List: q.listValue(),
		Style: q.asset("list.css"), Script: q.asset("list.js"), Pic: q.asset("icon.svg"),
	}
	p.crumbs(q)
	p.hits(q, f.text)
	switch {
	case q.text:
		p.textOnly(q, f.text)
	case q.query != "":
		p.search(q, l)
	default:
		p.folder(q, l)
	}
	for i := range l.Items {
		p.Rows = append(p.Rows, q.row(&l.Items[i]))
	}
	var b bytes.Buffer
	err := pageTemplate().Execute(&b, p)
	return b.Bytes(), err
}

func (q *request) asset(name string) template.URL {
	_, names := assets()
	return template.URL(q.root() + "?list&asset=" + names[name])
}

// crumbs sets the folders on the path, each with a reference that leads up.
func (p *page) crumbs(q *request) {
	suffix := ""
	if q.list {
		suffix = "?list"
	}
	p.Here, p.Title = "Home", "Home"
	if q.path == "" && q.query == "" {
		return
	}
	p.Crumbs = append(p.Crumbs, crumb{"Home", template.URL(q.root() + suffix)})
	names := strings.Split(q.path, "/")
	if q.path == "" {
		names = nil
	}
	last := len(names) - 1
	if q.query != "" {
		last++
	}
	for i, name := range names[:max(min(last, len(names)), 0)] {
		up := strings.Repeat("../", len(names)-1-i)
		if up == "" {
			up = "./"
		}
		p.Crumbs = append(p.Crumbs, crumb{readable(name), template.URL(up + suffix)})
	}
	if q.query != "" {
		p.Here = "Search"
		p.Title = "Search: " + readable(q.query)
		return
	}
	p.Here = readable(names[len(names)-1])
	p.Title = readable(q.path)
	p.Up = template.URL("../" + suffix)
}

// References to the downloads of a folder.
const (
	downloadTarGz = "./?list&download=tar.gz"
	downloadZip   = "./?list&download=zip"
)

func (p *page) search(q *request, l *archives.List) {
	if l.Incomplete {
		p.Note = "Of the files that are in no archive only the first " +
			humanize.Comma(archives.MaxPlain) + " were looked at."
	}
	p.Summary = count.Of(len(l.Items), "match", "matches")
	if l.More {
		p.Summary = "The first " + humanize.Comma(int64(len(l.Items))) + " matches"
		if q.offset > 0 {
			p.Summary = "Further matches"
		}
		p.More = template.URL(q.link(q.orderName(), q.down, l.Next))
	}
	p.Summary += " for “" + readable(q.query) + "”"
	p.Empty = "Nothing here has that in its name. With a slash, as in “docs/intro”, the " +
		"whole path is searched."
	p.columns(nil)
}

func (p *page) folder(q *request, l *archives.List) {
	switch {
	case l.Files == 0:
		p.Summary = count.Of(l.Folders, "folder", "folders")
	case l.Folders == 0:
		p.Summary = count.Of(l.Files, "file", "files")
	default:
		p.Summary = count.Of(l.Folders, "folder", "folders") + ", " + count.Of(l.Files, "file", "files")
	}
	if l.Files > 0 {
		p.Detail = humanize.Bytes(uint64(l.Size))
		if l.Packed > 0 {
			p.Detail += ", packed " + humanize.Bytes(uint64(l.Packed))
		}
	}
	if l.Downloads && q.downloads {
		p.TarGz, p.Zip = downloadTarGz, downloadZip
		if l.Partial {
			p.Note = "The downloads hold only what the archive “" + readable(l.Archive) +
				"” has of this folder."
		}
	}
	p.Empty = "This folder is empty."
	p.columns(q)
	if q.offset > 0 && q.offset >= int64(l.Total) {
		p.Empty, p.First = "The list ends before this page.", template.URL("./"+
			q.link(q.orderName(), q.down, 0))
		return
	}
	if of := (l.Total + q.limit - 1) / q.limit; of > 1 {
		name := q.orderName()
		p.Pages = &pages{At: int(q.offset/int64(q.limit)) + 1, Of: of}
		if q.offset > 0 {
			p.Pages.Prev = template.URL(q.link(name, q.down, max(q.offset-int64(q.limit), 0)))
		}
		if next := q.next(l); next > 0 {
			p.Pages.Next = template.URL(q.link(name, q.down, next))
		}
	}
}

// columns sets the heads of the table. Without a request it can't be sorted.
func (p *page) columns(q *request) {
	for _, c := range []column{
		{Name: "name", Class: "name", Label: "Name"}, {Name: "size", Class: "size", Label: "Size"},
		{Name: "packed", Class: "packed", Label: "Packed"}, {Name: "date", Class: "date",
			Label: "Modified"},
	} {
		if q != nil {
			// Sizes and dates are most useful in descending order.
			down := c.Name == "size" || c.Name == "packed" || c.Name == "date"
			c.Sort = "none"
			if q.orderName() == c.Name {
				c.Sort, c.Arrow = "ascending", "↑"
				if q.down {
					c.Sort, c.Arrow = "descending", "↓"
				}
				down = !q.down
			}
			c.Href = template.URL(q.link(c.Name, down, 0))
		}
		p.Columns = append(p.Columns, c)
	}
}

func (q *request) row(it *archives.Item) row {
	r := row{Name: readable(it.Name()), Href: template.URL(q.href(it)), Link: readable(it.Link)}
	if q.query != "" {
		if i := strings.LastIndexByte(it.Path, '/'); i >= 0 {
			r.Dir = readable(it.Path[:i+1])
		}
	}
	r.Icon, r.KindLabel, r.Preview = kindOf(it)
	switch it.Type {
	case sidecar.TypeDir:
		r.Slash = true
		if it.Below >= 0 {
			r.Size = count.Of(it.Below, "entry", "entries")
		}
	case sidecar.TypeFile, sidecar.TypeHardlink:
		r.Size, r.Bytes = humanize.Bytes(uint64(it.Size)), count.Of(it.Size, "byte", "bytes")
		switch {
		case it.Type == sidecar.TypeHardlink:
			r.Packed, r.PackBytes = "shared", "The same bytes as another file, kept once"
		case it.Packed >= 0:
			r.Packed, r.PackBytes = humanize.Bytes(uint64(it.Packed)), count.Of(it.Packed, "byte", "bytes")
		}
	}
	if it.ModTime > plan.NoTime {
		t := time.Unix(it.ModTime, 0).UTC()
		r.Date, r.Stamp = t.Format("2006-01-02 15:04"), t.Format(time.RFC3339)
	}
	return r
}

// kinds are icons by media type, and what kind of preview there is.
var kinds = []struct{ prefix, icon, label, preview string }{
	{"image/", "image", "Image", "image"},
	{"audio/", "audio", "Audio", "audio"},
	{"video/", "video", "Video", "video"},
	{"text/html", "page", "Page", "text"},
	{"text/", "text", "Text", "text"},
	{"application/json", "text", "Text", "text"},
	{"application/javascript", "text", "Text", "text"},
	{"application/xml", "text", "Text", "text"},
	{"application/toml", "text", "Text", "text"},
	{"application/x-sh", "text", "Text", "text"},
	{"application/yaml", "text", "Text", "text"},
	{"application/pdf", "page", "PDF", ""},
	{"font/", "font", "Font", ""},
	{"application/gzip", "pack", "Archive", ""},
	{"application/zip", "pack", "Archive", ""},
	{"application/x-tar", "pack", "Archive", ""},
	{"application/x-xz", "pack", "Archive", ""},
	{"application/zstd", "pack", "Archive", ""},
}

func kindOf(it *archives.Item) (icon, label, preview string) {
	switch it.Type {
	case sidecar.TypeDir:
		return "folder", "Folder", ""
	case sidecar.TypeSymlink:
		return "link", "Link", ""
	case sidecar.TypeFile, sidecar.TypeHardlink:
		if it.Text && !strings.HasPrefix(it.Media, "image/") && !strings.HasPrefix(it.Media, "text/") {
			return "text", "Text", "text"
		}
		for _, k := range kinds {
			if strings.HasPrefix(it.Media, k.prefix) {
				return k.icon, k.label, k.preview
			}
		}
		return "file", "File", ""
	}
	return "file", "Device", ""
}

// readable makes a name fit to be shown: control characters become pictures of them, bytes that are
// not UTF-8 become marks, and characters that change the direction of text become marks, too.
func readable(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ':
			return 0x2400 + r
		case r == 0x7f:
			return 0x2421
		case r >= 0x80 && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 &&
			r <= 0x2069, r == 0x2028, r == 0x2029:
			return 0xfffd
		}
		return r
	}, strings.ToValidUTF8(name, "\ufffd"))
}
