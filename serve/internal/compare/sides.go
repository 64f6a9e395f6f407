package compare

import (
	"errors"
	"html/template"
	"slices"
	"strings"

	"github.com/tarpack/tpk/serve/internal/archives/browse"
	"github.com/tarpack/tpk/serve/internal/listing"
)

// frame is what both pages have around their content.
type frame struct {
	listing.Frame
	Heading  string
	Old, New side
}

// side is one of the folders, or of the files.
type side struct {
	Path string
	Href template.URL // "" if there is nothing there
}

func (a *answer) frame() frame {
	t, q := a.t, a.q
	crumbs, root := t.FileCrumbs(q.path+"/", a.v.Title())
	f := frame{Frame: listing.NewFrame(t, root), Heading: t.Compare.Title}
	f.Crumbs, f.Here, f.Title = crumbs, t.Compare.Title, t.Compare.Title
	f.Styles = append(f.Styles, Assets.URL(root, "compare.css"))
	if a.c != nil {
		f.Old, f.New = a.side(0, "", true), a.side(1, "", true)
		f.Title = f.Old.Path + " → " + f.New.Path + " · " + t.Compare.Title
	}
	return f
}

// side returns a folder of a side, or a file.
func (a *answer) side(i int, path string, folder bool) side {
	full := a.c.Path(i)
	if path != "" {
		full = strings.TrimPrefix(full+"/"+path, "/")
	}
	href := listing.Href(a.q.root(), full)
	switch {
	case !folder:
		href += "?list=view"
	case full == "":
		href += "?list"
	default:
		href += "/?list"
	}
	return side{"/" + listing.Readable(full), template.URL(href)}
}

// form chooses the folders.
type form struct {
	Old, New string
	Known    []string // paths to choose from
	Choices  []choice
	Swap     template.URL
}

// choice is a folder to compare with.
type choice struct {
	Path string
	Href template.URL
}

// maxChoices is how many folders a page offers.
const maxChoices = 100

func (a *answer) form() (form, error) {
	q := a.q
	f := form{Old: "/" + strings.ToValidUTF8(q.old, "\ufffd")}
	if q.chosen {
		f.New = "/" + strings.ToValidUTF8(q.new, "\ufffd")
		f.Swap = template.URL(q.link(func(q *request) { q.old, q.new = q.new, q.old }))
	}
	hidden := a.w.planner.Hidden
	others := a.v.Counterparts(q.old, hidden)
	siblings, err := a.v.Siblings(q.old, hidden)
	if err != nil {
		return f, err
	}
	others = append(others, siblings...)
	others = slices.DeleteFunc(others, func(path string) bool { return path == q.old })
	others = others[:min(len(others), maxChoices)]
	for _, path := range others {
		f.Known = append(f.Known, "/"+strings.ToValidUTF8(path, "\ufffd"))
	}
	if q.chosen {
		return f, nil
	}
	can, err := a.v.CanCompare(q.old, hidden)
	switch {
	case err != nil:
		return f, err
	case !can && len(others) > 1: // the folder has the mounts in it
		f.Old, f.New = f.Known[0], f.Known[1]
	case can && len(others) > 0:
		f.New = f.Known[0]
		for _, path := range others {
			f.Choices = append(f.Choices, choice{"/" + listing.Readable(path),
				template.URL(q.link(func(q *request) { q.new = path }))})
		}
	}
	return f, nil
}

// note returns why there is no comparison, for people, or what to do.
func (a *answer) note() string {
	t := a.t.Compare
	switch {
	case a.busy:
		return t.Busy
	case a.refused == nil && a.q.chosen:
		return ""
	case a.refused == nil:
		return t.Choose
	}
	path := "/" + listing.Readable(a.refused.Path)
	if errors.Is(a.refused, browse.ErrMixed) {
		return listing.Fill(t.Mixed, path)
	}
	return listing.Fill(t.NoFolder, path)
}
