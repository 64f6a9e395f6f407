package browse

import (
	"cmp"
	"errors"
	"strings"

	"github.com/tarpack/tpk/serve/internal/archives"

	"github.com/tarpack/tpk/internal/order"
	"github.com/tarpack/tpk/serve/internal/archives/contents"
	"github.com/tarpack/tpk/serve/internal/archives/describe"
	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/natural"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/textenc"
	"github.com/tarpack/tpk/sidecar"
)

// Mount describes a mount for a page that leads to all of them.
type Mount struct {
	Path        string
	Title       string
	Description string          // a paragraph, from its README or index page; "" if there is none
	Tree        contents.Totals // not known if it is not one archive
	Waiting     bool            // its archive is not ready yet
}

// Mounts describes all mounts, by path in natural order. There are none if something is mounted at
// the root, which has a listing of its own then.
func (v *View) Mounts() ([]Mount, error) {
	var list []Mount
	for k := range v.Mounted() {
		if v.Mounted()[k].Path == "" {
			return nil, nil
		}
		m, err := v.describe(&v.Mounted()[k])
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	sortMounts(list)
	return list, nil
}

// sortMounts sorts mounts by path in natural order.
func sortMounts(list []Mount) {
	order.Sort(list, func(a, b Mount) int {
		return cmp.Or(strings.Compare(natural.Key(a.Path), natural.Key(b.Path)),
			strings.Compare(a.Path, b.Path))
	})
}

func (v *View) describe(m *archives.Mount) (Mount, error) {
	d := Mount{Path: m.Path, Title: m.Path[strings.LastIndexByte(m.Path, '/')+1:],
		Tree: contents.UnknownTotals, Waiting: m.Pending}
	if len(m.Sources) != 1 || len(m.Dirs) > 0 || m.Pending {
		return d, nil
	}
	a, err := v.Touch(m.Sources[0])
	if err != nil {
		return d, err
	}
	omit, err := a.Omit(v.Hidden(), m.Path)
	if err != nil {
		return d, err
	}
	d.Title = a.Title()
	if d.Tree, err = a.Totals(omit, sidecar.Root); err != nil {
		return d, err
	}
	proof := v.Proof(m.Sources[0])
	if text, ok := v.memory.abouts.get(a, m.Path, proof); ok {
		d.Description = text
		return d, nil
	}
	text, err := v.readAbout(m, omit)
	switch {
	case errors.Is(err, archives.ErrInstant):
		return d, err
	case err == nil && a.Unchanged(proof):
		v.memory.abouts.set(a, m.Path, proof, text)
		d.Description = text
	}
	return d, nil // the page of a file reports what is wrong with it
}

// maxAbout is how many bytes of a file are read for a description.
const maxAbout = 32 << 10

// readAbout returns the description of a mount that is one archive: of the best README that has a
// paragraph, or else the title of its index page.
func (v *View) readAbout(m *archives.Mount, omit *contents.Omission) (string, error) {
	names, err := v.Readmes(m.Path, nil)
	if err != nil {
		return "", err
	}
	for _, name := range names {
		content, err := v.readDescribing(m, omit, name)
		if err != nil {
			return "", err
		}
		if text := describe.FirstParagraph(content); text != "" {
			return text, nil
		}
	}
	content, err := v.readDescribing(m, omit, "index.html")
	return describe.PageTitle(content), err
}

// readDescribing returns the beginning of a text in the root of an archive, in UTF-8; "" if there
// is none.
func (v *View) readDescribing(
	m *archives.Mount, omit *contents.Omission, name string,
) (string, error) {
	a := v.Archive(m.Sources[0])
	i, ok, err := a.Index.Lookup(name)
	if err != nil || !ok || omit.LeavesOut(i) {
		return "", a.Wrap(err)
	}
	n, _, err := v.Find(paths.Join(m.Path, name))
	if err != nil || n.Kind != plan.File || n.Source != m.Sources[0] || n.Size == 0 {
		return "", err
	}
	if err := v.Proved(&n); err != nil {
		return "", err
	}
	b, err := v.ReadFile(&n, maxAbout)
	if err != nil {
		return "", err
	}
	cut := int64(len(b)) < n.Size
	return textenc.Decode(b, cut, textenc.Detect(b, cut, "text/html")), nil
}
