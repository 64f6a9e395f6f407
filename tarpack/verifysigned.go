package tarpack

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tarpack/tpk/internal/regular"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
	"github.com/tarpack/tpk/tarpack/signature"
)

// checkSigned compares the archive and the header of its sidecar with what was signed. Whatever
// differs is a problem. If the archive differs, it compares each entry; named is true if one of
// them differs.
func (v *verifier) checkSigned(ctx context.Context, s *signature.Signed) (named bool, err error) {
	differs := s.CheckSize(v.a.Size)
	if differs == nil {
		differs = compareFile(ctx, v.a.OSFile, v.a.Size, s.Files[0])
	}
	switch {
	case errors.Is(differs, signature.ErrRefused):
		v.report("", -1, differs)
	case differs != nil:
		return false, fmt.Errorf("%s: %w", v.a.Name, differs)
	}
	before := v.problems.Count
	for _, name := range v.a.SidecarNames() {
		err := compareHeader(name, s)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if errors.Is(err, signature.ErrRefused) {
			v.report("", -1, err)
		} else if err != nil {
			return false, err
		}
		break
	}
	if before == 0 || v.problems.Count > before {
		return false, nil
	}
	a, err := openUnsigned(ctx, v.a.Name, "", false, &OpenOptions{RequireSidecar: true})
	if err != nil {
		return false, nil // the checks without a signature name the reason
	}
	defer a.Close()
	if err := a.trust(s, &OpenOptions{}); err != nil {
		return false, nil
	}
	err = a.compareEntries(ctx, &v.problems)
	return v.problems.Count > before, err
}

// compareEntries compares the tar header and the content of each entry with what was signed.
func (a *Archive) compareEntries(ctx context.Context, problems *format.Problems) error {
	headers := a.HeaderChecker()
	for row, err := range a.index.All(0, a.index.Len()) {
		if errors.Is(err, sidecar.ErrSum) {
			problems.Add(&format.Problem{Offset: -1, Err: err})
			return nil
		}
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		if err = headers.Check(row.Ordinal, &row.Entry); err == nil {
			err = a.compareContent(&row)
		}
		if err != nil {
			problems.Add(&format.Problem{Path: string(row.Path), Offset: row.Entry.Offset, Err: err})
		}
	}
	return nil
}

// compareContent reads the content of a file.
func (a *Archive) compareContent(row *sidecar.Row) error {
	if row.Entry.Type != sidecar.TypeFile {
		return nil
	}
	r, err := a.OpenContent(row.Ordinal)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(io.Discard, r)
	return err
}

// compareFile returns an error that wraps signature.ErrChanged unless the n bytes of f have the
// SHA-256 of the file that was signed.
func compareFile(ctx context.Context, f *os.File, n int64, signed signature.File) error {
	sum, err := HashRange(ctx, f, 0, n)
	if err != nil {
		return err
	}
	return signed.Check(sum)
}

// compareHeader returns an error that wraps signature.ErrIndex unless the sidecar of this name has
// the header that was signed.
func compareHeader(name string, s *signature.Signed) error {
	f, err := regular.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	var header sidecar.Header
	if _, err := io.ReadFull(f, header[:]); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) &&
		err != io.EOF {
		return err
	}
	if got := sha256.Sum256(header[:]); got != s.Index {
		return fmt.Errorf("%s: %w: its header has the SHA-256 %x, not %x", name, signature.ErrIndex,
			got, s.Index)
	}
	return nil
}

// checkSignedSet compares the list, the shards and the header of the set's sidecar with what was
// signed, and reports what differs.
func checkSignedSet(ctx context.Context, name format.SetName, l *shardset.List, s *signature.Signed,
	report func(error)) error {
	if l != nil && sha256.Sum256(l.Append(nil)) != s.List {
		report(fmt.Errorf("%s: %w: it has other shards", name.List(), signature.ErrIndex))
	}
	err := compareHeader(name.List()+format.SidecarSuffix, s)
	if errors.Is(err, signature.ErrRefused) {
		report(err)
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for i := range name.N {
		err := compareShard(ctx, name.Shard(i), s.Files[i])
		if errors.Is(err, signature.ErrRefused) {
			report(err)
		} else if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// compareShard is compareFile for a shard.
func compareShard(ctx context.Context, name string, signed signature.File) error {
	f, err := regular.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err == nil {
		err = compareFile(ctx, f, fi.Size(), signed)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
