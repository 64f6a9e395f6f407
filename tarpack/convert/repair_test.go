package convert_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/convert"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// A repairBed is a small archive to damage.
type repairBed struct {
	dir      string
	archive  []byte
	sidecar  []byte
	a        *tarpack.Archive // of an intact copy
	harmless int
}

func newRepairBed(t *testing.T) *repairBed {
	dir := tartest.Tree(t, [2]string{"a", strings.Repeat("first ", 20)},
		[2]string{"b", strings.Repeat("first ", 20)}, [2]string{"c", ""},
		[2]string{"d/e", "x"}, [2]string{"d/f/g", strings.Repeat("deep ", 30)},
		[2]string{"d/l", "-> e"}, [2]string{"z/", ""}, [2]string{"z/h", "=> a"})
	name := tartest.Pack(t, dir, pack.Options{})
	b := &repairBed{dir: t.TempDir(), a: tartest.Open(t, name)}
	var err error
	if b.archive, err = os.ReadFile(name); err != nil {
		t.Fatal(err)
	}
	if b.sidecar, err = os.ReadFile(name + format.SidecarSuffix); err != nil {
		t.Fatal(err)
	}
	return b
}

// repair repairs an archive and checks that the result is valid. It must have every entry that is
// intact, together with its target, without a change. With a sidecar, all other entries must be
// reported.
func (b *repairBed) repair(t *testing.T, damaged []byte, whole func(from, to int64) bool,
	withSidecar bool) {
	t.Helper()
	name := filepath.Join(b.dir, "x.tar.gz")
	if err := os.WriteFile(name, damaged, 0o666); err != nil {
		t.Fatal(err)
	}
	os.Remove(name + format.SidecarSuffix)
	if withSidecar {
		if err := os.WriteFile(name+format.SidecarSuffix, b.sidecar, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	lost := map[string]bool{}
	ctx := context.Background()
	res, err := convert.Repair(ctx, name, name,
		convert.RepairOptions{Lost: func(p *format.Problem) { lost[p.Path] = true }})
	if res.CutOff != 0 {
		t.Errorf("%d bytes behind its end", res.CutOff)
	}
	good := func(i int) bool {
		e, err := b.a.Index().Entry(i)
		if err != nil {
			t.Fatal(err)
		}
		return whole(e.Offset, e.Offset+e.Length())
	}
	if err == nil && !res.Damaged {
		// Harmless damage, as in unused bits of a deflate stream: the index depends on everything
		// that is in it, and is the same.
		ix, err := tarpack.Reindex(ctx, name, tarpack.ReindexOptions{})
		if err != nil || ix.Digest != b.a.Trailer().Digest || ix.Entries != b.a.Trailer().Entries {
			t.Errorf("the damage was not noticed: %+v, %v", ix, err)
		}
		b.harmless++
		return
	}
	saved := 0
	var want []int
	for i := range b.a.Index().Len() {
		e, err := b.a.Index().Entry(i)
		if err != nil {
			t.Fatal(err)
		}
		if good(i) && (e.Type != sidecar.TypeHardlink || good(int(e.Target))) {
			want = append(want, i)
			saved++
		} else if p, _ := b.a.Index().Path(i); withSidecar && e.Type != sidecar.TypeDir &&
			!lost[p] && err == nil {
			t.Errorf("%s is lost, and not named", p)
		}
	}
	if saved == 0 {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tarpack.Reindex(ctx, name, tarpack.ReindexOptions{}); err != nil {
		t.Fatal(err)
	}
	a, err := tarpack.Open(context.Background(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for _, i := range want {
		p, err := b.a.Index().Path(i)
		if err != nil {
			t.Fatal(err)
		}
		was, _ := b.a.Index().Entry(i)
		j, ok, err := a.Index().Lookup(p)
		if err != nil || !ok {
			t.Errorf("%s is whole and was lost (%v)", p, err)
			continue
		}
		if now, err := a.Index().Entry(j); err != nil || now.Hash != was.Hash ||
			now.Mode != was.Mode || now.ModTime != was.ModTime || now.Type != was.Type {
			t.Errorf("%s was %+v, is %+v, %v", p, was, now, err)
		}
	}
}

// Every truncation, with and without a sidecar.
func TestRepairTruncated(t *testing.T) {
	b := newRepairBed(t)
	for n := range len(b.archive) {
		if n%31 != 0 && n < len(b.archive)-9 && testing.Short() {
			continue
		}
		b.repair(t, b.archive[:n], func(_, to int64) bool { return to <= int64(n) }, n%2 == 0)
		if t.Failed() {
			t.Fatalf("cut off at %d of %d", n, len(b.archive))
		}
	}
}

// Every byte flipped, with and without a sidecar. Verify notices each of them.
func TestRepairFlipped(t *testing.T) {
	b := newRepairBed(t)
	for n := range b.archive {
		if n%31 != 0 && testing.Short() {
			continue
		}
		damaged := bytes.Clone(b.archive)
		damaged[n] ^= byte(1 + n%255)
		if at := n - (len(damaged) - format.EndSize); at >= versionAt && at <= versionAt+4 {
			continue // TestRepairNewer
		}
		b.repair(t, damaged, func(from, to int64) bool { return int64(n) < from || int64(n) >= to },
			n%2 == 0)
		if t.Failed() {
			t.Fatalf("byte %d of %d flipped", n, len(b.archive))
		}
	}
	t.Logf("%d of %d bytes flipped without harm", b.harmless, len(b.archive))
}

// An archive of a newer version, or with a damaged version number, is not replaced by its readable
// entries. They can be written to another file.
func TestRepairNewer(t *testing.T) {
	ctx := context.Background()
	name := tartest.Pack(t, tartest.Tree(t, [2]string{"a", "x"}, [2]string{"b/c", "y"}),
		pack.Options{})
	b := tartest.Read(t, name)
	for at, damage := range map[int]byte{0: 2, 1: 0x80, 2: 0x80, 3: 0x80, 4: 0x80} {
		b[len(b)-format.EndSize+versionAt+at] ^= damage
		tartest.WriteFile(t, name, b)
		o := convert.RepairOptions{}
		if _, err := convert.Repair(ctx, name, name, o); !errors.Is(err, format.ErrVersion) ||
			!bytes.Equal(tartest.Read(t, name), b) {
			t.Errorf("byte %d of the version and features: %v", at, err)
		}
		b[len(b)-format.EndSize+versionAt+at] ^= damage
	}
	b[len(b)-format.EndSize+versionAt]++
	tartest.WriteFile(t, name, b)
	for _, dry := range []bool{true, false} {
		o := convert.RepairOptions{DryRun: dry}
		if _, err := convert.Repair(ctx, name, name, o); !errors.Is(err, format.ErrVersion) ||
			!bytes.Equal(tartest.Read(t, name), b) {
			t.Errorf("in its place: %v", err)
		}
	}
	out := filepath.Join(t.TempDir(), "out.tar.gz")
	res, err := convert.Repair(ctx, name, out, convert.RepairOptions{})
	if err != nil || res.Saved != 3 || !bytes.Equal(tartest.Read(t, name), b) {
		t.Errorf("elsewhere: %+v, %v", res, err)
	}
	tartest.WantSound(t, out)
}

// versionAt is the offset of the format version in T.
const versionAt = gzmember.HeaderSize + 6 + 1

// An intact archive is not changed.
func TestRepairWhole(t *testing.T) {
	b := newRepairBed(t)
	for _, withSidecar := range []bool{true, false} {
		b.repair(t, b.archive, func(int64, int64) bool { return true }, withSidecar)
		got, err := os.ReadFile(filepath.Join(b.dir, "x.tar.gz"))
		if err != nil || !bytes.Equal(got, b.archive) {
			t.Error(fmt.Sprint("it has changed", err))
		}
	}
}

// An intact archive without a usable sidecar gets one. With Single that holds for the first shard
// of a set too: the other shards need not be there.
func TestRepairSidecar(t *testing.T) {
	b := newRepairBed(t)
	ctx := context.Background()
	for _, base := range []string{"x.tar.gz", "s-00000-of-00002.tar.gz"} {
		for _, sidecar := range []string{"", "not a sidecar"} {
			name := filepath.Join(t.TempDir(), base)
			tartest.WriteFile(t, name, b.archive)
			if sidecar != "" {
				tartest.WriteFile(t, name+format.SidecarSuffix, []byte(sidecar))
			}
			o := convert.RepairOptions{DryRun: true, Single: true}
			if _, err := convert.Repair(ctx, name, name, o); err != nil {
				t.Fatal(err)
			}
			if got, _ := os.ReadFile(name + format.SidecarSuffix); string(got) != sidecar {
				t.Errorf("%s: a dry run has written a sidecar", base)
			}
			res, err := convert.Repair(ctx, name, name, convert.RepairOptions{Single: true})
			if err != nil || res.Damaged || res.Written {
				t.Fatalf("%s: %+v, %v", base, res, err)
			}
			if !bytes.Equal(tartest.Read(t, name+format.SidecarSuffix), b.sidecar) {
				t.Errorf("%s: the sidecar is another one", base)
			}
		}
	}
}

// Repair keeps which equal files are duplicates of each other.
func TestRepairKeepsLinks(t *testing.T) {
	dir := tartest.Tree(t, [2]string{"a", "the same"}, [2]string{"b", "the same"},
		[2]string{"d/c", "the same"}, [2]string{"z", "last"})
	for mode, want := range map[format.DedupMode]uint64{format.DedupOff: 0, format.DedupContent: 2} {
		name := tartest.Pack(t, dir, pack.Options{Dedup: mode})
		fi, err := os.Stat(name)
		if err == nil {
			err = os.Truncate(name, fi.Size()-format.EndSize)
		}
		if err != nil {
			t.Fatal(err)
		}
		res, err := convert.Repair(t.Context(), name, name, convert.RepairOptions{})
		if err != nil || !res.Written || res.Stats.Duplicates != want || res.Lost > 0 {
			t.Errorf("%v: %+v, %v; want %d duplicates", mode, res, err, want)
		}
	}
}
