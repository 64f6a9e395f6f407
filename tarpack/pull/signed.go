package pull

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/sign"
	"github.com/tarpack/tpk/tarpack/signature"
)

// copySigned writes what was signed, and its signature, beside the new archive, unless that has
// another name than the one that was signed.
func (j *job) copySigned(name string) error {
	signed := j.from.Signed()
	if signed == nil || signed.Files[0].Name != filepath.Base(name) {
		return nil
	}
	fi, err := os.Stat(name)
	if err != nil {
		return err
	}
	return sign.Copy(signed, name, fi.Mode().Perm())
}

// findStale returns the names of checksums, and of their signature, that lie beside the archive and
// are not those of the new one. Other files of these names are not among them.
func (j *job) findStale(ctx context.Context, out *durable.Output) (list []string, err error) {
	f, err := osfile.OpenFile(out.Name+signature.SumSuffix, os.O_RDONLY|osfile.Nonblock, 0)
	if err != nil { // none that could be checksums that a Pull has written
		return nil, nil
	}
	defer f.Close() // read only
	text, err := io.ReadAll(io.LimitReader(f, signature.MaxArchiveSum))
	if err != nil {
		return nil, nil
	}
	had, err := signature.Parse(text)
	if err != nil {
		return nil, nil
	}
	if len(had.Files) == 1 && had.Size == j.from.Size() {
		sum, err := tarpack.HashRange(ctx, out.Archive, 0, j.from.Size())
		if err != nil || sum == had.Files[0].SHA256 {
			return nil, err
		}
	}
	return []string{out.Name + signature.SignatureSuffix, out.Name + signature.SumSuffix}, nil
}

// removeStale removes what findStale found, once the archive is replaced.
func removeStale(list []string) error {
	var errs error
	for _, name := range list {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = errors.Join(errs, err)
		}
	}
	if errs != nil || len(list) == 0 {
		return errs
	}
	return durable.SyncDir(filepath.Dir(list[0]))
}
