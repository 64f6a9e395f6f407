package scan_test

import (
	"bytes"
	"testing"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
)

// emptyMember returns a member of n bytes that inflates to nothing, with an extra field.
func emptyMember(n int, kind byte) []byte {
	rest := len(gzmember.AppendZeros(nil, 0, []byte{kind})) - 1
	return gzmember.AppendZeros(nil, 0, append([]byte{kind}, make([]byte, n-rest-1)...))
}

// Members that inflate to nothing are skipped, wherever a unit may begin and wherever chunks do.
func TestScanSkipsEmpty(t *testing.T) {
	flushes := bytes.Repeat([]byte{0, 0, 0, 0xff, 0xff}, 1000) // blocks without content
	empties := [][]byte{
		tartest.Member(nil, nil),
		tartest.Member(nil, []byte("G\x00")),
		tartest.Member(nil, []byte("X")),
		emptyMember(16_384, 'I'),
		emptyMember(format.MaxMember, 0),
		append(gzmember.AppendMemberHeader(nil, nil),
			append(flushes, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0)...),
	}
	var parts []tartest.ForgedPart
	for i, p := range tartest.Variety() {
		parts = append(parts, tartest.Raw(empties[i%len(empties)]), p)
	}
	for _, e := range empties {
		parts = append(parts, tartest.Raw(e))
	}
	archive := tartest.ForgeRight(t, parts...)
	want := scanUnits(t, tartest.ForgeRight(t, tartest.Variety()...), 1, 0)
	for _, chunk := range []int64{0, 100, 1000, 20_000} {
		n := 0
		for _, un := range scanUnits(t, archive, 3, chunk) {
			if un.Err != nil {
				t.Fatalf("chunks of %d: %v", chunk, un.Err)
			}
			if len(un.Items) == 0 && un.Trailer == nil && un.Former == nil {
				continue
			}
			w := want[min(n, len(want)-1)]
			if len(un.Items) != len(w.Items) || len(un.Items) > 0 && un.Items[0].Path != w.Items[0].Path {
				t.Fatalf("chunks of %d: unit %d is %v, want %v", chunk, n, un.Items, w.Items)
			}
			n++
		}
		if n != len(want) {
			t.Errorf("chunks of %d: %d units, want %d", chunk, n, len(want))
		}
	}
}
