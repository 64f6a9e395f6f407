package archivefile_test

import (
	"errors"
	"os"
	"testing"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// TestAbort: a growth that fails leaves nothing. If it can't be undone either, its note stays, and
// Recover undoes it.
func TestAbort(t *testing.T) {
	for _, canUndo := range []bool{true, false} {
		name := tartest.Pack(t, tartest.Tree(t, [2]string{"a", "old"}), pack.Options{})
		before := tartest.Read(t, name)
		trailer, err := format.ParseTrailer(before[len(before)-format.EndSize:])
		if err != nil {
			t.Fatal(err)
		}
		dst, err := durable.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := archivefile.WriteNote(dst, trailer); err != nil {
			t.Fatal(err)
		}
		tartest.WriteFile(t, name, append(before[:len(before):len(before)], "half a member"...))
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if !canUndo {
			f.Close()
		}
		g := archivefile.Growth{F: f, Old: trailer}
		if err := g.Abort(dst); (err == nil) != canUndo {
			t.Errorf("can undo %v: %v", canUndo, err)
		}
		f.Close()
		_, err = os.Stat(format.TempName(name))
		if isGone := errors.Is(err, os.ErrNotExist); isGone != canUndo {
			t.Errorf("can undo %v: the note: %v", canUndo, err)
		}
		if err := archivefile.Recover(name); err != nil {
			t.Error(err)
		}
		if got := tartest.Read(t, name); string(got) != string(before) {
			t.Errorf("can undo %v: the archive has %d bytes, not %d", canUndo, len(got), len(before))
		}
	}
}
