package getpage

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"net/url"
	"slices"
	"strings"

	"github.com/tarpack/tpk/serve/internal/archives/browse"
	"github.com/tarpack/tpk/serve/internal/asset"
	"github.com/tarpack/tpk/serve/internal/choice"
	"github.com/tarpack/tpk/serve/internal/listing"
	"github.com/tarpack/tpk/serve/internal/plan"
)

//go:embed assets
var files embed.FS

// Assets are the files that pages of this package need.
var Assets = &asset.Set{Files: &files, Dir: "assets", Names: []string{
	"get.css", "get.js+shared/copy.js"}}

var pageTemplate = &listing.Template{Files: &files, Names: []string{"assets/get.html"}}

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

// page is what the template shows.
type page struct {
	listing.Frame
	Heading  string
	Base     string // the folder's address, as the server sees it
	Kind     string
	Note     string // where the formats differ
	Offers   []offer
	Commands []command
	Sums     []sum
	QR       template.HTML
	URL      string // of the QR code
}

// Answer renders the plan's Body.Listing and makes that the plan's body.
func (g *Getter) Answer(r *plan.Request, v *browse.View, p *plan.Plan) error {
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
		found, err = d.folder(v, want.Path, &c, chosen)
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
	if want.JSON {
		listing.Show(r, p, plan.Shown{Type: "application/json", Fields: fields}, d.json())
		return nil
	}
	label := listing.Fill(d.Get.QR, d.URL)
	d.QR = qrCode(d.URL, template.HTMLEscapeString(label))
	var b bytes.Buffer
	if err := pageTemplate.Get().Execute(&b, d); err != nil {
		return err
	}
	listing.Show(r, p, plan.Shown{Type: "text/html; charset=utf-8",
		Fields: listing.PageFields + fields}, b.Bytes())
	return nil
}

// fields are header fields of all answers: addresses in pages depend on it.
const fields = "Vary: X-Forwarded-Proto\r\n"

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
	d.Styles = append(d.Styles, Assets.URL(root, "get.css"))
	d.Scripts = []template.URL{Assets.URL(root, "get.js")}
}

// named sets the name of what is downloaded.
func (d *page) named(kind, name string) {
	d.Kind = kind
	d.Heading = listing.Fill(d.Get.Heading, listing.Readable(name))
	d.Title = d.Heading
}
