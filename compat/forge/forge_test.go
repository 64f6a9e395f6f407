package forge

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"testing"
)

// TestMembers inflates forged members with compress/gzip.
func TestMembers(t *testing.T) {
	for n := range 2000 {
		inflated(t, Zeros(n, nil), make([]byte, n))
	}
	inflated(t, Zeros(5, []byte("Sx")), make([]byte, 5))
	for _, n := range []int{1, 65535, 65536, 200_000} {
		content := bytes.Repeat([]byte("x"), n)
		inflated(t, Member(content, nil), content)
		inflated(t, Stored(content), content)
	}
	if trailer := Trailer(1, 2, 3); len(trailer) != 64 {
		t.Errorf("T has %d bytes, want 64", len(trailer))
	}
}

func inflated(t *testing.T, member, want []byte) {
	t.Helper()
	r := bytes.NewReader(member)
	z, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	z.Multistream(false)
	if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, want) || r.Len() != 0 {
		t.Fatalf("%d bytes: got %d, %d left, %v", len(want), len(got), r.Len(), err)
	}
}

// TestCut divides a tar and puts it together again.
func TestCut(t *testing.T) {
	var raw bytes.Buffer
	w := tar.NewWriter(&raw)
	for _, h := range []tar.Header{
		{Name: "dir/", Typeflag: tar.TypeDir}, {Name: "dir/file", Size: 700},
		{Name: string(bytes.Repeat([]byte("n"), 200))},
		{Name: "l", Typeflag: tar.TypeSymlink, Linkname: "x"},
		{Name: "gnu", Size: 5, Format: tar.FormatGNU},
	} {
		h.Mode = 0o644
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		w.Write(make([]byte, h.Size))
	}
	w.Close()
	entries, err := Cut(raw.Bytes())
	if err != nil || len(entries) != 5 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	z, err := gzip.NewReader(bytes.NewReader(Archive(entries, 0)))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, raw.Bytes()) {
		t.Errorf("the members do not make the same tar (%v)", err)
	}
}
