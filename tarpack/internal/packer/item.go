package packer

import (
	"io"
	"os"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/dedup"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/input"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// An Item is one entry on its way from its source to the archive. Each function that makes one
// allocates item and source together.
type Item struct {
	Type   sidecar.Type // a hard link of an archive is a TypeFile: which name is the file may change
	Source input.Source
	Old    base.Entry // the entry at the path in the archive that is changed; zero if there is none
	Keep   bool       // the content of Old is kept
	Shard  int        // that the entry goes into, in an edit of a set

	Inode     durable.Inode // zero unless the file has several names in what is packed
	LaterName bool          // another name of the file came before

	path     string
	size     int64      // bytes of a file's content; 0 if that is copied from an archive
	closed   bool       // an extracting user cannot enter the directory once its mode is restored
	tree     dedup.Tree // that the file can be read from again; nil if from none
	reserved int64      // bytes of the queue's budget
	preparation
}

// preparation is what a worker finds out about a file. It is valid once ready is closed.
type preparation struct {
	ready  chan struct{} // nil if no worker prepares the file
	err    error
	header format.Header
	input.Content
	hash uint64 // xxHash64 of the content
	key  uint64 // of the file among the candidates for deduplication; 0: not among them
}

// Release gives back what the source of the item holds.
func (it *Item) Release() {
	if c, ok := it.Source.(io.Closer); ok {
		c.Close() // it was open for reading only
	}
}

// fromArchive reports whether header and content come from Old.
func (it *Item) fromArchive() bool {
	_, ok := it.Source.(*base.Entry)
	return ok
}

// onDisk reports whether the header comes from a file on disk.
func (it *Item) onDisk() bool {
	_, ok := it.Source.(*input.Disk)
	return ok
}

// NewItem returns the item of an entry on disk. It takes over the reference to the entry's
// directory.
func (p *Packer) NewItem(e tree.Entry) *Item {
	d := &struct {
		Item
		source input.Disk
	}{source: input.Disk{Entry: e, Headers: &p.headers}}
	d.Item = Item{path: e.Path(), Type: e.Typ, size: fileSize(&e), Source: &d.source}
	d.closed, d.tree = e.Dir.Closed, e.Dir.Tree
	return &d.Item
}

// SetOld sets the entry that has the path of the item in the archive that is changed.
func (it *Item) SetOld(old base.Entry) {
	it.Old = old
	if d, ok := it.Source.(*input.Disk); ok {
		d.Kept = &it.Old
	}
}

// newFSItem returns the item of an entry of a file system.
func (p *Packer) newFSItem(t *input.FSTree, e tree.Entry, closed bool) *Item {
	d := &struct {
		Item
		source input.FS
	}{source: input.FS{Entry: e, Tree: t, Headers: &p.headers}}
	d.Item = Item{path: e.Full, Type: e.Typ, size: fileSize(&e), Source: &d.source}
	d.closed, d.tree = closed, t
	return &d.Item
}

// fileSize returns the size of a regular file in bytes, and 0 for anything else.
func fileSize(e *tree.Entry) int64 {
	if e.Typ == sidecar.TypeFile {
		return e.Info.Size()
	}
	return 0
}

// NewBaseItem returns the item of an entry that is copied from an archive. A file keeps its
// content.
func NewBaseItem(path string, typ sidecar.Type, closed bool, old base.Entry) *Item {
	if typ == sidecar.TypeHardlink {
		typ = sidecar.TypeFile
	}
	it := &Item{path: path, Type: typ, closed: closed, Old: old, Keep: typ == sidecar.TypeFile}
	it.Source = &it.Old
	return it
}

// NewGivenItem returns the item of an entry without content.
func NewGivenItem(h format.Header) *Item {
	d := &struct {
		Item
		source input.Given
	}{source: input.Given{H: h}}
	d.Item = Item{path: h.Path, Type: h.Type, Source: &d.source}
	return &d.Item
}

// NewMemoryItem returns the item of a file whose content is in memory. The caller has reserved
// len(content) bytes.
func NewMemoryItem(h format.Header, content *output.Buffer) *Item {
	d := &struct {
		Item
		source input.Memory
	}{source: input.Memory{Given: input.Given{H: h}, Bytes: content}}
	d.Item = Item{path: h.Path, Type: h.Type, Source: &d.source, size: h.Size, reserved: h.Size}
	return &d.Item
}

// NewDeflatedItem returns the item of a file whose content is a raw deflate stream and has the
// given CRC-32. The caller has reserved DeflatedCost bytes.
func NewDeflatedItem(h format.Header, raw *output.Buffer, crc uint32) *Item {
	d := &struct {
		Item
		source input.Deflated
	}{source: input.Deflated{Given: input.Given{H: h}, Raw: raw, CRC: crc}}
	reserved := DeflatedCost(h.Size, int64(len(raw.B)))
	d.Item = Item{path: h.Path, Type: h.Type, Source: &d.source, size: h.Size, reserved: reserved}
	return &d.Item
}

// DeflatedCost returns how many bytes to reserve for a file of size bytes that deflate makes raw
// bytes.
func DeflatedCost(size, raw int64) int64 { return max(size, raw) }

// NewTempItem returns the item of a file over InMemory bytes whose content was written to a
// temporary file. The item closes the file, then it calls done.
func NewTempItem(h format.Header, content *os.File, done func()) *Item {
	d := &struct {
		Item
		source input.Temp
	}{source: input.Temp{Given: input.Given{H: h}, Content: content, Done: done}}
	d.Item = Item{path: h.Path, Type: h.Type, Source: &d.source, size: h.Size}
	return &d.Item
}
