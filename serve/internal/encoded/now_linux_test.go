package encoded

import (
	"os"
	"testing"

	"github.com/tarpack/tpk/serve/internal/plan"
)

// TestReadNow: a variant is read at once if it is in memory, need not be proved, and is right. It
// allocates nothing.
func TestReadNow(t *testing.T) {
	s, _, _ := newSource(t)
	write(t, s.Name, testArchive)
	s.Look(true)
	f := s.Current()
	w := wanted(t, f, 0, content, false)
	b := make([]byte, w.Length)
	if err := f.Read(w, b); err != nil { // now it is in memory
		t.Fatal(err)
	}
	if !f.ReadNow(w, b) {
		t.Error("it is not read at once")
	}
	signed := wanted(t, f, 0, content, true)
	if f.ReadNow(signed, b) {
		t.Error("what must be signed was not compared")
	}
	if f.Read(signed, b) != nil || !f.ReadNow(signed, b) {
		t.Error("what is signed is not read at once")
	}
	if wrong := *w; !raceDetector {
		if n := testing.AllocsPerRun(100, func() {
			if f.Find(0, w.Size).By[plan.Brotli] != w.Variant || !f.ReadNow(w, b) || f.Read(w, b) != nil {
				t.Fatal("not read")
			}
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
		wrong.Sum++
		if f.ReadNow(&wrong, b) {
			t.Error("a wrong checksum")
		}
	}
	if err := os.Truncate(s.Name, 100); err != nil {
		t.Fatal(err)
	}
	if f.ReadNow(w, b) && f.CheckAtOnce(w.Seen) == nil {
		t.Error("a file that was cut short")
	}
}
