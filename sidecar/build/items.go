package build

import (
	"bytes"
	"fmt"

	"github.com/tarpack/tpk/internal/sorter"
	"github.com/tarpack/tpk/sidecar"
)

// itemIterator reads the items of a builder in path order. Of the directories that several archives
// of a set have, it reads the first.
type itemIterator struct {
	*sorter.Iterator
	set bool
	dir []byte // key of the last item, if that was a directory of a set
}

// sorted returns an iterator of the items. It ends adding.
func (b *Builder) sorted() (*itemIterator, error) {
	it, err := b.items.Iterate()
	return &itemIterator{Iterator: it, set: b.opt.Set}, err
}

// Next returns the next item, which is valid until the following call. Ok is false at the end.
func (i *itemIterator) Next() (key []byte, val itemValue, ok bool, err error) {
	for {
		key, val, ok, err := i.Iterator.Next()
		if !ok || err != nil || !i.set || itemValue(val).typ() != sidecar.TypeDir {
			i.dir = i.dir[:0]
			return key, val, ok, err
		}
		if !bytes.Equal(i.dir, key) {
			i.dir = append(i.dir[:0], key...)
			return key, val, true, nil
		}
	}
}

// dropRepeated takes the directories off the counts that were added more than once.
func (b *Builder) dropRepeated() error {
	items, err := b.sorted()
	if err != nil {
		return err
	}
	n := uint64(0)
	for {
		_, _, ok, err := items.Next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		n++
	}
	b.stats.Dirs -= b.n - n
	b.n = n
	return nil
}

// DuplicateError is the [ErrDuplicate] of a path that two entries have.
type DuplicateError struct {
	Path    string
	Offsets [2]int64 // of the headers of the two entries
	Types   [2]sidecar.Type
}

func (e *DuplicateError) Error() string { return fmt.Sprintf("%v: %q", ErrDuplicate, e.Path) }

// Unwrap returns ErrDuplicate.
func (e *DuplicateError) Unwrap() error { return ErrDuplicate }
