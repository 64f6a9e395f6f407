package build

import (
	"bytes"
	"testing"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// TestPutRecord reads back each field of records with the limits of each type.
func TestPutRecord(t *testing.T) {
	max48 := int64(layout.MaxOffset)
	for _, e := range []sidecar.Entry{
		{Type: sidecar.TypeFile, Offset: max48, HeaderLen: layout.MaxMember, ContentLen: max48,
			PadLen: layout.MaxMember, Size: max48, ModTime: layout.MaxTime,
			Mode: 0o7777, Coding: coding.Segmented, Sniff: 22 | 0x80, Hash: 1<<64 - 1, CRC: 1<<32 - 1},
		{Type: sidecar.TypeFile, ModTime: layout.MinTime},
		{Type: sidecar.TypeFile, ModTime: -1, Coding: coding.Stored},
		{Type: sidecar.TypeDir, End: 1<<32 - 1},
		{Type: sidecar.TypeSymlink, Size: layout.MaxPath},
		{Type: sidecar.TypeHardlink, Target: 1<<32 - 1, Duplicate: true, Size: max48, Hash: 5, Sniff: 2},
		{Type: sidecar.TypeChar, DevMajor: layout.MaxDevice, DevMinor: 1},
		{Type: sidecar.TypeBlock, DevMajor: 1, DevMinor: layout.MaxDevice},
		{Type: sidecar.TypeFIFO, Mode: 1},
	} {
		b := bytes.Repeat([]byte{0xaa}, layout.RecordSize)
		r := layout.AsRecord(b)
		putRecord(r, &e, max48)
		got := sidecar.Entry{
			Offset: r.Offset(), HeaderLen: r.HeaderLen(), Size: r.Size(), PadLen: r.PadLen(),
			Sniff: sidecar.Sniff(r.Sniff()), Hash: r.Hash(), ModTime: r.ModTime(), Mode: r.Mode(),
			Type: sidecar.Type(r.Type()), Coding: coding.Coding(r.Coding()), Duplicate: r.Duplicate(),
		}
		wide, narrow := r.Wide(), r.Narrow()
		switch e.Type {
		case sidecar.TypeFile:
			got.ContentLen, got.CRC = wide, narrow
			wide, narrow = 0, 0
		case sidecar.TypeDir:
			got.End, narrow = narrow, 0
		case sidecar.TypeSymlink:
			wide -= max48
		case sidecar.TypeHardlink:
			got.Target, narrow = narrow, 0
		case sidecar.TypeChar, sidecar.TypeBlock:
			got.DevMajor, got.DevMinor = layout.SplitDevice(wide)
			wide = 0
		}
		if got != e || wide != 0 || narrow != 0 || !r.ReservedZero() {
			t.Errorf("%+v becomes %+v, with %d and %d left", e, got, wide, narrow)
		}
	}
}
