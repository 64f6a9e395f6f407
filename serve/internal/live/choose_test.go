package live

import (
	"fmt"
	"testing"

	"github.com/tarpack/tpk/internal/changetime"
)

// TestNewest: of more files than a batch has, those that have changed last are taken, in order.
func TestNewest(t *testing.T) {
	var files []content
	for i := range maxFiles + 10 {
		files = append(files, content{fmt.Sprintf("f%05d", i), changetime.Stamp{Changed: 5}})
	}
	files[7].stamp.Changed, files[maxFiles+9].stamp.Changed = 4, 6
	got := newest(files)
	if len(got) != maxFiles || got[0].path != "f00000" || got[7].path != "f00008" ||
		got[maxFiles-1].path != files[maxFiles+9].path {
		t.Errorf("%d: %v, %v, %v", len(got), got[0], got[7], got[len(got)-1])
	}
	files = files[:3]
	files[0].stamp = changetime.Stamp{Modified: 1, Size: maxBytes}
	files[1].stamp = changetime.Stamp{Modified: 3, Size: maxBytes - 1}
	files[2].stamp = changetime.Stamp{Modified: 2, Size: 1}
	if got := newest(files); len(got) != 2 || got[0] != files[1] || got[1] != files[2] {
		t.Errorf("by size: %v", got)
	}
}
