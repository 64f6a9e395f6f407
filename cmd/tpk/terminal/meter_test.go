package terminal

import (
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/format"
)

// The line of progress agrees in number with what it counts.
func TestMeterLine(t *testing.T) {
	for _, c := range []struct {
		now, goal format.Progress
		want      string
	}{
		{format.Progress{Entries: 1, Bytes: 2}, format.Progress{}, "tpk: packing: 1 entry, 2 B, "},
		{format.Progress{Entries: 1, Bytes: 2}, format.Progress{Entries: 1, Bytes: 4},
			"tpk: packing: 1 of 1 entry, 2 B of 4 B, "},
		{format.Progress{Entries: 1, Bytes: 2}, format.Progress{Entries: 1200, Bytes: 4},
			"tpk: packing: 1 of 1,200 entries, 2 B of 4 B, "},
	} {
		m := &Meter{verb: "packing", now: c.now, goal: c.goal}
		if got := m.line(); !strings.HasPrefix(got, c.want) {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
