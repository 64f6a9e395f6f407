package packing

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/containerd/stargz-snapshotter/estargz"

	"github.com/tarpack/tpk/compat/bench/measure"
	"github.com/tarpack/tpk/compat/bench/trees"
)

// sizes measures what the size of an archive is compared with: gzip -9 of each distinct file, an
// eStargz of the same entries, and both at the usual level of the other.
func sizes(b *measure.Bench, t trees.Tree) error {
	dir, err := b.Dir("sizes")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	total, err := gzipEach(t)
	if err != nil {
		return err
	}
	b.Results.Record("PackSize/tree="+t.Name, "gzip-9-each", measure.Value{Of: total, Unit: "B"})
	for _, level := range []string{"6", "9"} {
		archive := filepath.Join(dir, "level"+level+".tar.gz")
		tar, star := filepath.Join(dir, "same.tar"), filepath.Join(dir, "estargz"+level)
		for _, command := range [][]string{
			{b.Tpk, "pack", "--level", level, t.Dir, archive},
			// with tpk's hard links in place of equal files
			{"sh", "-c", `gzip -dc "$1" > "$2"`, "sh", archive, tar},
			b.Helper("estargz", level, tar, star),
		} {
			if err := measure.Run(command...); err != nil {
				return err
			}
		}
		for tool, name := range map[string]string{"tpk": archive, "estargz-same-links": star} {
			size, err := measure.Size(name)
			if err != nil {
				return err
			}
			b.Results.Record("PackSize/tree="+t.Name+"/level="+level, tool, size)
			b.Logf("  level %s, %-18s %s", level, tool, measure.Format(size))
		}
	}
	return b.Results.Save()
}

// gzipEach returns the number of bytes that gzip -9 makes of all distinct files of a tree, each on
// its own.
func gzipEach(t trees.Tree) (float64, error) {
	seen := map[[sha256.Size]byte]bool{}
	var names bytes.Buffer
	err := t.Each(func(path string, _ fs.DirEntry) error {
		name := filepath.Join(t.Dir, path)
		content, err := os.ReadFile(name)
		if err != nil || len(content) == 0 {
			return err
		}
		if sum := sha256.Sum256(content); !seen[sum] {
			seen[sum] = true
			names.WriteString(name)
			names.WriteByte(0)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	cmd := exec.Command("xargs", "-0", "-n", "500", "-P", fmt.Sprint(runtime.NumCPU()), "sh", "-c",
		`gzip -9nc "$@" | wc -c`, "sh")
	cmd.Stdin = &names
	out, err := cmd.Output()
	if err != nil {
		return 0, err
	}
	total := 0.0
	for _, n := range strings.Fields(string(out)) {
		x, err := strconv.ParseFloat(n, 64)
		if err != nil {
			return 0, err
		}
		total += x
	}
	return total, nil
}

// Estargz is the helper that makes an eStargz from a tar: LEVEL TAR OUT.
func Estargz(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("estargz: LEVEL TAR OUT")
	}
	level, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	in, err := os.Open(args[1])
	if err != nil {
		return err
	}
	defer in.Close()
	fi, err := in.Stat()
	if err != nil {
		return err
	}
	blob, err := estargz.Build(io.NewSectionReader(in, 0, fi.Size()),
		estargz.WithCompressionLevel(level))
	if err != nil {
		return err
	}
	defer blob.Close()
	out, err := os.Create(args[2])
	if err != nil {
		return err
	}
	defer out.Close()
	if _, err := out.ReadFrom(blob); err != nil {
		return err
	}
	return out.Close()
}
