//go:build nightly

package readers

import (
	"archive/zip"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
)

// TestHugeZip exports a file of 4.2 GiB that does not compress, and 70,000 small files: more
// entries than 16 bits can count, and offsets beyond 32 bits. It takes 13 GB of disk.
func TestHugeZip(t *testing.T) {
	before := tools.Timeout
	tools.Timeout = 20 * time.Minute
	defer func() { tools.Timeout = before }()
	const small, megabytes = 70_000, 4300
	dir := tools.Dir(t)
	tree := filepath.Join(dir, "tree")
	if err := os.MkdirAll(filepath.Join(tree, "small"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeNoise(t, filepath.Join(tree, "big"), megabytes)
	for i := range small {
		name := filepath.Join(tree, "small", fmt.Sprint(i))
		if err := os.WriteFile(name, fmt.Appendf(nil, "file %d, file %d, file %d", i, i, i),
			0o644); err != nil {
			t.Fatal(err)
		}
	}
	archive := filepath.Join(dir, "out.tar.gz")
	fixture.Pack(t, tree, archive)
	if err := os.RemoveAll(tree); err != nil { // to free the disk
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out.zip")
	if r := fixture.Run(t, "export", archive, out); r.Code != 0 {
		t.Fatal(r)
	}
	z, err := zip.OpenReader(out)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if n := len(z.File); n != small+2 {
		t.Errorf("%d entries", n)
	}
	for _, c := range zipTesters {
		t.Run(c.name, func(t *testing.T) {
			if r := tools.Run(t, c.command(t, out)); r.Code != 0 {
				t.Errorf("exit %d: %.2000s", r.Code, r.Err)
			}
		})
	}
	t.Run("unzip -p", func(t *testing.T) {
		r := tools.Run(t, exec.Command(tools.Path(t, "unzip"), "-p", out, "small/69999"))
		if r.Code != 0 || string(r.Out) != "file 69999, file 69999, file 69999" {
			t.Error(r)
		}
	})
}

// writeNoise writes a file of some MiB that do not compress.
func writeNoise(t *testing.T, name string, megabytes int) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 1<<20)
	r := rand.NewChaCha8([32]byte{})
	_, _ = r.Read(b)
	for i := range megabytes {
		copy(b, bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 512)) // makes the MiB differ
		if _, err := f.Write(b); err != nil {
			t.Fatal(err)
		}
	}
}
