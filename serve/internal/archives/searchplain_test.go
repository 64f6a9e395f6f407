package archives

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkSearchPlain searches as many plain files as a search looks at.
func BenchmarkSearchPlain(b *testing.B) {
	dir := b.TempDir()
	for i := range MaxPlain / 100 {
		sub := filepath.Join(dir, fmt.Sprintf("d%d", i%10), fmt.Sprintf("e%d", i))
		err := os.MkdirAll(sub, 0o755)
		for k := range 99 {
			err = errors.Join(err, os.WriteFile(filepath.Join(sub,
				fmt.Sprintf("SomethingWithAName-%d.html", k)), nil, 0o644))
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	l, err := NewLibrary(Options{Fallback: dir})
	if err == nil {
		err = l.Load(b.Context(), nil)
	}
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	var v View
	if !l.View(&v) {
		b.Fatal("there is nothing")
	}
	defer v.Release()
	for b.Loop() {
		if got, err := v.Search("", "nothing-like-this", ListOptions{Limit: 500}); err != nil ||
			len(got.Items) > 0 {
			b.Fatal(got, err)
		}
	}
}
