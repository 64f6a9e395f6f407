package tarpack_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/shard"
)

// TestCheckIndex damages one byte of a section, wherever an index can be, and requires that only
// CheckIndex of at least its size finds it.
func TestCheckIndex(t *testing.T) {
	ctx := context.Background()
	tree := tartest.Tree(t, someFiles()...)
	name := tartest.Pack(t, tree, pack.Options{})
	embedded := tartest.Pack(t, tree, pack.Options{EmbedIndex: true})
	list, _ := packSet(t, tree, shard.PackOptions{Shards: 2})
	const record = sidecar.HeaderSize + 8 // a byte of the first record
	inside, side := tartest.Read(t, embedded), tartest.Read(t, name+format.SidecarSuffix)
	at := bytes.Index(inside, side[record:record+40])
	if at < 0 {
		t.Fatal("the index in the archive is another one")
	}
	for file, at := range map[string]int{
		name + format.SidecarSuffix: record, list + format.SidecarSuffix: record,
		embedded: at,
	} {
		b := tartest.Read(t, file)
		b[at] ^= 1
		tartest.WriteFile(t, file, b)
	}
	archive := tartest.Read(t, name)
	inside, side = tartest.Read(t, embedded), tartest.Read(t, name+format.SidecarSuffix)
	with := func(file string) func(o *tarpack.OpenOptions) (*tarpack.Archive, error) {
		return func(o *tarpack.OpenOptions) (*tarpack.Archive, error) {
			return tarpack.Open(ctx, file, o)
		}
	}
	for what, open := range map[string]func(o *tarpack.OpenOptions) (*tarpack.Archive, error){
		"sidecar": with(name), "set": with(list), "embedded": with(embedded),
		"memory": func(o *tarpack.OpenOptions) (*tarpack.Archive, error) {
			return tarpack.OpenAt(ctx, bytes.NewReader(archive), int64(len(archive)),
				bytes.NewReader(side), int64(len(side)), o)
		},
		"embedded in memory": func(o *tarpack.OpenOptions) (*tarpack.Archive, error) {
			return tarpack.OpenAt(ctx, bytes.NewReader(inside), int64(len(inside)), nil, 0, o)
		},
	} {
		var size int64
		for _, limit := range []int64{0, 1} {
			a, err := open(&tarpack.OpenOptions{RequireSidecar: true, CheckIndex: limit})
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			size = a.Index().Size()
			if err := errors.Join(a.Index().CheckHashes(), a.Close()); !errors.Is(err, sidecar.ErrCorrupt) {
				t.Errorf("%s: the damage is not in a section: %v", what, err)
			}
		}
		_, err := open(&tarpack.OpenOptions{RequireSidecar: true, CheckIndex: size})
		if !errors.Is(err, format.ErrStale) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
