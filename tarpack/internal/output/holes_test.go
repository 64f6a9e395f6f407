package output

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/tarpack/tpk/internal/filetest"
)

// TestCopyWithHoles: what is copied is the same, and zeros take no room.
func TestCopyWithHoles(t *testing.T) {
	zeros, text := make([]byte, 5<<20), bytes.Repeat([]byte("text "), 50_000)
	for name, content := range map[string][]byte{
		"nothing": nil, "text": text, "zeros": zeros, "one zero": {0},
		"zeros at the end":       append(slices.Clone(text), zeros...),
		"zeros at the beginning": append(slices.Clone(zeros), text...), "a block": zeros[:holeSize],
		"a block and one": append(make([]byte, holeSize), 'x'),
		"between":         slices.Concat(text, zeros, text, zeros[:holeSize], text),
	} {
		file := filepath.Join(t.TempDir(), "f")
		f, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := CopyWithHoles(f, bytes.NewReader(content), int64(len(content))); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
		fi, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		if n := filetest.OnDisk(fi); name == "zeros" && n > 8<<10 && runtime.GOOS != "windows" {
			t.Errorf("%d bytes on the disk for zeros", n)
		}
		if err := CopyWithHoles(f, bytes.NewReader(content), int64(len(content))+1); err != io.EOF {
			t.Errorf("%s: an input that is too short: %v", name, err)
		}
	}
}
