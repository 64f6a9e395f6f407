package format

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/tarpack/tpk/sidecar"
)

// final are the features of an archive.
var final = sidecar.Features{Required: sidecar.Final}

// LastTrailer finds T wherever it lies in the steps in which a file is read, and nothing where T is
// damaged.
func TestLastTrailer(t *testing.T) {
	const step = 1 << 20
	for _, rest := range []int{
		1, EndSize, step - EndSize, step - EndSize/2, step - 1, step, step + 1,
		2*step - 1,
		SearchedBack - EndSize,
	} {
		for _, at := range []int{0, 1, 1000} {
			want := Trailer{Entries: 3, Offset: int64(at), Digest: 7, Features: final}
			b := append(make([]byte, at), want.Append(nil)...)
			b = append(b, make([]byte, rest)...)
			if got, ok := LastTrailer(bytes.NewReader(b), int64(len(b))); !ok || got != want {
				t.Errorf("%d bytes after a trailer at %d: %+v, %v", rest, at, got, ok)
			}
			b[at+EndSize-1] ^= 1
			if got, ok := LastTrailer(bytes.NewReader(b), int64(len(b))); ok {
				t.Errorf("%d bytes after a damaged trailer at %d: %+v", rest, at, got)
			}
		}
	}
}

// FirstTrailer finds T wherever it lies in what is read at once.
func TestFirstTrailer(t *testing.T) {
	ctx := context.Background()
	for _, at := range []int{
		1 << 20, 1<<20 - 1, 1<<20 - 63, 1<<20 - 64, 1<<20 - 65, 2<<20 - 100, 5000,
	} {
		b := append([]byte{0x1f, 0x8b}, make([]byte, 3<<20)...)
		copy(b[at:], Trailer{Offset: int64(at), Features: final}.Append(nil))
		size, err := FirstTrailer(ctx, bytes.NewReader(b), int64(len(b)))
		if err != nil || size != int64(at)+EndSize {
			t.Errorf("T at %d: %d, %v", at, size, err)
		}
	}
}

// Neither search stops at a T that was written for another offset, or at part of one. Only the
// forward search stops at a newer version.
func TestSearchesSkip(t *testing.T) {
	const at = 300
	whole := Trailer{Offset: at, Features: final}.Append(nil)
	elsewhere := Trailer{Offset: at + 1, Features: final}.Append(nil)
	draft := Trailer{Offset: at}.Append(nil)
	newer := bytes.Clone(whole)
	newer[len(trailerMark)] = Version + 1
	gzip := []byte{0x1f, 0x8b}
	for _, c := range []struct {
		name        string
		begin, t    []byte
		first, last bool
	}{
		{"T", gzip, whole, true, true},
		{"another offset", gzip, elsewhere, false, false},
		{"cut short", gzip, whole[:EndSize-1], false, false},
		{"newer", gzip, newer, true, false},
		{"a draft", gzip, draft, true, false},
		{"not gzip", []byte("PK"), whole, false, true},
	} {
		b := append(append(make([]byte, 0, 1000), c.begin...), make([]byte, at-2)...)
		b = append(b, c.t...)
		first, err := FirstTrailer(context.Background(), bytes.NewReader(b), int64(len(b)))
		if want := int64(at + EndSize); err != nil || (first == want) != c.first ||
			!c.first && first != -1 {
			t.Errorf("%s: first at %d, %v", c.name, first, err)
		}
		if _, ok := LastTrailer(bytes.NewReader(b), int64(len(b))); ok != c.last {
			t.Errorf("%s: last %v", c.name, ok)
		}
	}
	stopped, stop := context.WithCancel(context.Background())
	stop()
	_, err := FirstTrailer(stopped, bytes.NewReader(append(gzip, whole...)), 66)
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
