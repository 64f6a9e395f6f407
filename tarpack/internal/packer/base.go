package packer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
)

// keepAll makes the entries of an archive those of the new one, where they are, and what new files may become links to.
func (p *Packer) KeepAll(ctx context.Context, k *Base) error {
	links, err := k.duplicates()
	if err != nil {
		return err
	}
	closed := 0 // entries with an ordinal below are where an extracting user can't go
	for row, err := range k.Index.All(0, k.Index.Len()) {
		if err != nil {
			return fmt.Errorf("%s: %w", k.Name, err)
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		it := build.Item{Entry: row.Entry, Path: string(row.Path)}
		switch e := &row.Entry; e.Type {
		case sidecar.TypeSymlink, sidecar.TypeHardlink:
			it.Link, err = k.Index.Link(row.Ordinal)
		case sidecar.TypeDir:
			if e.Mode&0o100 == 0 {
				closed = max(closed, int(e.End))
			}
		case sidecar.TypeFile:
			if err = k.segments(uint32(row.Ordinal), &it); err == nil && row.Ordinal >= closed {
				err = p.offer(k, &it, uint32(row.Ordinal), links[uint32(row.Ordinal)])
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %w", k.Name, err)
		}
		if err := p.builder.Add(it); err != nil {
			return err
		}
	}
	return nil
}

// duplicates counts the links that were made of duplicates, by file.
func (k *Base) duplicates() (map[uint32]int, error) {
	links := map[uint32]int{}
	if k.Index.Stats().Duplicates == 0 {
		return links, nil
	}
	for row, err := range k.Index.All(0, k.Index.Len()) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.Name, err)
		}
		if row.Entry.Duplicate {
			links[row.Entry.Target]++
		}
	}
	return links, nil
}

// offer makes file i of an archive, to which so many duplicates are linked, a target for later ones.
func (p *Packer) offer(k *Base, it *build.Item, i uint32, links int) error {
	if it.Size == 0 || links >= MaxLinks || p.dedup.mode == format.DedupOff {
		return nil
	}
	if it.Size > InMemory {
		p.dedup.bigSizes[it.Size] = true
	}
	key := p.dedup.key(it.Hash, it.Size, it.Mode, it.ModTime)
	w := &storedCopy{path: it.Path, kept: BaseEntry{From: k, I: i, file: i}}
	if err := p.dedup.add(key, w); err != nil {
		return err
	}
	if links > 0 {
		p.dedup.copies.linkedLast(key, links)
	}
	return nil
}

// A keptArchive is an archive whose entries are copied into a new one, or compared with what goes into it.
type Base struct {
	*indexed.File
	number  int             // among those of a rewrite
	genuine map[uint32]bool // the files with several names that are not duplicates
	groups  GroupCache
}

// openKept opens an archive to copy from. Its index becomes that of another archive, so all of it is checked first; an index
// that is damaged is made again from the archive.
func OpenBase(ctx context.Context, name string, number int, o *indexed.Options) (*Base, error) {
	x, err := indexed.Open(ctx, name, o)
	if err != nil {
		return nil, err
	}
	k := &Base{File: x, number: number}
	if !x.Rebuilt {
		sound, err := indexed.Sound(ctx, x.Index, x.Name, o, x.BuildIndex)
		if err == nil && sound != x.Index {
			err = x.Index.Close()
			x.Index = sound
		}
		if err != nil {
			return nil, errors.Join(err, k.Close())
		}
	}
	if err := k.FindGenuine(func(string) bool { return true }); err != nil {
		return nil, errors.Join(err, k.Close())
	}
	return k, nil
}

// findGenuine finds the files that have several names among the paths that stay, duplicates not counted. It goes through the index, unless
// all hard links are duplicates.
func (k *Base) FindGenuine(stays func(path string) bool) error {
	st := k.Index.Stats()
	if st.Hardlinks == st.Duplicates {
		return nil
	}
	names := map[uint32]int{} // of files to which hard links lead
	for row, err := range k.Index.All(0, k.Index.Len()) {
		if err != nil {
			return fmt.Errorf("%s: %w", k.Name, err)
		}
		if row.Entry.Type == sidecar.TypeHardlink && !row.Entry.Duplicate && stays(string(row.Path)) {
			names[row.Entry.Target]++
		}
	}
	k.genuine = map[uint32]bool{}
	for file, n := range names {
		path, err := k.Index.Path(int(file))
		if err != nil {
			return fmt.Errorf("%s: %w", k.Name, err)
		}
		k.genuine[file] = n > 1 || stays(path)
	}
	return nil
}

// ref returns the reference to entry i, which is e.
func (k *Base) Ref(i int, e *sidecar.Entry) BaseEntry {
	r := BaseEntry{From: k, I: uint32(i), file: uint32(i)}
	if e.Type == sidecar.TypeHardlink {
		r.file = e.Target
	}
	return r
}

// segments gives an item, which is file i, its segments if it has any.
func (k *Base) segments(i uint32, it *build.Item) error {
	if it.Coding != coding.Segmented {
		return nil
	}
	t, err := k.Index.Segments(int(i))
	if err != nil {
		return err
	}
	it.Shift = t.Shift
	it.Segments, err = t.AppendLengths(it.Segments)
	return err
}

// A keptRef is an entry of a keptArchive. The zero value is none.
type BaseEntry struct {
	From *Base
	I    uint32 // its ordinal
	file uint32 // the ordinal of the file whose content it has; i itself unless it is a hard link
}

func (r BaseEntry) entry() (sidecar.Entry, error) { return r.From.Index.Entry(int(r.I)) }

// content is the entry of the file whose content this one has.
func (r BaseEntry) content() (sidecar.Entry, error) { return r.From.Index.Entry(int(r.file)) }

// sameContent: both have the content of one member.
func (r BaseEntry) sameContent(q BaseEntry) bool { return r.From == q.From && r.file == q.file }

// inode is what makes entries one file with several names, zero if this one has one name, but for duplicates.
func (r BaseEntry) inode() durable.Inode {
	if !r.From.genuine[r.file] {
		return durable.Inode{}
	}
	if r.I != r.file {
		if e, err := r.entry(); err != nil || e.Duplicate {
			return durable.Inode{}
		}
	}
	return durable.Inode{Dev: ^uint64(r.From.number), Ino: uint64(r.file) + 1} // no device has such a number
}

// header reads the tar header of the entry.
func (r BaseEntry) Header() (format.Header, error) {
	e, err := r.entry()
	if err != nil {
		return format.Header{}, err
	}
	path, err := r.From.Index.Path(int(r.I))
	if err != nil {
		return format.Header{}, err
	}
	group, err := r.From.groups.Read(r.From.OSFile, &e)
	if err != nil {
		return format.Header{}, fmt.Errorf("%s: %w", r.From.Name, &format.Problem{Path: path, Offset: e.Offset, Err: err})
	}
	h, ok := group.Headers[path]
	if !ok || h.Type != e.Type {
		err := fmt.Errorf("%w: its header is not where the index says", format.ErrCorrupt)
		return format.Header{}, fmt.Errorf("%s: %w", r.From.Name, &format.Problem{Path: path, Offset: e.Offset, Err: err})
	}
	return h, nil
}

// group returns the group in which the entry is, nothing if it is in none that can be read.
func (r BaseEntry) group() cachedGroup {
	if r.From == nil {
		return cachedGroup{}
	}
	e, err := r.entry()
	if err != nil || e.Type == sidecar.TypeFile {
		return cachedGroup{}
	}
	g, err := r.From.groups.Read(r.From.OSFile, &e)
	if err != nil {
		return cachedGroup{}
	}
	return g
}

// A groupCache holds the groups that were read last: neighbouring entries share one.
type GroupCache struct {
	mu     sync.Mutex
	groups [8]cachedGroup
	next   int
}

type cachedGroup struct {
	offset  int64
	length  int                      // of G
	blocks  []byte                   // the content of G
	bits    []byte                   // what its header says, see duplicateBits
	Headers map[string]format.Header // by path
}

// read reads the member G or H of the entry e.
func (c *GroupCache) Read(file *os.File, e *sidecar.Entry) (cachedGroup, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.Type != sidecar.TypeFile {
		for i := range c.groups {
			if g := &c.groups[i]; g.Headers != nil && g.offset == e.Offset {
				return *g, nil
			}
		}
	}
	g, err := readGroup(file, e)
	if err == nil && e.Type != sidecar.TypeFile {
		c.groups[c.next] = g
		c.next = (c.next + 1) % len(c.groups)
	}
	return g, err
}

func readGroup(file *os.File, e *sidecar.Entry) (cachedGroup, error) {
	g, err := format.ReadGroup(file, e.Offset, int(e.HeaderLen))
	if err != nil {
		return cachedGroup{}, err
	}
	c := cachedGroup{
		offset: e.Offset, length: int(e.HeaderLen), blocks: g.Blocks, bits: g.Extra, Headers: map[string]format.Header{},
	}
	for h, err := range g.Headers() {
		if err != nil {
			return cachedGroup{}, err
		}
		c.Headers[h.Path] = h.Header
	}
	return c, nil
}
