package trees

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"
)

// text is the material of generated files: words of a small language, which deflate shrinks to a
// third.
var text = sync.OnceValue(func() []byte {
	const n = 16 << 20
	r := rand.New(rand.NewPCG(7, 7))
	words := make([]string, 4000)
	for i := range words {
		w := make([]byte, 2+r.IntN(9))
		for j := range w {
			w[j] = "etaoinshrdlucmfwypvbgkjqxz"[min(r.IntN(26), r.IntN(26))]
		}
		words[i] = string(w)
	}
	out := make([]byte, 0, n+16)
	for len(out) < n {
		// The first words are the most frequent, as in natural languages.
		out = append(out, words[min(r.IntN(len(words)), r.IntN(len(words)))]...)
		out = append(out, " \n,"[max(0, r.IntN(20)-17)])
	}
	return out[:n]
})

// smallFiles makes n files of 0 to 8 KiB of text, 1,000 in a directory. No two are equal, except
// empty ones.
func smallFiles(dir string, n int) error {
	var g errgroup.Group
	g.SetLimit(runtime.NumCPU())
	for d := range (n + 999) / 1000 {
		g.Go(func() error {
			sub := filepath.Join(dir, fmt.Sprintf("%03d", d/100), fmt.Sprintf("%03d", d))
			if err := os.MkdirAll(sub, 0o755); err != nil {
				return err
			}
			r := rand.New(rand.NewPCG(11, uint64(d)))
			for i := d * 1000; i < min(n, (d+1)*1000); i++ {
				size := r.IntN(8193)
				content := fmt.Appendf(nil, "item %07d\n", i)
				at := r.IntN(len(text()) - size)
				content = append(content, text()[at:at+size]...)[:size]
				if err := os.WriteFile(filepath.Join(sub, fmt.Sprintf("item-%07d.txt", i)), content,
					0o644); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// photos makes files of 1 to 8 MiB of noise, 50 in a directory.
func photos(dir string, total int64) error {
	r := rand.New(rand.NewPCG(13, 13))
	for i := 0; total > 0; i++ {
		sub := filepath.Join(dir, fmt.Sprintf("album-%02d", i/50))
		if err := os.MkdirAll(sub, 0o755); err != nil {
			return err
		}
		size := 1<<20 + r.Int64N(7<<20)
		if err := WriteFile(filepath.Join(sub, fmt.Sprintf("photo-%04d.jpg", i)), size,
			Noise); err != nil {
			return err
		}
		total -= size
	}
	return nil
}

// Kinds of content.
const (
	Text  = iota // about 3 : 1
	Noise        // does not compress
	Mixed        // a quarter text, a quarter noise, half a table that is mostly zeros
)

// WriteFile writes a file of generated content.
func WriteFile(name string, size int64, kind int) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], uint64(size))
	noise := rand.NewChaCha8(seed)
	block := make([]byte, 1<<20)
	for i := int64(0); size > 0; i++ {
		switch {
		case kind == Text, kind == Mixed && i%4 == 0:
			// Neighbours begin at different places, so that nothing repeats within deflate's
			// window.
			copy(block, text()[int(noise.Uint64()%uint64(len(text())-len(block))):])
		case kind == Noise, kind == Mixed && i%4 == 1:
			_, _ = noise.Read(block)
		default:
			clear(block)
			for j := 0; j < len(block); j += 512 {
				binary.LittleEndian.PutUint64(block[j:], noise.Uint64()>>40)
			}
		}
		n := min(size, int64(len(block)))
		if _, err := w.Write(block[:n]); err != nil {
			return err
		}
		size -= n
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}
