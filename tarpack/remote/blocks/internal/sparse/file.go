package sparse

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// File is the stored blocks of a generation. It is safe for concurrent use, but for Close.
type File struct {
	files
	dir    *Directory
	base   string // the name of the files, without suffix
	header []byte
	seed   uint64

	change  sync.Mutex // held while blocks are stored or removed
	mu      sync.Mutex
	known   map[int64]slot // blocks whose bytes this process has compared with their sum
	touched []int64        // blocks whose time of use is to be written
	writers sync.WaitGroup // writes these times

	pins pins
}

// formatVersion changes with the layout of the files.
const formatVersion = 1

// Open opens the stored blocks of a generation of an object, or begins to store them. The key
// identifies the generation, and size is in bytes. If no other process uses the blocks, Open
// removes those that are unproven.
func (d *Directory) Open(key string, size int64) (*File, error) {
	f := d.file(key, size)
	for range 100 {
		ok, err := f.tryOpen()
		if ok {
			f.mapped = mapTable(f.table, f.tableSize())
			return f, nil
		}
		if err := errors.Join(err, f.closeFiles()); err != nil {
			return nil, err
		}
		time.Sleep(20 * time.Millisecond) // another process prepares or removes it
	}
	return nil, fmt.Errorf("%s: %w", f.base, ErrBusy)
}

// file returns a File that is not open.
func (d *Directory) file(key string, size int64) *File {
	f := &File{dir: d, known: map[int64]slot{}, files: files{size: size, write: writeAt}}
	f.header = append(f.header, magic...)
	for _, v := range []int64{formatVersion, BlockSize, size} {
		f.header = binary.LittleEndian.AppendUint64(f.header, uint64(v))
	}
	name := sha256.Sum256(append(bytes.Clone(f.header), key...))
	f.header = append(f.header, name[:]...)
	f.base = filepath.Join(d.name, prefix+hex.EncodeToString(name[:]))
	f.seed = binary.LittleEndian.Uint64(name[:])
	f.pins.count = map[int64]int{}
	return f
}

// sum returns the checksum of a block.
func (f *File) sum(block int64, data []byte) uint64 {
	d := xxhash.NewWithSeed(f.seed + uint64(block))
	d.Write(data)
	return d.Sum64()
}

// tryOpen returns false if another process prepares or removes the files.
func (f *File) tryOpen() (bool, error) {
	var err error
	if f.data, err = openFile(f.base+dataSuffix, os.O_CREATE); err != nil {
		return false, err
	}
	err = tryLock(f.data, osfile.Exclusive)
	alone := err == nil
	if errors.Is(err, ErrBusy) {
		err = tryLock(f.data, osfile.Shared)
	}
	switch {
	case errors.Is(err, ErrBusy):
		return false, nil
	case err != nil:
		return false, err
	case !durable.LeadsTo(f.base+dataSuffix, f.data):
		return false, nil // it was removed meanwhile
	}
	if !alone {
		// If the table is not sound, the process that prepares it was killed, and another one that
		// evicts looks at it.
		f.table, err = openFile(f.base+tableSuffix, 0)
		if errors.Is(err, os.ErrNotExist) {
			return false, nil
		}
		return err == nil && f.sound(), err
	}
	if err := f.prepare(); err != nil {
		return false, err
	}
	// If another process gets the lock first, it opens the files in the same way.
	err = tryLock(f.data, osfile.Shared)
	if errors.Is(err, ErrBusy) {
		return false, nil
	}
	return err == nil, err
}

// prepare opens the table. It makes it, and empties the data file, if it is missing or damaged. No
// other process uses the files.
func (f *File) prepare() (err error) {
	if f.table, err = openFile(f.base+tableSuffix, os.O_CREATE); err != nil {
		return err
	}
	if !f.sound() {
		if err := errors.Join(f.table.Truncate(0), f.data.Truncate(0)); err != nil {
			return err
		}
		if err := f.table.Truncate(f.tableSize()); err != nil {
			return err
		}
		if err := f.put(f.table, f.header, 0); err != nil {
			return err
		}
	}
	if err := f.data.Truncate(f.size); err != nil {
		return err
	}
	return f.recover()
}

// sound reports whether the table has the right size and header.
func (f *File) sound() bool {
	fi, err := f.table.Stat()
	if err != nil || fi.Size() != f.tableSize() {
		return false
	}
	header := make([]byte, len(f.header))
	_, err = f.table.ReadAt(header, 0)
	return err == nil && bytes.Equal(header, f.header)
}

func (f *File) closeFiles() error {
	err := f.files.close()
	if f.pins.file != nil {
		err = errors.Join(err, f.pins.file.Close())
	}
	f.files.data, f.files.table = nil, nil
	return err
}

// Close closes the files. No other method may be running, and all pins must have been released.
func (f *File) Close() error {
	f.writers.Wait()
	return f.closeFiles()
}
