package listing

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/tarpack/tpk/serve/internal/archives/browse"
	"github.com/tarpack/tpk/serve/internal/overview"
)

// overviewJSON is an overview in JSON. README.md describes it.
type overviewJSON struct {
	Path  string    `json:"path"`
	Title string    `json:"title,omitempty"`
	Tree  *treeJSON `json:"tree,omitempty"`

	Folders []folderJSON `json:"folders"`
	More    *sumJSON     `json:"more_folders,omitempty"`
	Own     *sumJSON     `json:"files_here,omitempty"`

	// Incomplete is why what follows is missing: shared, busy or large.
	Incomplete string       `json:"incomplete,omitempty"`
	Types      []typeJSON   `json:"types,omitempty"`
	Largest    []fileJSON   `json:"largest,omitempty"`
	Packed     []fileJSON   `json:"largest_packed,omitempty"`
	Shared     []sharedJSON `json:"duplicates,omitempty"`
	AllShared  int          `json:"duplicated_contents,omitempty"`
}

type sumJSON struct {
	Folders *int  `json:"folders,omitempty"`
	Entries int   `json:"entries"`
	Size    int64 `json:"size"`
	Packed  int64 `json:"packed"`
}

type nameJSON struct {
	Name string `json:"name"`
	Raw  string `json:"name_base64,omitempty"`
	Href string `json:"href"`
}

type folderJSON struct {
	nameJSON
	*sumJSON
}

type typeJSON struct {
	Media  string `json:"media"`
	Kind   string `json:"kind"`
	Files  int    `json:"files"`
	Size   int64  `json:"size"`
	Packed int64  `json:"packed"`
}

type fileJSON struct {
	nameJSON
	Size   int64 `json:"size"`
	Packed int64 `json:"packed"`
}

type sharedJSON struct {
	Saved  int64      `json:"saved"`
	Size   int64      `json:"size"`
	Packed int64      `json:"packed"`
	Copies int        `json:"copies"`
	Names  []nameJSON `json:"names"`
}

// overviewJSON returns the overview in JSON. cells are its parts.
func (p *page) overviewJSON(o *browse.Overview) *overviewJSON {
	out := &overviewJSON{Path: "/" + p.q.path, Title: strings.ToValidUTF8(o.Title, "\ufffd"),
		Tree: treeOf(&o.Tree), Folders: []folderJSON{}}
	cells, _ := p.parts(o)
	for i := range cells {
		if c := &cells[i]; c.Dir {
			out.Folders = append(out.Folders,
				folderJSON{nameOf(c.Name, string(p.cellHref("", c))), sumOf(&c.Sum)})
		}
	}
	switch {
	case o.Unknown:
		out.Incomplete = "shared"
	case o.Busy:
		out.Incomplete = "busy"
	case o.Part != nil && !o.Part.Scanned:
		out.Incomplete = "large"
	}
	if o.Part != nil {
		out.Own = sumOf(&o.Part.Own)
		if o.Part.Below > 0 {
			out.More = sumOf(&o.Part.Else)
			out.More.Folders = &o.Part.Below
		}
		p.scannedJSON(o, out)
	}
	return out
}

// scannedJSON adds what was found by the scan.
func (p *page) scannedJSON(o *browse.Overview, out *overviewJSON) {
	named := func(path string) nameJSON {
		path = o.Prefix + path
		return nameOf(p.q.relative(path), p.q.hrefOf(path))
	}
	for _, t := range o.Part.Types {
		out.Types = append(out.Types, typeJSON{t.Media, fileKinds[t.Kind], t.Files, t.Size, t.Packed})
	}
	for _, f := range o.Part.Largest {
		out.Largest = append(out.Largest, fileJSON{named(f.Path), f.Size, f.Packed})
	}
	for _, f := range o.Part.Longest {
		out.Packed = append(out.Packed, fileJSON{named(f.Path), f.Size, f.Packed})
	}
	for i := range o.Part.Shared {
		s := &o.Part.Shared[i]
		j := sharedJSON{Saved: s.Saved, Size: s.Size, Packed: s.Packed, Copies: s.Copies}
		for _, path := range s.Paths {
			j.Names = append(j.Names, named(path))
		}
		out.Shared = append(out.Shared, j)
	}
	out.AllShared = o.Part.AllShared
}

func sumOf(s *overview.Sum) *sumJSON {
	return &sumJSON{Entries: s.Entries, Size: s.Size, Packed: s.Packed}
}

func nameOf(name, href string) nameJSON {
	j := nameJSON{Name: strings.ToValidUTF8(name, "\ufffd"), Href: href}
	if !utf8.ValidString(name) {
		j.Raw = base64.StdEncoding.EncodeToString([]byte(name))
	}
	return j
}
