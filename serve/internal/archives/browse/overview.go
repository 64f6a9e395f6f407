package browse

import (
	"context"
	"errors"
	"strings"
	"weak"

	"github.com/tarpack/tpk/serve/internal/archives"

	"github.com/tarpack/tpk/serve/internal/archives/contents"
	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/overview"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar"
)

// OverviewOptions are what an overview needs to know.
type OverviewOptions struct {
	// Hidden reports whether a path is not shown. That of a folder ends with a slash. It may be nil.
	Hidden func(path string) bool
	// Type returns the media type of a file, and a number below overview.Kinds.
	Type func(path string, n *plan.Node) (media string, kind int)
}

// Overview is an overview of a folder. If Part is nil, Mounts are what is below the folder.
type Overview struct {
	Title  string // of the only archive at the root, or ""
	Top    string // the title of the archive whose root the folder is, or ""
	Tree   contents.Totals
	Part   *overview.Overview
	Prefix string // of the paths in Part, "" or with a slash at its end
	Mounts []Mount
	Busy   bool // too many others are being made
	// Unknown is set if several archives, or plain files, share the folder or one of the mounts.
	Unknown bool
}

// Overview makes an overview of a folder that one archive has, or of mounts below a folder.
func (v *View) Overview(dir string, o OverviewOptions) (*Overview, error) {
	o.Hidden = v.Hiding(o.Hidden)
	out := &Overview{Title: v.Title(), Tree: contents.UnknownTotals}
	dirs, err := v.Directories(dir)
	if err != nil {
		return nil, err
	}
	below, err := v.mountsBelow(dir, o.Hidden)
	if err != nil {
		return nil, err
	}
	plain, err := v.hasPlain(dir, o.Hidden)
	switch {
	case err != nil:
		return nil, err
	case len(dirs) == 0 && !plain && len(below) > 0:
		out.addMounts(below)
		return out, nil
	case len(dirs) != 1 || plain || len(below) > 0:
		out.Unknown = true
		return out, nil
	}
	return out, v.addPart(out, dirs[0], o)
}

// addMounts adds mounts, and the sum of what they have.
func (o *Overview) addMounts(below []Mount) {
	o.Mounts = below
	o.Tree = contents.Totals{}
	for i := range below {
		t := &below[i].Tree
		if t.Entries < 0 {
			o.Unknown = true
			continue
		}
		o.Tree.Entries += t.Entries
		o.Tree.Files += t.Files
		o.Tree.Links += t.Links
		o.Tree.Size += t.Size
		o.Tree.Packed += t.Packed
		o.Tree.Saved += t.Saved
	}
	if o.Unknown {
		o.Tree = contents.UnknownTotals
	}
}

// addPart adds the overview of a folder of an archive.
func (v *View) addPart(out *Overview, d archives.Folder, o OverviewOptions) error {
	a, mount := v.Archive(d.Source), v.Mounted()[d.Mount].Path
	omit, err := a.Omit(v.Hidden(), mount)
	if err != nil {
		return err
	}
	if out.Tree, err = a.Totals(omit, d.Ordinal); err != nil {
		return err
	}
	if d.Ordinal == sidecar.Root {
		out.Top = a.Title()
	}
	if mount != "" {
		out.Prefix = mount + "/"
	}
	key := overviewKey{weak.Make(a), weak.Make(v.Proof(d.Source)), strings.Clone(mount), d.Ordinal}
	out.Part, err = v.memory.overviews.Get(key, v.Context,
		func(ctx context.Context) (*overview.Overview, error) {
			return inTurn(ctx, func(ctx context.Context) (*overview.Overview, error) {
				return makeOverview(ctx, a, omit, mount, d.Ordinal, o)
			})
		})
	if errors.Is(err, errTooMany) {
		out.Busy, err = true, nil
	}
	return err
}

// makeOverview makes the overview of a folder of an archive, without what is left out.
func makeOverview(ctx context.Context, a *archives.Archive, omit *contents.Omission, mount string,
	dir int, o OverviewOptions) (*overview.Overview, error) {
	end, err := a.End(dir)
	if err != nil {
		return nil, err
	}
	s := &overview.Source{Index: a.Index, MaxScan: overview.MaxScan, Skip: omit.Skips(),
		Totals: func(folder int) (overview.Sum, error) {
			t, err := a.Totals(omit, folder)
			return overview.Sum{Entries: t.Entries, Size: t.Size, Packed: t.Packed}, err
		},
		Type: func(path string, e *sidecar.Entry) (string, int) {
			return o.Type(paths.Join(mount, path), &plan.Node{Size: e.Size, UTF8: e.Sniff.UTF8(),
				Sniff: contents.MediaType(e)})
		}}
	made, err := overview.Make(ctx, s, dir, end)
	return made, a.Wrap(err)
}

// mountsBelow describes the mounts below a folder that are not hidden.
func (v *View) mountsBelow(dir string, hidden func(string) bool) ([]Mount, error) {
	var list []Mount
	for k := range v.Mounted() {
		m := &v.Mounted()[k]
		if _, ok := paths.Below(dir, m.Path); !ok || m.Path == dir || len(m.Sources)+len(m.Dirs) == 0 ||
			hidden != nil && paths.Hides(hidden, m.Path, func() bool { return true }) {
			continue
		}
		d, err := v.describe(m)
		if err != nil {
			return nil, err
		}
		if !v.OneArchive(m.Path) {
			d.Tree = contents.UnknownTotals
		}
		list = append(list, d)
	}
	sortMounts(list)
	return list, nil
}

// hasPlain reports whether a directory of plain files shows something in a folder.
func (v *View) hasPlain(dir string, hidden func(string) bool) (bool, error) {
	files, some, err := v.readDirs(dir, hidden)
	if err != nil || !some {
		return false, err
	}
	for _, entries := range files {
		for _, e := range entries {
			if ok, err := e.answered(paths.Join(dir, e.Name()), hidden); err != nil || ok {
				return ok, err
			}
		}
	}
	return false, nil
}
