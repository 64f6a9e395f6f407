package sign

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/signature"
)

// ErrHalf: the checksums have their name, but not their signature. Readers refuse that.
var ErrHalf = errors.New("the new checksums are in their place, but not their signature")

// write signs the checksums, and writes them and their signature.
func (s *signer) write(perm os.FileMode) error {
	at := s.o.Time
	if at.IsZero() {
		at = time.Now()
	}
	text := s.sum.Append(nil)
	signed, err := s.key.Sign(text, s.name+signature.SumSuffix, at)
	if err != nil {
		return err
	}
	return writeFiles(s.name, text, signed, perm)
}

// Copy writes what was signed of an archive elsewhere, and its signature, beside a copy of that
// archive. The copy must have the name that was signed: Copy does not check that.
func Copy(s *signature.Signed, name string, perm os.FileMode) error {
	return writeFiles(name, s.Append(nil), s.Signature, perm)
}

// writeFiles writes the checksums of the archive name, and their signature. Both are durable before
// the first gets its name. A crash between the two renames leaves a signature of other checksums,
// which every reader refuses, unless both have signed the same.
func writeFiles(name string, text, signed []byte, perm os.FileMode) (err error) {
	sum := name + signature.SumSuffix
	temps := []string{}
	defer func() {
		for _, t := range temps {
			if e := os.Remove(t); e != nil && !errors.Is(e, os.ErrNotExist) {
				err = errors.Join(err, e)
			}
		}
	}()
	names := []string{sum, name + signature.SignatureSuffix}
	for i, content := range [][]byte{text, signed} {
		if fi, err := os.Lstat(names[i]); err == nil && fi.IsDir() {
			return fmt.Errorf("%s: %w", names[i], format.ErrNotRegular)
		}
		if err := durable.CheckName(names[i]); err != nil {
			return err
		}
		temp := format.TempName(names[i])
		f, err := durable.OpenTemp(temp)
		if err != nil {
			return err
		}
		temps = append(temps, temp)
		if err := fill(f, content, perm); err != nil {
			return err
		}
	}
	for i, name := range names {
		if err := osfile.Rename(temps[0], name); err != nil {
			if i > 0 {
				err = fmt.Errorf("%w: %w", ErrHalf, err)
			}
			return err
		}
		temps = temps[1:]
	}
	return durable.SyncDir(filepath.Dir(sum))
}

// fill writes the content of a new file, makes it durable, and closes it.
func fill(f *os.File, content []byte, perm os.FileMode) error {
	err := f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt(content, 0)
	}
	if err == nil {
		err = f.Chmod(perm)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
