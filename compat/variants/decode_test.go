package variants

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	codings "github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack"
)

// TestDecoders decodes variants with the programs of brotli and Zstandard, which have the libraries
// of browsers. The dictionary is given to zstd as it is.
func TestDecoders(t *testing.T) {
	archive := site(t, 40)
	r := fixture.Run(t, "variants", "-q", "--br", "--dcz", "--zstd", archive)
	if r.Code != 0 {
		t.Fatal(r)
	}
	a, err := tarpack.Open(t.Context(), archive, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	x, err := codings.Open(archive+".tpv", codings.Of(a.Index()))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if len(x.Dictionaries()) != 1 {
		t.Fatalf("%d dictionaries", len(x.Dictionaries()))
	}
	dictionary := filepath.Join(tools.Dir(t), "dictionary")
	if err := os.WriteFile(dictionary, x.Dictionaries()[0].Bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	programs := map[codings.Coding][]string{
		codings.Brotli:         {"brotli", "-dc"},
		codings.Zstd:           {"zstd", "-dcq", "--memory=8MB"},
		codings.DictionaryZstd: {"zstd", "-dcq", "--memory=8MB", "-D", dictionary},
	}
	decoded := map[codings.Coding]int{}
	for i := range a.Index().Len() {
		set, err := x.Find(i)
		if err != nil {
			t.Fatal(err)
		}
		if set.Empty() {
			continue
		}
		content, err := a.AppendContent(nil, i)
		if err != nil {
			t.Fatal(err)
		}
		for c, program := range programs {
			v, ok := set.Get(c)
			if !ok {
				continue
			}
			b, err := x.Append(nil, v)
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(tools.Path(t, program[0]), program[1:]...)
			cmd.Stdin = bytes.NewReader(b) // zstd skips the header of dcz, a frame to be skipped
			if !bytes.Equal(tools.Must(t, cmd), content) {
				t.Errorf("entry %d: %v decodes to something else", i, c)
			}
			decoded[c]++
		}
	}
	if decoded[codings.Brotli] != 41 || decoded[codings.DictionaryZstd] != 40 ||
		decoded[codings.Zstd] == 0 {
		t.Errorf("%v variants", decoded)
	}
	brotli := exec.Command(tools.Path(t, "brotli"), "-dc")
	brotli.Stdin = bytes.NewReader(x.Dictionaries()[0].Brotli)
	if !bytes.Equal(tools.Must(t, brotli), x.Dictionaries()[0].Bytes) {
		t.Error("the dictionary in brotli is another")
	}
}
