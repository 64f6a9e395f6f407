package edit_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/tarpack/edit"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// An update that would remove more entries than RemoveLimit allows leaves the archive as it was.
// The archive has 6 entries: directories count, as for --max-delete of rsync.
func TestRemoveLimit(t *testing.T) {
	files := [][2]string{{"a", "1"}, {"b", "2"}, {"d/e", "3"}, {"d/f", "4"}, {"g", "5"}}
	half := func(entries int64) int64 { return entries / 2 }
	most := func(n int64) func(int64) int64 { return func(int64) int64 { return n } }
	for _, c := range []struct {
		about   string
		gone    []string
		removed int64
		more    int // new files
		limit   func(int64) int64
		fails   bool
	}{
		{"everything", []string{"a", "b", "d", "g"}, 6, 0, half, true},
		{"another tree", []string{"a", "b", "d", "g"}, 6, 9, half, true},
		{"more than half", []string{"a", "d"}, 4, 0, half, true},
		{"half", []string{"d"}, 3, 0, half, false},
		{"nothing", nil, 0, 1, half, false},
		{"everything is allowed", []string{"a", "b", "d", "g"}, 6, 0, most(6), false},
		{"5 are allowed", []string{"a", "b", "d", "g"}, 6, 0, most(5), true},
		{"none is allowed", []string{"a"}, 1, 0, most(0), true},
		{"none is removed", nil, 0, 1, most(0), false},
	} {
		t.Run(c.about, func(t *testing.T) {
			dir := tartest.Tree(t, files...)
			name := tartest.Pack(t, dir, pack.Options{})
			was := tartest.Read(t, name)
			for _, p := range c.gone {
				if err := os.RemoveAll(filepath.Join(dir, p)); err != nil {
					t.Fatal(err)
				}
			}
			for i := range c.more {
				tartest.WriteFile(t, filepath.Join(dir, "new"+string(rune('0'+i))), []byte{byte(i)})
			}
			listed := int64(0)
			o := edit.UpdateOptions{RemoveLimit: c.limit, DryRun: true}
			o.Change = func(kind format.ChangeKind, _ string) {
				if kind == format.Removed {
					listed++
				}
			}
			if _, err := edit.Update(t.Context(), name, dir, o); errors.Is(err, format.ErrRemovals) !=
				c.fails {
				t.Errorf("dry run: %v", err)
			}
			if listed != c.removed {
				t.Errorf("the dry run lists %d removals, want %d", listed, c.removed)
			}
			o.DryRun = false
			_, err := edit.Update(t.Context(), name, dir, o)
			if errors.Is(err, format.ErrRemovals) != c.fails || err != nil && !c.fails {
				t.Errorf("%v", err)
			}
			if same := bytes.Equal(tartest.Read(t, name), was); same != c.fails {
				t.Errorf("the archive is as it was: %v", same)
			}
			names, _ := os.ReadDir(filepath.Dir(name))
			if len(names) != 2 {
				t.Errorf("files beside the archive: %v", names)
			}
		})
	}
}
