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
	"golang.org/x/sys/unix"

	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// Config is what a File is opened with.
type Config struct {
	Dir   string // only this user may be able to write to it
	Key   string // identifies the generation
	Size  int64  // of the object, in bytes
	Limit int64  // bytes that all generations in Dir may take; 0 means durable.CacheLimit
}

// File is the stored blocks of a generation. It is safe for concurrent use, but for Close.
type File struct {
	files
	dir    directory
	base   string // the name of the files, without suffix
	header []byte
	seed   uint64
	lock   *os.File
	now    func() time.Time

	change sync.Mutex // held while blocks are stored or removed
	budget budget     // guarded by change

	mu      sync.Mutex
	known   map[int64]slot // blocks whose bytes this process has compared with their sum
	touched []int64        // blocks whose time of use is to be written
	writers sync.WaitGroup // writes these times

	pins pins
}

// formatVersion changes with the layout of the files.
const formatVersion = 1

// Open opens the stored blocks of a generation, or begins to store them. If no other process uses
// them it removes those that are unproven.
func Open(c Config) (*File, error) {
	if c.Dir == "" {
		return nil, errors.New("there is no directory for it")
	}
	if err := durable.PrivateDir(c.Dir); err != nil {
		return nil, err
	}
	f := create(c)
	for range 100 {
		ok, err := f.tryOpen()
		if ok {
			return f, nil
		}
		if err := errors.Join(err, f.closeFiles()); err != nil {
			return nil, err
		}
		time.Sleep(20 * time.Millisecond) // another process prepares or removes it
	}
	return nil, fmt.Errorf("%s: %w", f.base, errBusy)
}

// create returns a File that is not open.
func create(c Config) *File {
	f := &File{dir: directory{c.Dir, c.Limit}, known: map[int64]slot{}, now: time.Now}
	if c.Limit == 0 {
		f.dir.limit = durable.CacheLimit(c.Dir)
	}
	f.files = files{size: c.Size, write: writeAt}
	f.header = append(f.header, "tpkblock"...)
	for _, v := range []int64{formatVersion, BlockSize, c.Size} {
		f.header = binary.LittleEndian.AppendUint64(f.header, uint64(v))
	}
	name := sha256.Sum256(append(bytes.Clone(f.header), c.Key...))
	f.header = append(f.header, name[:]...)
	f.base = filepath.Join(c.Dir, prefix+hex.EncodeToString(name[:]))
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
	if f.lock, err = openFile(f.base+lockSuffix, os.O_CREATE); err != nil {
		return false, err
	}
	err = tryLock(f.lock, unix.LOCK_EX)
	alone := err == nil
	if errors.Is(err, errBusy) {
		err = tryLock(f.lock, unix.LOCK_SH)
	}
	switch {
	case errors.Is(err, errBusy):
		return false, nil
	case err != nil:
		return false, err
	case !durable.LeadsTo(f.base+lockSuffix, f.lock):
		return false, nil // it was removed meanwhile
	}
	if alone {
		if err := f.prepare(); err != nil {
			return false, err
		}
		// If another process gets the lock first, it opens the files in the same way.
		err = tryLock(f.lock, unix.LOCK_SH)
	} else if err = f.files.open(f.base, 0); err == nil && !f.sound() {
		return false, nil // a process that prepared it was killed, and another looks at it
	}
	if errors.Is(err, errBusy) || errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err == nil && canPin {
		f.pins.file, err = openFile(f.base+dataSuffix, 0)
	}
	return err == nil, err
}

// prepare opens the files, and makes them if they are missing or damaged. No other process uses
// them.
func (f *File) prepare() error {
	if err := f.files.open(f.base, os.O_CREATE); err != nil {
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
	for _, file := range []*os.File{f.pins.file, f.lock} {
		if file != nil {
			err = errors.Join(err, file.Close())
		}
	}
	f.data, f.table, f.pins.file, f.lock = nil, nil, nil, nil
	return err
}

// Close closes the files. No other method may be running, and all pins must have been released.
func (f *File) Close() error {
	f.writers.Wait()
	return f.closeFiles()
}
