package sidecar_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/internal/layout"
	"github.com/tarpack/tpk/sidecar/internal/sidecartest"
)

// sectionAt returns where a section of a sidecar begins (FORMAT.md 2.1).
func sectionAt(b []byte, section int) int64 {
	return int64(binary.LittleEndian.Uint64(b[0x78+24*section:]) & (1<<56 - 1))
}

func noHeader(*sidecar.Entry, string) (same, known bool, err error) { return false, false, nil }

// A table that is damaged is found when it is read.
func TestKeepTableDamaged(t *testing.T) {
	for _, section := range []int{layout.PathBlocks, layout.Table} {
		b, _ := sidecartest.Example(t)
		b[sectionAt(b, section)] ^= 1
		x, err := sidecar.OpenReaderAt(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		if err := x.KeepTable(nil); !errors.Is(err, sidecar.ErrCorrupt) || x.TableKept() {
			t.Errorf("section %d: %v", section, err)
		}
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A table that leads to where no path block is, in a sidecar with right hashes.
func TestKeepTableContradicts(t *testing.T) {
	b, m := sidecartest.Example(t)
	at := sectionAt(b, layout.PathBlocks)
	first := binary.LittleEndian.Uint64(b[at:])
	binary.LittleEndian.PutUint64(b[at:], first+4)
	sidecartest.Reseal(b)
	x, err := sidecar.OpenReaderAt(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if err := x.KeepTable(noHeader); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := x.Lookup("d/text"); !errors.Is(err, sidecar.ErrCorrupt) || ok {
		t.Errorf("entry %d: %v, %v", m.At["d/text"], ok, err)
	}
}

// An error of asking elsewhere is that of the lookup. A sidecar in memory does not ask.
func TestKeepTableError(t *testing.T) {
	b, m := sidecartest.Example(t)
	wrong := errors.New("wrong")
	is := func(*sidecar.Entry, string) (same, known bool, err error) { return false, false, wrong }
	far, err := sidecar.OpenReaderAt(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	near, err := sidecar.OpenBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(far.KeepTable(is), near.KeepTable(is)); err != nil || near.TableKept() {
		t.Fatal(err)
	}
	if _, _, err := far.Lookup("d/text"); !errors.Is(err, wrong) {
		t.Error(err)
	}
	if i, ok, err := near.Lookup("d/text"); i != m.At["d/text"] || !ok || err != nil {
		t.Error(i, ok, err)
	}
	if i, ok, err := far.Lookup("d"); i != m.At["d"] || !ok || err != nil { // not a file
		t.Error(i, ok, err)
	}
}
