package archives

import (
	"context"
	"encoding/binary"
	"strings"

	"github.com/tarpack/tpk/serve/internal/archives/contents"
	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/archives/recent"
	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/tarpack/export"
)

// firstExport is the Entry of the first export that a View has found. That of the next is one less.
const firstExport = -3

// keptExports is how many layouts an archive remembers. A download that is resumed, or fetched in
// ranges, needs its layout each time. To make one takes 10 ms for 100,000 entries, and to keep it
// some kilobytes.
const keptExports = 16

// layoutKey is what a layout depends on.
type layoutKey struct {
	what   string // see exportKey
	format export.Format
	proof  *guard.Proof // of the archive: the layout has bytes of its headers
}

// newExports returns what remembers the layouts of an archive that were used last.
func newExports() *recent.Cache[layoutKey, *export.File] {
	return &recent.Cache[layoutKey, *export.File]{Most: keptExports}
}

// export lays out a folder as a download, without what is hidden, or the entries of it that are
// chosen. ranges is nil without a choice.
func (v *View) export(d *downloadable, format string, ranges []export.Range) (plan.Node, error) {
	f, ok := export.ParseFormat(format)
	if !ok {
		return plan.Node{}, nil
	}
	a, omit := v.set.sources[d.source], d.Omission.Omits()
	rest, key := strings.Clone(d.Path), exportKey(&d.Folder, ranges)
	layOut := func(context.Context) (*export.File, error) {
		if ranges != nil {
			return export.Select(a.tar, rest, ranges, f, omit)
		}
		return export.FolderWithout(a.tar, rest, f, omit)
	}
	file, err := a.exports.Get(layoutKey{key, f, v.noted(d.source).proof}, v.Context, layOut)
	if err != nil {
		return plan.Node{}, err
	}
	name := exportName(a, rest)
	if ranges != nil {
		name, err = a.ChoiceName(name, ranges)
		if err != nil {
			return plan.Node{}, err
		}
	}
	n := plan.Node{
		Kind: plan.Download, Source: d.source, Entry: firstExport - len(v.exports),
		Name: name + "." + format, Size: file.Size(), ModTime: a.modTime, Hash: file.Tag(),
	}
	v.exports = append(v.exports, file)
	return n, nil
}

// exportKey returns what a layout depends on besides its archive and format.
func exportKey(f *contents.Folder, ranges []export.Range) string {
	var b []byte
	if f.Omission != nil {
		b = append(append(b, f.Mount...), 0)
	}
	b = append(b, f.Path...)
	for _, r := range ranges {
		b = binary.AppendUvarint(append(b, 0), uint64(r.From))
		b = binary.AppendUvarint(b, uint64(r.To))
	}
	return string(b)
}

// exportName returns the name to save a folder under, without suffix: its own, or the archive's for
// the root.
func exportName(a *Archive, path string) string {
	name := path[strings.LastIndexByte(path, '/')+1:]
	if name == "" {
		name = a.Title()
	}
	return strings.ToValidUTF8(name, "_")
}

// Export returns the export that a node of kind Download stands for, or nil if it stands for a
// file.
func (v *View) Export(n *plan.Node) *export.File {
	if n.Kind != plan.Download || n.Entry > firstExport {
		return nil
	}
	return v.exports[firstExport-n.Entry]
}

// Mapped returns the archive that an export is made of, in mapped memory, or nil if that is not
// possible. It must only be given to the kernel to copy, since its file may be cut short at any
// time.
func (v *View) Mapped(n *plan.Node) []byte {
	if n.Source == PlainSource {
		return nil
	}
	return v.set.sources[n.Source].mapped
}

// directory returns the first archive that has the folder path, and the path in it, or −1. For a
// mount's own path that is the first archive of the mount.
func (v *View) directory(path string) (source int, rest string, err error) {
	s := v.set
	for m := range s.mounts {
		rest, ok := paths.Below(s.mounts[m].Path, path)
		if !ok {
			continue
		}
		for _, i := range s.mounts[m].Sources {
			a, err := v.Touch(i)
			if err != nil {
				return -1, "", err
			}
			k, dir, err := a.Directory(rest)
			if err != nil {
				return -1, "", err
			}
			if dir {
				return i, rest, nil
			}
			if k >= 0 {
				return -1, "", nil // a file hides the folders of later archives
			}
		}
		if s.mounts[m].Pending {
			return -1, "", ErrPending
		}
	}
	return -1, "", nil
}
