package sign

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/signature"
)

// ErrHalf: the checksums have their name, but not their signature. Readers refuse that.
var ErrHalf = errors.New("the new checksums are in their place, but not their signature")

// write writes the checksums and their signature. Both are durable before the first gets its name.
// A crash between the two renames leaves a signature of other checksums, which every reader
// refuses, unless both have signed the same.
func (s *signer) write(perm os.FileMode) (err error) {
	at := s.o.Time
	if at.IsZero() {
		at = time.Now()
	}
	sum := s.name + signature.SumSuffix
	text := s.sum.Append(nil)
	signed, err := s.key.Sign(text, sum, at)
	if err != nil {
		return err
	}
	temps := []string{}
	defer func() {
		for _, t := range temps {
			if e := os.Remove(t); e != nil && !errors.Is(e, os.ErrNotExist) {
				err = errors.Join(err, e)
			}
		}
	}()
	names := []string{sum, s.name + signature.SignatureSuffix}
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
		if err := os.Rename(temps[0], name); err != nil {
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
