package tarpack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
)

// A keptArchive is an archive whose entries are copied into a new one, or compared with what goes into it.
type keptArchive struct {
	*Archive
	number  int             // among those of a rewrite
	genuine map[uint32]bool // the files with several names that are not duplicates
	groups  groupCache
}

// openKept opens an archive to copy from. Its index becomes that of another archive, so all of it is checked first; an index
// that is damaged is made again from the archive.
func openKept(ctx context.Context, name string, number int, o *OpenOptions) (*keptArchive, error) {
	a, err := OpenContext(ctx, name, o)
	if err != nil {
		return nil, err
	}
	if !a.Indexed() {
		if err := a.index.Verify(); errors.Is(err, sidecar.ErrCorrupt) {
			if o.Notice != nil {
				o.Notice(fmt.Sprintf("%s%s: %v: indexing %s in memory", name, SidecarSuffix, err, name))
			}
			err = errors.Join(a.index.Close(), a.indexInMemory(ctx, IndexOptions{Workers: o.Workers, Progress: o.Progress}))
			if err != nil {
				a.file.Close() // was only read
				return nil, err
			}
		} else if err != nil {
			return nil, errors.Join(err, a.Close())
		}
	}
	k := &keptArchive{Archive: a, number: number}
	if err := k.findGenuine(func(string) bool { return true }); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return k, nil
}

// findGenuine finds the files that have several names among the paths that stay, duplicates not counted. It goes through the index, unless
// all hard links are duplicates.
func (k *keptArchive) findGenuine(stays func(path string) bool) error {
	st := k.index.Stats()
	if st.Hardlinks == st.Duplicates {
		return nil
	}
	names := map[uint32]int{} // of files to which hard links lead
	for row, err := range k.index.All(0, k.index.Len()) {
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		if row.Entry.Type == sidecar.TypeHardlink && !row.Entry.Duplicate && stays(string(row.Path)) {
			names[row.Entry.Target]++
		}
	}
	k.genuine = map[uint32]bool{}
	for file, n := range names {
		path, err := k.index.Path(int(file))
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		k.genuine[file] = n > 1 || stays(path)
	}
	return nil
}

// ref returns the reference to entry i, which is e.
func (k *keptArchive) ref(i int, e *sidecar.Entry) keptRef {
	r := keptRef{from: k, i: uint32(i), file: uint32(i)}
	if e.Type == sidecar.TypeHardlink {
		r.file = e.Target
	}
	return r
}

// segments gives an item, which is file i, its segments if it has any.
func (k *keptArchive) segments(i uint32, it *build.Item) error {
	if it.Coding != coding.Segmented {
		return nil
	}
	t, err := k.index.Segments(int(i))
	if err != nil {
		return err
	}
	it.Shift = t.Shift
	it.Segments, err = t.AppendLengths(it.Segments)
	return err
}

// openContent opens the content of file i.
func (k *keptArchive) openContent(i uint32) (io.ReadCloser, error) { return k.OpenContent(int(i)) }

// A keptRef is an entry of a keptArchive. The zero value is none.
type keptRef struct {
	from *keptArchive
	i    uint32 // its ordinal
	file uint32 // the ordinal of the file whose content it has; i itself unless it is a hard link
}

func (r keptRef) entry() (sidecar.Entry, error) { return r.from.index.Entry(int(r.i)) }

// content is the entry of the file whose content this one has.
func (r keptRef) content() (sidecar.Entry, error) { return r.from.index.Entry(int(r.file)) }

// sameContent: both have the content of one member.
func (r keptRef) sameContent(q keptRef) bool { return r.from == q.from && r.file == q.file }

// inode is what makes entries one file with several names, zero if this one has one name, but for duplicates.
func (r keptRef) inode() inode {
	if !r.from.genuine[r.file] {
		return inode{}
	}
	if r.i != r.file {
		if e, err := r.entry(); err != nil || e.Duplicate {
			return inode{}
		}
	}
	return inode{dev: ^uint64(r.from.number), ino: uint64(r.file) + 1} // no device has such a number
}

// header reads the tar header of the entry.
func (r keptRef) header() (Header, error) {
	e, err := r.entry()
	if err != nil {
		return Header{}, err
	}
	path, err := r.from.index.Path(int(r.i))
	if err != nil {
		return Header{}, err
	}
	group, err := r.from.groups.read(r.from.file, &e)
	if err != nil {
		return Header{}, fmt.Errorf("%s: %w", r.from.name, &Problem{Path: path, Offset: e.Offset, Err: err})
	}
	h, ok := group.headers[path]
	if !ok || h.Type != e.Type {
		err := fmt.Errorf("%w: its header is not where the index says", ErrCorrupt)
		return Header{}, fmt.Errorf("%s: %w", r.from.name, &Problem{Path: path, Offset: e.Offset, Err: err})
	}
	return h, nil
}

// group returns the group in which the entry is, nothing if it is in none that can be read.
func (r keptRef) group() cachedGroup {
	if r.from == nil {
		return cachedGroup{}
	}
	e, err := r.entry()
	if err != nil || e.Type == sidecar.TypeFile {
		return cachedGroup{}
	}
	g, err := r.from.groups.read(r.from.file, &e)
	if err != nil {
		return cachedGroup{}
	}
	return g
}

// A groupCache holds the groups that were read last: neighbouring entries share one.
type groupCache struct {
	mu     sync.Mutex
	groups [8]cachedGroup
	next   int
}

type cachedGroup struct {
	offset  int64
	length  int               // of G
	blocks  []byte            // the content of G
	bits    []byte            // what its header says, see duplicateBits
	headers map[string]Header // by path
}

// read reads the member G or H of the entry e.
func (c *groupCache) read(file *os.File, e *sidecar.Entry) (cachedGroup, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.Type != sidecar.TypeFile {
		for i := range c.groups {
			if g := &c.groups[i]; g.headers != nil && g.offset == e.Offset {
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
	g := cachedGroup{offset: e.Offset, length: int(e.HeaderLen), headers: map[string]Header{}}
	member := make([]byte, g.length)
	if _, err := file.ReadAt(member, e.Offset); err != nil {
		return cachedGroup{}, err
	}
	head, err := gzmember.ParseHeader(member)
	if err == nil {
		g.bits = head.Extra
		g.blocks, _, err = gzmember.Inflate(nil, member, MaxHeader)
	}
	if err != nil {
		return cachedGroup{}, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	for rest := g.blocks; len(rest) > 0; {
		h, n, err := ParseHeader(rest)
		if err != nil {
			return cachedGroup{}, err
		}
		g.headers[h.Path] = h
		rest = rest[n:]
	}
	return g, nil
}
