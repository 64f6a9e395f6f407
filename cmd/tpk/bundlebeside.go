package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/tarpack/tpk/internal/regular"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/cache"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/text"
)

// filesBeside opens the files beside an archive that belong to it, by the suffixes of their names.
// left has a line for each that does not.
func filesBeside(a *cache.Archive) (files map[string]*os.File, left []string) {
	files = map[string]*os.File{}
	if a.Converted || remote.IsURL(a.Name()) {
		return files, nil
	}
	var s summary
	if err := s.findBeside(a); err != nil {
		return files, []string{err.Error()}
	}
	for suffix, b := range map[string]*besideFile{
		format.VariantsSuffix: s.Variants, text.Suffix: s.Text,
	} {
		if b == nil {
			continue
		}
		f, err := regular.Open(b.File)
		switch {
		case b.Error != "":
			left = append(left, fmt.Sprintf("%s: left out: %s", b.File, b.Error))
			closeAll(map[string]*os.File{"": f})
		case err != nil:
			left = append(left, fmt.Sprintf("%s: left out: %v", b.File, err))
		default:
			files[suffix] = f
		}
	}
	if err := addSignature(a, files); err != nil && !errors.Is(err, fs.ErrNotExist) {
		left = append(left, fmt.Sprintf("%s: left out: %v", a.Name()+signature.SumSuffix, err))
	}
	return files, left
}

// addSignature adds the signature of an archive to files, if there is one.
func addSignature(a *cache.Archive, files map[string]*os.File) error {
	sum, err := regular.Open(a.Name() + signature.SumSuffix)
	if err != nil {
		return err
	}
	signed, err := regular.Open(a.Name() + signature.SignatureSuffix)
	if err != nil {
		return errors.Join(err, sum.Close())
	}
	if err := isSumOf(a, sum); err != nil {
		return errors.Join(err, sum.Close(), signed.Close())
	}
	files[signature.SumSuffix], files[signature.SignatureSuffix] = sum, signed
	return nil
}

// errOtherSum: the checksums are those of an earlier state of the archive.
var errOtherSum = errors.New("it is the signature of another archive")

// isSumOf returns an error unless a file has the checksums of an archive.
func isSumOf(a *cache.Archive, f *os.File) error {
	b, err := io.ReadAll(io.NewSectionReader(f, 0, signature.MaxArchiveSum))
	if err != nil {
		return err
	}
	sum, err := signature.Parse(b)
	if err != nil {
		return err
	}
	var header sidecar.Header
	if _, err := a.Index().ReadAt(header[:], 0); err != nil {
		return err
	}
	if sum.Size != a.Size() || sha256.Sum256(header[:]) != sum.Index {
		return errOtherSum
	}
	return nil
}
