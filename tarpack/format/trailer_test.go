package format

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tarpack/tpk/sidecar"
)

// TestTrailerFeatures: every bit is known, or refused by its name.
func TestTrailerFeatures(t *testing.T) {
	for bit := range 16 {
		name := fmt.Sprintf("bit %d of its", bit)
		for _, c := range []struct {
			features    sidecar.Features
			read, write bool
		}{
			{sidecar.Features{Required: sidecar.Final | 1<<bit}, bit == 0, bit == 0},
			{sidecar.Features{Required: sidecar.Final, Optional: 1 << bit}, true, bit == 0 || bit == 2},
		} {
			want := Trailer{Entries: 5, Offset: 7, Digest: 9, Features: c.features}
			b := want.Append(make([]byte, 7))
			got, err := ReadTrailer(bytes.NewReader(b), int64(len(b)))
			if got != want || (err == nil) != c.read ||
				err != nil && (!errors.Is(err, ErrVersion) || !strings.Contains(err.Error(), name)) {
				t.Errorf("%+v: %+v, %v", c.features, got, err)
			}
			err = got.CheckWrite()
			if (err == nil) != c.write ||
				err != nil && (!errors.Is(err, ErrVersion) || !strings.Contains(err.Error(), name)) {
				t.Errorf("%+v: CheckWrite: %v", c.features, err)
			}
			if got.HasSHA256() != (c.features.Optional == 4) {
				t.Errorf("%+v: HasSHA256 %v", c.features, got.HasSHA256())
			}
			if got.IsShard() != (c.features.Optional == 1) {
				t.Errorf("%+v: IsShard %v", c.features, got.IsShard())
			}
		}
	}
	draft := Trailer{Offset: 0}
	b := draft.Append(nil)
	got, err := ReadTrailer(bytes.NewReader(b), EndSize)
	if !errors.Is(err, ErrDraft) || got != draft {
		t.Errorf("a draft: %+v, %v", got, err)
	}
	if err := draft.CheckWrite(); !errors.Is(err, ErrDraft) {
		t.Errorf("a draft: CheckWrite: %v", err)
	}
}
