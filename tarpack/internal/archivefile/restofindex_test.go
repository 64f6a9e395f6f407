package archivefile_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/convert"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// TestRestOfIndex: what an embedding leaves that was stopped before its commit is an unfinished
// append, however much of the index there is, and with no note and no sidecar. Repair cuts it off.
// What only begins like that is from another program, and stays.
func TestRestOfIndex(t *testing.T) {
	ctx := context.Background()
	var files [][2]string
	for i := range 1500 {
		files = append(files, [2]string{fmt.Sprintf("a-name-of-some-length-%04d", i), "x"})
	}
	name := tartest.Pack(t, tartest.Tree(t, files...), pack.Options{})
	good, side := tartest.Read(t, name), tartest.Read(t, name+format.SidecarSuffix)
	if _, err := tarpack.EmbedIndex(ctx, name, tarpack.EmbedOptions{}); err != nil {
		t.Fatal(err)
	}
	rest := tartest.Read(t, name)[len(good):]
	const member = sidecar.PartSize
	if len(rest) < 5*member+format.EndSize { // so that the search for a unit does not come to T
		t.Fatalf("the index has %d bytes", len(rest))
	}
	set := func(at int, to uint64) []byte {
		b := bytes.Clone(rest)
		binary.LittleEndian.PutUint64(b[at:], to)
		return b
	}
	zip := []byte("PK\x03\x04")
	flipped := bytes.Clone(rest)
	flipped[sidecar.PartHead+24] ^= 1
	for _, c := range []struct {
		what string
		rest []byte
		kind error
	}{
		{"part of a header", rest[:5], format.ErrUnfinished},
		{"a header", rest[:20], format.ErrUnfinished},
		{"the kind", rest[:22], format.ErrUnfinished},
		{"some fields", rest[:50], format.ErrUnfinished},
		{"part of the sidecar's header", rest[:300], format.ErrUnfinished},
		{"part of a member", rest[:10_000], format.ErrUnfinished},
		{"a member", rest[:member], format.ErrUnfinished},
		{"members", rest[:4*member+7], format.ErrUnfinished},
		{"all members", rest[:len(rest)-format.EndSize], format.ErrUnfinished},
		{"part of T", rest[:len(rest)-1], format.ErrUnfinished},
		{"everything", rest, format.ErrUnfinished},
		{"more", append(bytes.Clone(rest), 0), format.ErrJoined},
		{"a zip behind it", slices.Concat(rest, zip), format.ErrJoined},
		{"an archive behind it", slices.Concat(rest, good), format.ErrJoined},
		{"not the first member", rest[member:], format.ErrJoined},
		{"another number", set(22, 1), format.ErrJoined},
		{"another count", set(30, 3), format.ErrJoined},
		{"another length", set(38, 1<<63), format.ErrJoined},
		{"another digest", set(46, 1), format.ErrJoined},
		{"another header", flipped, format.ErrJoined},
	} {
		for _, side := range [][]byte{side, nil} {
			both := append(bytes.Clone(good), c.rest...)
			name := tartest.WriteArchive(t, both, side)
			a, err := tarpack.Open(ctx, name, &tarpack.OpenOptions{Notice: func(err error) {
				if !errors.Is(err, c.kind) && !errors.Is(err, format.ErrIndexRebuilt) {
					t.Errorf("%s: notice: %v", c.what, err)
				}
			}})
			switch {
			case err == nil:
				if int(a.Size()) != len(good) || int(a.Unfinished()) != len(c.rest) {
					t.Errorf("%s: %d bytes, and %d", c.what, a.Size(), a.Unfinished())
				}
				a.Close()
			case side != nil || !errors.Is(err, format.ErrCorrupt):
				t.Errorf("%s: %v", c.what, err)
			}
			_, err = tarpack.EmbedIndex(ctx, name, tarpack.EmbedOptions{})
			if err == nil || !bytes.Equal(tartest.Read(t, name), both) {
				t.Errorf("%s: it is changed without a note: %v", c.what, err)
			}
			res, err := convert.Repair(ctx, name, name, convert.RepairOptions{})
			want := both
			if c.kind == format.ErrUnfinished {
				want = good
			} else if !errors.Is(err, c.kind) {
				t.Errorf("%s: repair: %+v, %v", c.what, res, err)
			}
			if !bytes.Equal(tartest.Read(t, name), want) {
				t.Errorf("%s: after repair: %+v, %v", c.what, res, err)
			}
			if err == nil {
				tartest.WantSound(t, name)
			}
			if err := os.RemoveAll(name + format.SidecarSuffix); err != nil {
				t.Fatal(err)
			}
		}
	}
}
