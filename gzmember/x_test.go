package gzmember

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand"
	"testing"
)

func std(t *testing.T, m []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(m))
	if err != nil {
		t.Fatal(err)
	}
	r.Multistream(false)
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
func TestQuick(t *testing.T) {
	for n := 0; n < 2000; n++ {
		if b := std(t, AppendZeros(nil, n, nil)); len(b) != n || bytes.Count(b, []byte{0}) != n {
			t.Fatal(n)
		}
	}
	if n := len(AppendZeros(nil, 1024, make([]byte, 30))); n != 64 {
		t.Fatal(n)
	}
	rng := rand.New(rand.NewSource(1))
	e, _ := NewEncoder(6)
	for i := 0; i < 3000; i++ {
		b := make([]byte, rng.Intn(5000))
		k := 1 + rng.Intn(256)
		for j := range b {
			if rng.Intn(3) > 0 && j > 9 {
				b[j] = b[j-1-rng.Intn(9)]
			} else {
				b[j] = byte(rng.Intn(k))
			}
		}
		m := AppendTarHeader(nil, b)
		if !bytes.Equal(std(t, m), b) {
			t.Fatal(i)
		}
		o, u, err := Inflate(nil, m, len(b))
		if err != nil || u != len(m) || !bytes.Equal(o, b) {
			t.Fatal(err)
		}
		if len(b) > 0 {
			m, _ = e.AppendContent(nil, b)
			if !bytes.Equal(std(t, m), b) {
				t.Fatal(i)
			}
			var w bytes.Buffer
			s := NewStoredWriter(&w, int64(len(b)))
			s.Write(b)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(w.Bytes(), AppendStored(nil, b)) {
				t.Fatal()
			}
		}
	}
	fmt.Println("ok")
}
