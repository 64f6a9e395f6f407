package tarpack

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
)

// Every flipped byte and every truncation of an archive and of its sidecar is noticed by Verify, or changes nothing of what is read from it:
// then the index that is made anew is the same.
func TestVerifyFlipsAndTruncations(t *testing.T) {
	b := newRepairBed(t)
	ctx := context.Background()
	name := filepath.Join(b.dir, "v.tar.gz")
	harmless := 0
	check := func(archive, sidecar []byte) {
		t.Helper()
		for file, content := range map[string][]byte{name: archive, name + SidecarSuffix: sidecar} {
			if err := os.WriteFile(file, content, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		res, err := Verify(ctx, name, VerifyOptions{})
		if err != nil || res.Failed > 0 {
			return
		}
		ix, err := Reindex(ctx, name, IndexOptions{})
		if err != nil || ix.Digest != b.a.trailer.Digest || !bytes.Equal(sidecar, b.sidecar) {
			t.Errorf("not noticed: %+v, %v", ix, err)
		}
		harmless++
	}
	for i, whole := range [][]byte{b.archive, b.sidecar} {
		with := func(damaged []byte) {
			t.Helper()
			if i == 0 {
				check(damaged, b.sidecar)
			} else {
				check(b.archive, damaged)
			}
		}
		for n := range whole {
			if n%5 != 0 && testing.Short() {
				continue
			}
			damaged := bytes.Clone(whole)
			damaged[n] ^= byte(1 << (n % 8))
			with(damaged)
			with(whole[:n])
			if t.Failed() {
				t.Fatalf("file %d, byte %d of %d", i, n, len(whole))
			}
		}
	}
	t.Logf("%d of %d cases are harmless", harmless, 2*(len(b.archive)+len(b.sidecar)))
}
