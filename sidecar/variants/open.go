package variants

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime/debug"
	"unsafe"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/internal/regular"
	"github.com/tarpack/tpk/sidecar"
)

// Archive is what ties a variants file to an archive.
type Archive struct {
	Digest  uint64 // of the sidecar, as in T
	Size    int64  // of the archive in bytes, for a set of all its shards together
	Entries int
}

// Of returns what ties variants to the archive of an index.
func Of(x *sidecar.Index) Archive {
	return Archive{Digest: x.Digest(), Size: x.ArchiveSize(), Entries: x.Len()}
}

// File is an open variants file. It is safe for concurrent use, except for Close.
type File struct {
	r        io.ReaderAt
	osFile   *os.File // nil if the file is in memory
	base     int64    // where in osFile it begins
	info     os.FileInfo
	mem      []byte // the whole file, if it is mapped
	unmap    func() error
	tables   [numTables][]byte
	hashes   [numTables]uint64 // of tables, when the file was opened
	limits   limits
	archive  Archive
	settings Settings
	size     int64
	decoder  Decoder // with the dictionaries
}

// Open opens the variants file of an archive. Its tables are mapped, and the file may be removed,
// replaced or even truncated while it is open. Open reads all tables, to compare them with their
// hashes, and the dictionaries. That is 68 to 100 bytes for each entry.
//
// Errors wrap [ErrCorrupt], [ErrStale] or [ErrVersion], or are those of the file system.
func Open(name string, a Archive) (*File, error) {
	f, err := regular.Open(name)
	if err != nil {
		return nil, err
	}
	x, err := openFile(f, a)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	return x, nil
}

// OpenPart is [Open] for variants that are size bytes of a file from the offset base on. Close
// closes f, and so does an error.
func OpenPart(f *os.File, base, size int64, a Archive) (*File, error) {
	x, err := openPart(f, base, size, a)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return x, nil
}

// OpenAny is [Open] for a file of any archive, which [File.Archive] returns. It is for programs
// that use the variants of an earlier state of an archive.
func OpenAny(name string) (*File, error) {
	f, err := regular.Open(name)
	if err != nil {
		return nil, err
	}
	var x *File
	h := new(header)
	if _, err = f.ReadAt(h[:], 0); err == nil {
		a := Archive{h.u64(atArchive), int64(h.u64(atArchiveSize)), int(h.u64(atEntries))}
		x, err = openFile(f, a)
	} else if errors.Is(err, io.EOF) {
		err = corruptf("no variants file")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	return x, nil
}

// openFile is Open for an open file. After an error the caller closes it.
func openFile(f *os.File, a Archive) (*File, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return openPart(f, 0, info.Size(), a)
}

// openPart is OpenPart that leaves it to the caller to close f after an error.
func openPart(f *os.File, base, size int64, a Archive) (*File, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	x := &File{r: io.NewSectionReader(f, base, size), osFile: f, base: base, info: info, size: size}
	if x.size < headerSize {
		return nil, corruptf("file of %d bytes", x.size)
	}
	if x.size <= math.MaxInt {
		// Without a map the tables are read: a file system may have none, or the address space no room.
		if m, unmap, err := osfile.MapPart(f, int(x.size), base); err == nil {
			x.mem, x.unmap = m, unmap
		}
	}
	if err := x.open(a); err != nil {
		if x.unmap != nil {
			err = errors.Join(err, x.unmap())
		}
		return nil, err
	}
	return x, nil
}

// OpenReaderAt is [Open] for a file of size bytes behind an [io.ReaderAt]. It reads the tables into
// memory.
func OpenReaderAt(r io.ReaderAt, size int64, a Archive) (*File, error) {
	if size < headerSize {
		return nil, corruptf("file of %d bytes", size)
	}
	x := &File{r: r, size: size}
	if err := x.open(a); err != nil {
		return nil, err
	}
	return x, nil
}

// open reads the header, and checks all tables.
func (x *File) open(a Archive) (err error) {
	defer x.caught(debug.SetPanicOnFault(true), &err)
	h := new(header)
	if err := x.readFull(h[:], 0); err != nil {
		return err
	}
	if err := x.parse(h, a); err != nil {
		return err
	}
	for i := range x.tables {
		if err := x.openTable(i, h.table(i)); err != nil {
			return err
		}
	}
	if err := x.checkRows(); err != nil {
		return err
	}
	return x.openDictionaries()
}

// parse checks the header, and that the file belongs to the archive.
func (x *File) parse(h *header, a Archive) error {
	switch {
	case string(h[atMagic:atVersion]) != magic:
		return corruptf("no variants file")
	case h.u32(atVersion) != Version:
		return fmt.Errorf("%w: variants of version %d", ErrVersion, h.u32(atVersion))
	case h.u64(atDigest) != h.sum():
		return corruptf("wrong digest of the header")
	case h.u16(atFeatures) != 0 || h.u16(atFeatures+2) != 0:
		return fmt.Errorf("%w: features %#04x, %#04x of the variants",
			ErrVersion, h.u16(atFeatures), h.u16(atFeatures+2))
	case h.u64(atArchive) != a.Digest || h.u64(atArchiveSize) != uint64(a.Size) ||
		h.u64(atEntries) != uint64(a.Entries):
		return ErrStale
	case a.Entries < 0 || uint64(a.Entries) > math.MaxUint32 || a.Size < 0:
		return corruptf("%d entries in an archive of %d bytes", a.Entries, a.Size)
	case h.u64(atSize) != uint64(x.size):
		return corruptf("file of %d bytes, not %d", x.size, h.u64(atSize))
	case !h.reservedZero() || h.u16(atDictionaries) > MaxDictionaries ||
		h[atCodings] >= 1<<NumCodings || h[atLevel] > MaxLevel:
		return corruptf("impossible numbers in the header")
	}
	x.archive = a
	x.settings = Settings{Codings(h[atCodings]), int(h[atLevel])}
	rows := [numTables]int64{
		int64(h.u16(atDictionaries)) * dictionaryRow, int64(a.Entries) * entryRow,
		int64(h.u32(atSets)) * setRow, int64(h.u32(atSets)) * sumRow,
	}
	end := int64(headerSize)
	for i, length := range rows {
		t := h.table(i)
		if t.length != length || t.off < end || t.off%alignment != 0 || t.off > x.size-length ||
			i > 0 && t.off != aligned(end) {
			return corruptf("table of %s at %d, %d bytes", tableNames[i], t.off, t.length)
		}
		end = t.end()
	}
	if end != x.size {
		return corruptf("%d bytes after the tables", x.size-end)
	}
	x.limits = limits{h.table(dictionaryTable).off, int(h.u16(atDictionaries))}
	return nil
}

// openTable maps or reads a table of the file, and compares it with its hash.
func (x *File) openTable(i int, t table) error {
	if x.mem != nil {
		x.tables[i] = x.mem[t.off:t.end():t.end()]
	} else {
		if t.length > math.MaxInt {
			return corruptf("table of %d bytes", t.length)
		}
		x.tables[i] = make([]byte, t.length)
		if err := x.readFull(x.tables[i], t.off); err != nil {
			return err
		}
	}
	x.hashes[i] = t.hash
	return x.checkTable(i)
}

func (x *File) checkTable(i int) error {
	if xxhash.Sum64(x.tables[i]) != x.hashes[i] {
		return corruptf("wrong hash of the %s", tableNames[i])
	}
	return nil
}

// CheckTables compares the tables with their hashes once more. They are mapped, so a program that
// writes to the file changes them. The error wraps ErrCorrupt.
func (x *File) CheckTables() (err error) {
	defer x.caught(debug.SetPanicOnFault(true), &err)
	for i := range x.tables {
		if err := x.checkTable(i); err != nil {
			return err
		}
	}
	return nil
}

// checkRows checks each number in the tables of entries and sets.
func (x *File) checkRows() error {
	sets := len(x.tables[setTable]) / setRow
	for i := range x.archive.Entries {
		if n := x.setNumber(i); n > sets {
			return corruptf("entry %d has set %d of %d", i, n, sets)
		}
	}
	for i := range sets {
		if _, ok := x.limits.decodeSet(x.tables[setTable][i*setRow:]); !ok {
			return corruptf("set %d has impossible numbers", i+1)
		}
	}
	return nil
}

// Info returns what the system said about the file when it was opened. It is nil if the file is in
// memory. Compare it with os.Stat to see whether the name leads to another file now.
func (x *File) Info() os.FileInfo { return x.info }

// OSFile returns the open file, or nil if it is in memory. It is closed with x.
func (x *File) OSFile() *os.File { return x.osFile }

// Base returns where in OSFile the variants begin: 0, unless OpenPart has opened them.
func (x *File) Base() int64 { return x.base }

// Archive returns what ties the file to its archive.
func (x *File) Archive() Archive { return x.archive }

// Settings returns what the variants were made with.
func (x *File) Settings() Settings { return x.settings }

// Size returns the bytes of the file.
func (x *File) Size() int64 { return x.size }

// Close releases the file. No other method may be running, or be called later.
func (x *File) Close() (err error) {
	x.decoder.Close()
	x.tables, x.mem = [numTables][]byte{}, nil
	if x.unmap != nil {
		err = x.unmap()
	}
	if x.osFile != nil {
		err = errors.Join(err, x.osFile.Close())
	}
	return err
}

// readFull reads bytes that the file must have.
func (x *File) readFull(b []byte, off int64) error {
	n, err := x.r.ReadAt(b, off)
	switch {
	case n == len(b):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return corruptf("it ends at byte %d", off+int64(n))
	}
	return fmt.Errorf("reading the variants at byte %d: %w", off+int64(n), err)
}

// caught turns a fault in the mapped file, which another program has truncated, into an error. It
// restores the earlier setting of debug.SetPanicOnFault.
func (x *File) caught(before bool, err *error) {
	debug.SetPanicOnFault(before)
	r := recover()
	if r == nil {
		return
	}
	f, ok := r.(interface{ Addr() uintptr })
	if !ok || len(x.mem) == 0 {
		panic(r)
	}
	at := f.Addr() - uintptr(unsafe.Pointer(unsafe.SliceData(x.mem)))
	if at >= uintptr(len(x.mem)) {
		panic(r)
	}
	*err = corruptf("byte %d cannot be read: the file was cut short, or cannot be read from disk", at)
}
