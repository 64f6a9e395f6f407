package patch_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/patch"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

// prose returns n bytes of words, which deflate compresses about as well as a language.
func prose(seed byte, n int) []byte {
	r := rand.New(rand.NewChaCha8([32]byte{seed}))
	var words [][]byte
	for range 600 {
		w := make([]byte, 2+r.IntN(9))
		for i := range w {
			w[i] = "etaoinshrdlucmfw"[r.IntN(16)*r.IntN(16)/15%16]
		}
		words = append(words, w)
	}
	var b []byte
	for len(b) < n {
		b = append(append(b, words[r.IntN(600)*r.IntN(600)/600]...), " \n.,<"[max(0, r.IntN(25)-20)])
	}
	return b[:n]
}

// The encoder makes the bytes that it made when it got its number. If this fails as a library or Go
// has changed, encoderNumber and the name of the file must change: patches of the number before
// then get from the server what it had made.
func TestEncoder(t *testing.T) {
	contents := map[string][]byte{
		"tiny": []byte("hello, world\n"), "text": []byte(tartest.Text("t", 5000)),
		"noise": []byte(tartest.Noise("n", 9000)), "zeros": make([]byte, 40_000),
		"prose": prose(1, 60_000), "long": prose(2, 300<<10),
		"mixed": slices.Concat(prose(3, 100_000), []byte(tartest.Noise("m", 80_000)),
			prose(4, 100_000)),
		"header": tartest.Blocks(tartest.FileHeader("a/file", 77), tartest.DirHeader("b")),
	}
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(contents)) {
		for level := 1; level <= 9; level++ {
			all, err := patch.Encoded(level, contents[name])
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range slices.Sorted(maps.Keys(all)) {
				fmt.Fprintf(&b, "%s %d %s %d %016x\n", name, level, step, len(all[step]),
					xxhash.Sum64(all[step]))
			}
		}
	}
	name := filepath.Join("testdata", fmt.Sprintf("encoder-%d.txt", patch.EncoderNumber))
	if *update {
		tartest.WriteFile(t, name, b.Bytes())
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	got := bytes.Split(b.Bytes(), []byte("\n"))
	for k, line := range bytes.Split(want, []byte("\n")) {
		if k >= len(got) || !bytes.Equal(got[k], line) {
			t.Fatalf("the encoder has changed: line %d is not %s: a new encoderNumber is needed", k+1, line)
		}
	}
}
