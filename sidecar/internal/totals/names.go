package totals

import (
	"encoding/binary"
	"errors"

	"github.com/tarpack/tpk/internal/sorter"
)

// Names finds the names of contents that have several.
type Names struct {
	byContent *sorter.Sorter // key: ordinals of the file and of a hard link; value: length of C
	byName    *sorter.Sorter // key: ordinal of a name; value: that of the name before, length of C
	names     *sorter.Iterator
	name      uint32 // the next of names, None after the last
	before    uint32
	member    uint64
}

// NewNames returns a Names without links, which holds about budget bytes in memory, and more in a
// temporary file in dir. Call Close when done with it.
func NewNames(dir string, budget int) *Names {
	return &Names{
		byContent: sorter.New(dir, budget/2), byName: sorter.New(dir, budget/2), name: None,
	}
}

// Close releases the memory and removes the temporary files.
func (n *Names) Close() error { return errors.Join(n.byContent.Close(), n.byName.Close()) }

// Add adds a hard link to a file, by their ordinals. The file's C has member bytes.
func (n *Names) Add(file, link uint32, member uint64) error {
	key, val, err := n.byContent.Add(4+4, 8)
	if err != nil {
		return err
	}
	binary.BigEndian.PutUint32(key, file)
	binary.BigEndian.PutUint32(key[4:], link)
	binary.LittleEndian.PutUint64(val, member)
	return nil
}

// Sort ends adding. After it, Of can be called.
func (n *Names) Sort() error {
	links, err := n.byContent.Iterate()
	if err != nil {
		return err
	}
	g := group{n: n, file: None, last: None}
	for {
		key, val, ok, err := links.Next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		file, link := binary.BigEndian.Uint32(key), binary.BigEndian.Uint32(key[4:])
		if file != g.file {
			if err := g.passed(None); err != nil {
				return err
			}
			g = group{n: n, file: file, member: binary.LittleEndian.Uint64(val), last: None}
		}
		if err := g.passed(link); err != nil {
			return err
		}
		if err := g.add(link); err != nil {
			return err
		}
	}
	if err := g.passed(None); err != nil {
		return err
	}
	if n.names, err = n.byName.Iterate(); err != nil {
		return err
	}
	return n.next()
}

// group goes through the names of one content, in order.
type group struct {
	n      *Names
	file   uint32 // the name that is a file; None: there is no group yet
	member uint64 // length of its C
	last   uint32 // the name before, or None
	isPast bool   // last is the file, or a link after it
}

// passed adds the file if it comes before a name that follows.
func (g *group) passed(next uint32) error {
	if g.isPast || g.file == None || g.file > next {
		return nil
	}
	g.isPast = true
	return g.add(g.file)
}

// add adds a name.
func (g *group) add(name uint32) error {
	key, val, err := g.n.byName.Add(4, 4+8)
	if err != nil {
		return err
	}
	binary.BigEndian.PutUint32(key, name)
	binary.LittleEndian.PutUint32(val, g.last)
	binary.LittleEndian.PutUint64(val[4:], g.member)
	g.last = name
	return nil
}

// Of returns, for a name of a content that has several, the last name of it before this one, or
// None, and the length of its C. For any other entry ok is false. It is called for files and hard
// links in path order, after Sort.
func (n *Names) Of(name uint32) (before uint32, member uint64, ok bool, err error) {
	if n.name != name || name == None {
		return None, 0, false, nil
	}
	before, member = n.before, n.member
	return before, member, true, n.next()
}

// next moves to the next name.
func (n *Names) next() error {
	key, val, ok, err := n.names.Next()
	n.name = None
	if ok {
		n.name, n.before = binary.BigEndian.Uint32(key), binary.LittleEndian.Uint32(val)
		n.member = binary.LittleEndian.Uint64(val[4:])
	}
	return err
}
