package getpage

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/asset"
	"github.com/tarpack/tpk/serve/internal/choice"
	"github.com/tarpack/tpk/serve/internal/listing"
	"github.com/tarpack/tpk/serve/internal/plan"
)

//go:embed assets
var files embed.FS

var assets = asset.New(files, "assets", "get.css", "get.js+shared/copy.js")

var pageTemplate = listing.Template(files, "assets/get.html")

// Getter renders the pages.
type Getter struct{ planner *plan.Planner }

// New returns a Getter for what the planner allows.
func New(p *plan.Planner) *Getter { return &Getter{p} }

// Asked reports whether a listing was asked for as a page of this package.
func Asked(want *plan.Listing) bool {
	if want.View || want.Missing || !strings.Contains(want.Query, "get") {
		return false
	}
	values, err := url.ParseQuery(want.Query)
	return err == nil && slices.Contains(values["list"], "get")
}

// link is something that can be downloaded.
type link struct {
	Label string
	Href  template.URL
	Size  string
	Exact string
}

// sum is a checksum.
type sum struct{ Label, Value string }

// page is what the template shows.
type page struct {
	listing.Frame
	Heading  string
	Base     string // the folder's address, as the server sees it
	Kind     string
	Links    []link
	Commands []command
	Sums     []sum
	QR       template.HTML
	URL      string // of the QR code
}

// Answer renders the plan's Body.Listing and makes that the plan's body.
func (g *Getter) Answer(r *plan.Request, v *archives.View, p *plan.Plan) error {
	want := p.Body.Listing
	if !g.planner.Downloads() {
		p.ShowNothing()
		return nil
	}
	c, chosen, err := choice.Parse(want.Query)
	if err != nil {
		p.ShowBad(err.Error())
		return nil
	}
	d := &page{}
	d.frame(r, want.Path, v.Title())
	found := false
	if chosen && len(c.Names) == 1 && len(c.Ranges) == 0 {
		found, err = g.file(d, v, want.Path, c.Names[0])
	}
	if err == nil && !found {
		found, err = g.folder(d, v, want.Path, &c, chosen)
	}
	if refused := (*plan.ChoiceError)(nil); errors.As(err, &refused) {
		p.ShowRefused(refused)
		return nil
	}
	if err != nil {
		return err
	}
	if !found {
		p.ShowNothing()
		return nil
	}
	label := listing.Fill(d.Get.QR, d.URL)
	d.QR = qrCode(d.URL, template.HTMLEscapeString(label))
	var b bytes.Buffer
	if err := pageTemplate().Execute(&b, d); err != nil {
		return err
	}
	listing.Show(r, p, plan.Shown{Type: "text/html; charset=utf-8",
		Fields: listing.PageFields + "Vary: X-Forwarded-Proto\r\n"}, b.Bytes())
	return nil
}

// frame sets what is around the page of a folder.
func (d *page) frame(r *plan.Request, path, title string) {
	below := path + "/x" // a file in the folder has the folder among its crumbs
	if path == "" {
		below = "x"
	}
	t := listing.TextsFor(r)
	crumbs, root := t.FileCrumbs(below, title)
	d.Frame = listing.NewFrame(t, root)
	d.Crumbs, d.Here = crumbs, t.Get.More
	d.Base = origin(r) + "/"
	if path != "" {
		d.Base += string(plan.AppendHref(nil, path)) + "/"
	}
	d.Styles = append(d.Styles, assets.URL(root, "get.css"))
	d.Scripts = []template.URL{assets.URL(root, "get.js")}
}

// named sets the name of what is downloaded.
func (d *page) named(kind, name string) {
	d.Kind = kind
	d.Heading = listing.Fill(d.Get.Heading, listing.Readable(name))
	d.Title = d.Heading
}

// add adds a link and returns its whole URL.
func (d *page) add(label, href string, size int64) string {
	d.Links = append(d.Links, link{label, template.URL("./" + href), d.Bytes(size),
		d.Count(size, d.Byte)})
	return d.Base + href
}

// file sets the page of a file in a folder. It returns false if it is something else.
func (g *Getter) file(d *page, v *archives.View, dir, name string) (bool, error) {
	n, err := g.planner.File(v, strings.TrimPrefix(dir+"/"+name, "/"))
	if err != nil || n.Kind != plan.File {
		return false, err
	}
	base := name[strings.LastIndexByte(name, '/')+1:]
	d.named(d.Get.File, base)
	d.URL = d.add(listing.Readable(base), string(plan.AppendHref(nil, name)), n.Size)
	d.Commands = []command{{d.Get.Resume, curl(d.URL, base)}, {d.Get.Wget, wget(d.URL, base)}}
	if n.SHA256 != [32]byte{} {
		hex := fmt.Sprintf("%x", n.SHA256)
		d.Sums = append(d.Sums, sum{"SHA-256", hex})
		d.Commands = append(d.Commands, command{d.Get.Check, check(hex, base)})
	}
	if n.Coding != plan.Plain {
		d.Sums = append(d.Sums, sum{"xxHash64", fmt.Sprintf("%016x", n.Hash)},
			sum{"CRC-32", fmt.Sprintf("%08x", n.CRC)})
	}
	return true, nil
}

// folder sets the page of a folder, or of some entries of it. It returns false if no archive has
// the folder.
func (g *Getter) folder(
	d *page, v *archives.View, path string, c *choice.Choice, chosen bool,
) (bool, error) {
	query := "?list&download="
	more := ""
	if chosen {
		more = "&" + c.Query()
	}
	for _, format := range []string{"tar.gz", "zip", "tpi"} {
		if chosen && format == "tpi" {
			break
		}
		n, err := v.Download(path, format, strings.TrimPrefix(more, "&"))
		if err != nil {
			return false, err
		}
		if n.Kind != plan.Download {
			continue
		}
		if format == "tpi" {
			d.add(d.Get.Index, query+format, n.Size)
			d.Sums = append(d.Sums, sum{d.Get.ArchiveDigest, fmt.Sprintf("%016x", ^n.Hash)})
			continue
		}
		whole := d.add("."+format, query+format+more, n.Size)
		if format == "tar.gz" {
			d.describe(n.Name, whole, chosen)
		} else {
			d.Commands = append(d.Commands, command{d.Get.Resume + " (.zip)", curl(whole, n.Name)})
		}
	}
	return len(d.Links) > 0, nil
}

// describe sets what is known of a tar.gz.
func (d *page) describe(name, whole string, chosen bool) {
	kind := d.Get.Folder
	if chosen {
		kind = d.Get.Selection
	}
	d.named(kind, strings.TrimSuffix(name, ".tar.gz"))
	d.URL = whole
	d.Commands = append(d.Commands, command{d.Get.Resume, curl(whole, name)},
		command{d.Get.Wget, wget(whole, name)}, command{d.Get.Unpack, untar(whole)})
}
