package patch

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/signature"
)

// ErrTarget means that a patch can't have its name: another file has it, or belongs there.
var ErrTarget = errors.New("a patch can't be written there")

// checkTarget returns an error that wraps ErrTarget unless a patch may be written to name, a file
// that is no symbolic link. Only an earlier patch is replaced. The names of what belongs to the
// archives are theirs, even if there is no such file yet.
func checkTarget(name string, archives ...*indexed.File) error {
	for _, x := range archives {
		real, err := filepath.EvalSymlinks(x.Name)
		if err != nil {
			return err
		}
		for _, suffix := range []string{
			"", format.SidecarSuffix, format.VariantsSuffix, signature.SumSuffix,
			signature.SignatureSuffix,
		} {
			if sameName(name, x.Name+suffix) || sameName(name, real+suffix) {
				return fmt.Errorf("%s: %w: the name is that of a file of the archive %s", name,
					ErrTarget, x.Name)
			}
		}
	}
	f, err := osfile.OpenFile(name, os.O_RDONLY|osfile.Nonblock, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close() // read only
	if fi, err := f.Stat(); err != nil {
		return err
	} else if !fi.Mode().IsRegular() {
		return fmt.Errorf("%s: %w", name, format.ErrNotRegular)
	}
	b := make([]byte, len(magic))
	n, err := io.ReadFull(f, b)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	if string(b[:n]) != magic {
		return fmt.Errorf("%s: %w: the file there is not a patch", name, ErrTarget)
	}
	return nil
}

// sameName reports whether two names are those of one entry of one directory.
func sameName(name, other string) bool {
	a, err1 := os.Stat(filepath.Dir(name))
	b, err2 := os.Stat(filepath.Dir(other))
	return err1 == nil && err2 == nil && os.SameFile(a, b) &&
		filepath.Base(name) == filepath.Base(other)
}
