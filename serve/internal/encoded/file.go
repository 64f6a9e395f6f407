package encoded

import (
	"encoding/hex"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar/variants"
)

// File is an open variants file. It is safe for concurrent use, except for close.
type File struct {
	name   string
	notice func(string)
	file   *variants.File
	stamp  atomic.Pointer[changetime.Stamp] // when it was last looked at
	gone   atomic.Bool                      // it was written over

	dictionaries []*plan.Dictionary // by their numbers
	good, bad    verdicts
	proving      sync.Mutex
}

// encodings are the encodings of a plan by variants.Coding.
var encodings = [variants.NumCodings]plan.Encoding{
	variants.Brotli: plan.Brotli, variants.Zstd: plan.Zstd,
	variants.DictionaryZstd: plan.DictionaryZstd,
}

// codingOf returns the variants.Coding of an encoding, which must be one of encodings.
func codingOf(e plan.Encoding) variants.Coding { return variants.Coding(e - plan.Brotli) }

// open opens the variants file of an archive, and reads all its tables. The file must be complete:
// it is compared with its stamp afterwards.
func open(name string, of variants.Archive, notice func(string)) (*File, error) {
	x, err := variants.Open(name, of)
	if err != nil {
		return nil, err
	}
	return newFile(name, x, of, notice)
}

// newFile returns the file with the variants x of an archive, or closes x.
func newFile(
	name string, x *variants.File, of variants.Archive, notice func(string),
) (*File, error) {
	f := &File{name: name, notice: notice, file: x,
		good: newVerdicts(of.Entries), bad: newVerdicts(of.Entries)}
	opened := changetime.StampOf(x.Info())
	f.stamp.Store(&opened)
	now, err := changetime.Stat(x.OSFile())
	if err == nil && (now != opened || !now.Settled(time.Now())) {
		err = errBusy
	}
	if err != nil {
		_ = x.Close()
		return nil, err
	}
	for _, d := range x.Dictionaries() {
		f.dictionaries = append(f.dictionaries, newDictionary(&d))
	}
	return f, nil
}

// newDictionary makes a dictionary ready for sending.
func newDictionary(d *variants.Dictionary) *plan.Dictionary {
	p := &plan.Dictionary{SHA256: d.SHA256, Name: hex.EncodeToString(d.SHA256[:]),
		HTML: d.Kind == ".html"}
	p.Forms[plan.Identity] = string(d.Bytes)
	p.Forms[plan.Brotli] = string(d.Brotli)
	return p
}

func (f *File) close() { _ = f.file.Close() }

// Find returns the variants of an entry with a content of size bytes. What was found to be wrong is
// left out.
func (f *File) Find(entry int, size int64) (v plan.Variants) {
	set, err := f.file.Find(entry)
	if err != nil { // the tables were right when the file was opened
		_ = f.withdraw(err)
		return v
	}
	if set.Size != size {
		return v
	}
	for c, e := range encodings {
		s, ok := set.Get(variants.Coding(c))
		if !ok || f.bad.has(entry, c) {
			continue
		}
		v.By[e] = plan.Variant{Offset: s.Offset, Length: s.Length, Sum: s.Sum}
		if e == plan.DictionaryZstd {
			v.Dictionary = f.dictionaries[s.Dictionary]
		}
	}
	return v
}

// Dictionary returns the dictionary with a name, or nil.
func (f *File) Dictionary(name string) *plan.Dictionary {
	for _, d := range f.dictionaries {
		if d.Name == name {
			return d
		}
	}
	return nil
}

// Check returns ErrUnusable if the file has changed since it was opened. It must be called after
// the last byte of a variant was read, and before that byte is sent. A file that has only lost or
// got a name has not changed.
func (f *File) Check() error {
	if f.gone.Load() {
		return ErrUnusable
	}
	was := f.stamp.Load() // before the file is looked at: it is never the later of the two
	now, err := changetime.Stat(f.file.OSFile())
	switch {
	case err == nil && *was == now:
		return nil
	case err == nil && was.SameContent(now):
		linked := now // only here: now stays off the heap
		f.stamp.CompareAndSwap(was, &linked)
		return nil
	case err == nil && f.stamp.Load() != was:
		return f.Check() // another goroutine has seen a step between
	}
	if err == nil {
		err = errWrittenOver
	}
	return f.withdraw(err)
}

// withdraw takes the file off because of err, and returns ErrUnusable.
func (f *File) withdraw(err error) error {
	if !f.gone.Swap(true) {
		f.notice(fmt.Sprintf("%s: %v: it is not used until it is complete", f.name, err))
	}
	return ErrUnusable
}

// isAt reports whether a name still leads to the file, and the file is unchanged.
func (f *File) isAt(named os.FileInfo) bool {
	return !f.gone.Load() && *f.stamp.Load() == changetime.StampOf(named)
}
