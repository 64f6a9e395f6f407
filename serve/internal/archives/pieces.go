package archives

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/source"
)

// heldPiece is a part of a source that lies in a file of its own, as a shard of a set does. It
// stays open until the View is released.
type heldPiece struct {
	of  int   // the source
	off int64 // in the source
	source.Piece
}

// keptOpen is how many shards of a set are opened at once. They stay readable if the set is
// replaced.
const keptOpen = 512

// openShards opens the first shards of a set, so that each is compared with the set's list before
// it is needed. In larger sets the others are opened at their first use.
func (a *Archive) openShards() error {
	src := a.tar.Source()
	for i, off := 0, int64(0); i < min(a.tar.Shards(), keptOpen) && off < src.Size(); i++ {
		piece, _, err := src.Piece(off, src.Size()-off)
		if err != nil {
			return err
		}
		piece.Release()
		off += piece.Length
	}
	return nil
}

// Range returns the file that holds n bytes of a node, from the offset off of its source, and their
// offset in that file. It is shared, so it must be read by offset. If no file holds them it returns
// nil; then they can be read from Reader.
func (v *View) Range(node *plan.Node, off, n int64) (*os.File, int64) {
	if node.Source == PlainSource {
		return v.plain[node.Entry], node.Offset + off
	}
	a := v.set.sources[node.Source]
	if node.Kind == plan.Download && node.Entry == wholeSidecar {
		return nil, 0
	}
	if a.file != nil {
		return a.file, off
	}
	for i := range v.pieces {
		p := &v.pieces[i]
		if p.of == node.Source && p.off <= off && off+n <= p.off+p.Length {
			return p.File, p.Offset + off - p.off
		}
	}
	piece, ok, err := a.tar.Source().Piece(off, n)
	if err != nil || !ok {
		return nil, 0 // reading it reports the error
	}
	v.pieces = append(v.pieces, heldPiece{node.Source, off, piece})
	if piece.Length < n {
		return nil, 0
	}
	return piece.File, piece.Offset
}

// Reader returns the bytes of a node's source, to be read by the offsets in the node.
func (v *View) Reader(n *plan.Node) io.ReaderAt {
	if n.Source == PlainSource && n.Offset > 0 {
		return io.NewSectionReader(v.plain[n.Entry], n.Offset, n.Size)
	}
	if n.Source == PlainSource {
		return v.plain[n.Entry]
	}
	a := v.set.sources[n.Source]
	if n.Kind == plan.Download && n.Entry == wholeSidecar {
		return a.Index
	}
	return a.tar.Source()
}

// Downloads are nodes with these ordinals, or with one of firstExport and below.
const (
	wholeArchive = -1
	wholeSidecar = -2
)

// download describes the archive itself or its sidecar. The digest in the trailer identifies both.
func (a *Archive) download(format string) plan.Node {
	if a.shared || a.tar.Shards() > 0 {
		return plan.Node{} // it is no file of its own, and is exported instead
	}
	n := plan.Node{Kind: plan.Download, Name: a.saveAs(), ModTime: a.modTime, Hash: a.Index.Digest()}
	if format == "tpi" {
		if a.tar.IndexRebuilt() {
			return plan.Node{}
		}
		n.Name += ".tpi"
		n.Entry, n.Size = wholeSidecar, a.Index.Size()
		n.Hash = ^n.Hash
		return n
	}
	if a.tar.Within() == nil {
		fi, err := a.file.Stat()
		if err != nil || fi.Mode().IsRegular() && fi.Size() != a.tar.Size() {
			return plan.Node{} // it has grown, so its end differs, and it is exported instead
		}
	}
	n.Entry, n.Size = wholeArchive, a.tar.Size()
	if signed := a.tar.Signed(); signed != nil && len(signed.Files) == 1 {
		n.SHA256 = signed.Files[0].SHA256
	}
	return n
}

// content opens a range of an entry's content for reading, with checks of what was signed or
// without. If the source keeps what it has fetched, it gets to know whether it was right.
func (a *Archive) content(i int, offset, length int64, signed bool) (io.ReadCloser, error) {
	if signed || a.keeper != nil {
		r, err := a.tar.OpenContent(i)
		if err == nil {
			_, err = r.Seek(offset, io.SeekStart)
		}
		if err != nil {
			return nil, a.Wrap(err)
		}
		return &signedRange{io.LimitReader(r, length), r}, nil
	}
	c, err := a.tar.Content(i)
	if err != nil {
		return nil, a.Wrap(err)
	}
	r, err := gzmember.NewRangeReader(a.tar.Source(), c, offset, length)
	return r, a.Wrap(err)
}

// signedRange reads a range of a content that is compared with what was signed.
type signedRange struct {
	io.Reader
	io.Closer
}

// releasePieces gives up the pieces that the View has read.
func (v *View) releasePieces() {
	for i := range v.pieces {
		v.pieces[i].Release()
	}
	clear(v.pieces)
	v.pieces = v.pieces[:0]
}

// Title returns the name of an archive for people, without suffix.
func (a *Archive) Title() string {
	name := a.tar.Name()
	if b := a.tar.Within(); b != nil {
		name = b.ArchiveName()
	}
	name = name[strings.LastIndexByte(name, '/')+1:]
	if a.tar.Shards() > 0 {
		name = strings.TrimSuffix(name, format.ListSuffix)
		if i := strings.LastIndex(name, "-of-"); i > 0 {
			name = name[:i]
		}
	}
	if a.origin != nil {
		for _, suffix := range foreignSuffixes {
			if rest, ok := strings.CutSuffix(name, suffix); ok && rest != "" {
				return rest
			}
		}
	}
	return strings.TrimSuffix(name, ".tar.gz")
}

// foreignSuffixes are usual suffixes of files that are converted.
var foreignSuffixes = []string{".zip", ".jar", ".tgz", ".txz", ".tbz2", ".tzst", ".tar", ".tar.xz",
	".tar.zst", ".tar.bz2", ".tar.lzma", ".tar.lz4"}

// saveAs returns the name to save the archive under. It adds a suffix to the name of a device,
// and replaces the suffix of a converted file.
func (a *Archive) saveAs() string {
	if a.origin != nil {
		return a.Title() + ".tar.gz"
	}
	if b := a.tar.Within(); b != nil {
		return b.ArchiveName()
	}
	if a.stamp.Archive == nil || a.stamp.Archive.Mode().IsRegular() {
		return filepath.Base(a.Name)
	}
	return filepath.Base(a.Name) + ".tar.gz"
}
