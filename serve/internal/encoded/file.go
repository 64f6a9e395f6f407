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
	name    string
	notice  func(string)
	entries int
	file    *variants.File
	seen    atomic.Pointer[Seen] // when it was last looked at
	gone    atomic.Bool          // it was written over

	dictionaries []*plan.Dictionary // by their numbers
	bad          verdicts
	proving      sync.Mutex
	looking      sync.Mutex // held while seen is replaced
}

// Seen is a File between two changes of its attributes or names. What was planned and read during
// one is one file's.
type Seen struct {
	stamp changetime.Stamp
	good  verdicts
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
	f := &File{name: name, notice: notice, file: x, entries: of.Entries,
		bad: newVerdicts(of.Entries)}
	opened := changetime.StampOf(x.Info())
	f.seen.Store(&Seen{opened, newVerdicts(of.Entries)})
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

// Now returns what the file was like when it was last looked at. A plan is made with one Seen, and
// checked with it.
func (f *File) Now() *Seen { return f.seen.Load() }

// Check returns ErrUnusable if the file has changed since s. It must be called after the last byte
// of a variant was read, and before that byte is sent. If only attributes or names have changed,
// the error is ErrTouched: the variant can be used if it is proved again. Check may wait then until
// all further changes show.
func (f *File) Check(s *Seen) error { return f.look(s, true) }

// CheckAtOnce is Check without waiting: after a change of attributes or names the error is
// ErrTouched until Check is called.
func (f *File) CheckAtOnce(s *Seen) error { return f.look(s, false) }

func (f *File) look(s *Seen, wait bool) error {
	if f.gone.Load() {
		return ErrUnusable
	}
	now, err := changetime.Stat(f.file.OSFile())
	is := f.Now()
	switch {
	case err != nil:
		return f.withdraw(err)
	case now == is.stamp && is == s:
		return nil
	case now == is.stamp:
		return ErrTouched
	case !wait && is.stamp.OnlyAttributes(now):
		return ErrTouched
	case !is.stamp.OnlyAttributes(now):
		return f.withdraw(errWrittenOver)
	}
	return f.lookAgain()
}

// lookAgain compares the tables with what they were when the file was opened, since attributes or
// names have changed. Perhaps more has, and the modification time was set back. All variants must
// be proved again. It returns ErrTouched, or ErrUnusable.
func (f *File) lookAgain() error {
	f.looking.Lock()
	defer f.looking.Unlock()
	now, err := changetime.Stat(f.file.OSFile()) // another answer may have seen a later change
	is := f.Now()
	switch {
	case err != nil:
		return f.withdraw(err)
	case now == is.stamp:
		return ErrTouched
	case !is.stamp.OnlyAttributes(now):
		return f.withdraw(errWrittenOver)
	}
	for !now.Settled(time.Now()) {
		time.Sleep(time.Millisecond)
	}
	if err := f.file.CheckTables(); err != nil {
		return f.withdraw(err)
	}
	f.seen.Store(&Seen{now, newVerdicts(f.entries)})
	return ErrTouched
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
	stamp := changetime.StampOf(named)
	if is := f.Now(); is.stamp != stamp && is.stamp.OnlyAttributes(stamp) {
		_ = f.Check(is) // a change of names alone is none
	}
	return !f.gone.Load() && f.Now().stamp == stamp
}
