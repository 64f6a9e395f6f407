package encoded

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"

	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar/variants"
)

var (
	testArchive = variants.Archive{Digest: 18, Size: 5000, Entries: 3}
	content     = []byte(strings.Repeat("words and more words, ", 50))
	long        = []byte(strings.Repeat("much longer words, ", 20_000))
)

func compressed(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := brotli.NewWriterLevel(&out, 5)
	_, err := w.Write(b)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// write writes a file in which entry 0 is content, entry 1 is not what it should be, and entry 2 is
// long. It waits until a further change will show.
func write(t testing.TB, name string, of variants.Archive) {
	t.Helper()
	f, err := os.Create(name + ".new")
	if err != nil {
		t.Fatal(err)
	}
	w := variants.NewWriter(f, of, variants.Settings{})
	for i, c := range [][]byte{content, bytes.ToUpper(content), long} {
		var v [variants.NumCodings]variants.Encoded
		v[variants.Brotli].Bytes = compressed(t, c)
		if _, err := w.Add(i, int64(len(c)), sha256.Sum256(c), v); err != nil {
			t.Fatal(err)
		}
	}
	size, err := w.Finish()
	if err == nil {
		err = f.Truncate(size)
	}
	if err = errors.Join(err, f.Close()); err == nil { // nobody writes it any more
		err = os.Rename(name+".new", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	settle(t, name)
}

// settle waits until a further change of a file will show.
func settle(t testing.TB, name string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); guard.CheckFile(name) != nil; {
		if time.Now().After(end) {
			t.Fatalf("%s does not settle", name)
		}
		time.Sleep(time.Millisecond)
	}
}

// newSource returns the Source of a file that is not there yet. replaced is what its Replaced
// returns, and notices gets the lines for the log.
func newSource(t testing.TB) (s *Source, replaced *atomic.Bool, notices *[]string) {
	t.Helper()
	replaced, notices = new(atomic.Bool), new([]string)
	s = &Source{Name: filepath.Join(t.TempDir(), "a.tpv"), Archive: testArchive,
		Replaced: replaced.Load, Notice: func(text string) { *notices = append(*notices, text) }}
	t.Cleanup(s.Close)
	return s, replaced, notices
}

// wanted returns the brotli of an entry as a plan has it.
func wanted(t testing.TB, f *File, entry int, content []byte, signed bool) *Wanted {
	t.Helper()
	v := f.Find(entry, int64(len(content)))
	w := &Wanted{Entry: entry, Encoding: plan.Brotli, Variant: v.By[plan.Brotli],
		Size: int64(len(content)), Seen: f.Now()}
	if w.Length == 0 {
		t.Fatalf("entry %d has no brotli", entry)
	}
	if signed {
		w.Signed = sha256.Sum256(content)
	}
	return w
}

// TestSource: a file is used as soon as it is complete, and until it is gone. What is wrong with
// one is in the log once, if it stays so.
func TestSource(t *testing.T) {
	s, replaced, notices := newSource(t)
	look := func(used bool, lines int) *File {
		t.Helper()
		s.Look(false)
		f := s.Current()
		if (f != nil) != used || len(*notices) != lines {
			t.Fatalf("a file is used: %v; the log: %q", f != nil, *notices)
		}
		return f
	}
	look(false, 0)
	write(t, s.Name, testArchive)
	first := look(true, 0)
	if look(true, 0) != first {
		t.Error("the same file was opened again")
	}
	write(t, s.Name, testArchive)
	second := look(true, 0)
	if second == first {
		t.Error("another file was not opened")
	}
	// An archive gets other variants, and then its name: there is nothing to report.
	write(t, s.Name, variants.Archive{Digest: 19, Size: 5000, Entries: 3})
	if look(true, 0) != second {
		t.Error("the former file is not used")
	}
	replaced.Store(true)
	for range 3 {
		if look(true, 0) != second {
			t.Error("the former file is not used")
		}
	}
	replaced.Store(false)
	for range 3 { // but it keeps its name, so something is wrong
		look(false, 1)
	}
	if err := os.Remove(s.Name); err != nil {
		t.Fatal(err)
	}
	look(false, 1)
	write(t, s.Name, testArchive)
	look(true, 1)
	if err := os.Remove(s.Name); err != nil {
		t.Fatal(err)
	}
	look(false, 1)
	w := wanted(t, first, 0, content, false)
	b := make([]byte, w.Length)
	if err := first.Check(w.Seen); !errors.Is(err, ErrTouched) {
		t.Errorf("an answer that uses the first file, which has lost its name: %v", err)
	}
	w.Seen = first.Now()
	if err := first.Read(w, b); err != nil {
		t.Errorf("an answer that uses the first file: %v", err)
	}
}

// TestFirstLook: what is wrong with a file is reported at once if the archive was just opened.
func TestFirstLook(t *testing.T) {
	s, _, notices := newSource(t)
	write(t, s.Name, variants.Archive{Digest: 19, Size: 5000, Entries: 3})
	s.Look(true)
	if s.Current() != nil || len(*notices) != 1 || !strings.Contains((*notices)[0], s.Name) {
		t.Errorf("%q", *notices)
	}
}

// TestRead: a variant is read if its checksum is right, and if it is the content that was signed.
func TestRead(t *testing.T) {
	s, _, notices := newSource(t)
	write(t, s.Name, testArchive)
	for _, signed := range []bool{false, true} {
		if err := os.Chtimes(s.Name, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
		settle(t, s.Name)
		s.Look(false) // opens it again, without verdicts
		f := s.Current()
		for entry, c := range [][]byte{content, content, long} {
			w := wanted(t, f, entry, c, signed)
			forged := entry == 1 && signed
			b := make([]byte, w.Length)
			for range 2 {
				err := f.Read(w, b)
				if forged && !errors.Is(err, ErrUnusable) || !forged && err != nil {
					t.Errorf("entry %d, signed %v: %v", entry, signed, err)
				}
			}
			if err := f.Prove(w); (err != nil) != forged {
				t.Errorf("entry %d, signed %v: prove: %v", entry, signed, err)
			}
			if found := f.Find(entry, int64(len(c))).By[plan.Brotli].Length > 0; found == forged {
				t.Errorf("entry %d, signed %v: found %v afterwards", entry, signed, found)
			}
		}
	}
	if len(*notices) != 1 {
		t.Errorf("%q", *notices)
	}
	if v := s.Current().Find(0, 5); v != (plan.Variants{}) {
		t.Errorf("for another content: %+v", v)
	}
}

// TestWrittenOver: a file that is written over is not used any more, whatever is in it.
func TestWrittenOver(t *testing.T) {
	s, _, notices := newSource(t)
	write(t, s.Name, testArchive)
	s.Look(true)
	f := s.Current()
	w := wanted(t, f, 0, content, false)
	b := make([]byte, w.Length)
	if err := f.Read(w, b); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(s.Name)
	if err == nil {
		err = os.WriteFile(s.Name, whole, 0o644) // the same bytes
	}
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := f.Read(w, b); !errors.Is(err, ErrUnusable) {
			t.Errorf("%v", err)
		}
		if err := f.Prove(w); !errors.Is(err, ErrUnusable) {
			t.Errorf("prove: %v", err)
		}
	}
	if s.Current() != nil || len(*notices) != 1 {
		t.Errorf("it is used: %v; %q", s.Current() != nil, *notices)
	}
	settle(t, s.Name)
	s.Look(false)
	if s.Current() == nil {
		t.Error("it is not opened again")
	}
}

// TestLinked: a hard link and its end change nothing, whether somebody has looked between or not.
// What was read before must be proved again. What is written over beside a link is not used, though
// the modification time is set back.
func TestLinked(t *testing.T) {
	s, _, notices := newSource(t)
	write(t, s.Name, testArchive)
	s.Look(true)
	f, was := s.Current(), mustStat(t, s.Name)
	w := wanted(t, f, 0, content, false)
	b := make([]byte, w.Length)
	link := func() error { return os.Link(s.Name, s.Name+".kept") }
	unlink := func() error { return os.Remove(s.Name + ".kept") }
	for _, changes := range [][]func() error{{link}, {unlink}, {link, unlink}, {link}} {
		for _, change := range changes {
			if err := change(); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.CheckAtOnce(w.Seen); !errors.Is(err, ErrTouched) {
			t.Errorf("at once: %v", err)
		}
		if err := f.Check(w.Seen); !errors.Is(err, ErrTouched) || !errors.Is(err, ErrUnusable) {
			t.Errorf("what was proved before: %v", err)
		}
		w.Seen = f.Now()
		err := errors.Join(f.Check(w.Seen), f.Read(w, b), f.Prove(w), f.CheckAtOnce(w.Seen))
		if err != nil {
			t.Fatal(err)
		}
	}
	if s.Look(false); s.Current() != f || len(*notices) != 0 {
		t.Errorf("it is another file; %q", *notices)
	}
	settle(t, s.Name)
	overwrite(t, s.Name, was, func(whole []byte) { whole[w.Offset+3] ^= 1 })
	if err := f.Read(w, b); !errors.Is(err, ErrUnusable) {
		t.Errorf("another variant: %v", err)
	}
	w.Seen = f.Now()
	for range 2 {
		if err := f.Prove(w); !errors.Is(err, ErrUnusable) || errors.Is(err, ErrTouched) {
			t.Errorf("another variant: %v", err)
		}
	}
	settle(t, s.Name)
	overwrite(t, s.Name, was, func(whole []byte) { whole[len(whole)-1] ^= 1 })
	if err := f.Check(w.Seen); !errors.Is(err, ErrUnusable) || s.Current() != nil {
		t.Errorf("other tables: %v", err)
	}
}

// overwrite changes a file in place, and sets its modification time back.
func overwrite(t *testing.T, name string, was os.FileInfo, change func([]byte)) {
	t.Helper()
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	change(whole)
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteAt(whole, 0)
		err = errors.Join(err, f.Close(), os.Chtimes(name, time.Time{}, was.ModTime()))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func mustStat(t *testing.T, name string) os.FileInfo {
	t.Helper()
	fi, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return fi
}

// TestVerdicts: each variant of each entry has a bit of its own.
func TestVerdicts(t *testing.T) {
	const entries = 100
	v := newVerdicts(entries)
	for i := range entries * perEntry {
		if v.has(i/perEntry, i%perEntry) || !v.add(i/perEntry, i%perEntry) ||
			v.add(i/perEntry, i%perEntry) || !v.has(i/perEntry, i%perEntry) {
			t.Fatal(i)
		}
	}
}
