package plan

import (
	"bytes"
	"context"
	"encoding/binary"
	"strings"
	"sync"

	"github.com/tarpack/tpk/internal/sorter"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// budget is how many bytes a sorter holds in memory.
const budget = 64 << 20

// An entry is something to pack.
type entry struct {
	path  string
	typ   sidecar.Type
	size  int64         // bytes of the content of a file
	inode durable.Inode // of a file whose link count is over 1
}

// A collector takes entries in any order and returns them in that of an archive. Several goroutines
// may add entries.
//
// The key of an entry has, for each component of its path, a byte, the name, and a zero byte. The
// first byte is format.Rank, which is that of a directory for all components but the last. So the
// bytes of two keys compare as an archive orders the entries (FORMAT.md 1.1), and what is below a
// directory has its key as a prefix.
//
// The value is: type u8, size u64, then dev u64 and ino u64 if the file has several names.
type collector struct {
	mu       sync.Mutex
	sorter   *sorter.Sorter
	now      format.Progress
	progress func(format.Progress)
	key      []byte // of the last entry
}

const (
	valueSize = 1 + 8
	inodeSize = 8 + 8
)

func newCollector(o common) *collector {
	return &collector{
		sorter: sorter.New("", budget), progress: o.progress,
	}
}

func (c *collector) close() error { return c.sorter.Close() }

// add adds an entry.
func (c *collector) add(e *entry) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.key = appendKey(c.key[:0], e.path, e.typ)
	n := valueSize
	if e.inode != (durable.Inode{}) {
		n += inodeSize
	}
	key, val, err := c.sorter.Add(len(c.key), n)
	if err != nil {
		return err
	}
	copy(key, c.key)
	val[0] = byte(e.typ)
	binary.LittleEndian.PutUint64(val[1:], uint64(e.size))
	if n > valueSize {
		binary.LittleEndian.PutUint64(val[9:], e.inode.Dev)
		binary.LittleEndian.PutUint64(val[17:], e.inode.Ino)
	}
	c.now.Entries++
	c.now.Bytes += e.size
	if c.progress != nil {
		c.progress(c.now)
	}
	return nil
}

// leaves calls f for each entry, in the order of an archive, but not for directories with something
// below them. An entry that was added twice counts once. It may be called several times, once all
// entries are added.
func (c *collector) leaves(ctx context.Context, f func(*entry) error) error {
	it, err := c.sorter.Iterate()
	if err != nil {
		return err
	}
	var last, lastVal []byte // the entry before, which f has not got yet
	emit := func(next []byte) error {
		isDir := last != nil && sidecar.Type(lastVal[0]) == sidecar.TypeDir
		if last == nil || isDir && bytes.HasPrefix(next, last) {
			return nil
		}
		return f(decode(last, lastVal))
	}
	for n := 0; ; n++ {
		key, val, ok, err := it.Next()
		if err == nil && n%4096 == 0 {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		if !ok {
			return emit(nil)
		}
		if last != nil && bytes.Equal(key, last) {
			continue
		}
		if err := emit(key); err != nil {
			return err
		}
		last, lastVal = append(last[:0], key...), append(lastVal[:0], val...)
	}
}

func appendKey(b []byte, path string, typ sidecar.Type) []byte {
	for more := true; more; {
		var name string
		name, path, more = strings.Cut(path, "/")
		rank := format.Rank(sidecar.TypeDir)
		if !more {
			rank = format.Rank(typ)
		}
		b = append(b, byte(rank))
		b = append(b, name...)
		b = append(b, 0)
	}
	return b
}

// decode returns the entry that add has made a key and a value of.
func decode(key, val []byte) *entry {
	var path strings.Builder
	for len(key) > 0 {
		end := 1 + bytes.IndexByte(key[1:], 0)
		if path.Len() > 0 {
			path.WriteByte('/')
		}
		path.Write(key[1:end])
		key = key[end+1:]
	}
	e := &entry{
		path: path.String(), typ: sidecar.Type(val[0]),
		size: int64(binary.LittleEndian.Uint64(val[1:])),
	}
	if len(val) > valueSize {
		e.inode.Dev = binary.LittleEndian.Uint64(val[9:])
		e.inode.Ino = binary.LittleEndian.Uint64(val[17:])
	}
	return e
}
