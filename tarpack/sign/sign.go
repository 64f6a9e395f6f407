// Package sign signs archives and shard sets: it writes NAME.sum, a text with checksums, and its
// minisign signature NAME.sum.minisig (FORMAT.md 6).
//
// What is signed was checked before as by tarpack.Verify: a signature of an archive that
// contradicts its own index would be refused by every reader.
package sign

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
	"github.com/tarpack/tpk/tarpack/signature"
)

// Options are the options of Sign. The zero value is usable.
type Options struct {
	Time    time.Time // of the signature; zero: now
	Workers int       // decompressing goroutines; 0 means one for each CPU
	TempDir string    // for the index to compare with; "" means the system's
	// Progress, if set, is called after each entry, always from the same goroutine.
	Progress func(format.Progress)
}

// Result describes a signature.
type Result struct {
	Sum       string // name of the text with the checksums
	Signature string // name of its signature
	Entries   uint64
	Bytes     int64 // of the archive
}

// ErrDevice: an archive on a device has no files beside it.
var ErrDevice = errors.New("an archive on a device can't be signed")

// Sign signs the archive or the shard set of this name, which may be any that tarpack.Open takes.
// It reads all of it, and compares it with its index, which must be there. Both files are written
// completely before they replace earlier ones. While Sign runs, no other writer can change the
// archive.
//
// The error wraps sidecar.ErrNoSums if the index has no SHA-256 sums, format.ErrCorrupt if the
// archive is not in order, format.ErrStale if the index is not, or format.ErrPart for a shard of a
// set, which has no signature of its own.
func Sign(ctx context.Context, name string, key signature.SecretKey, o Options) (Result, error) {
	set, isSet, err := shardset.ToEdit(ctx, name)
	if err != nil && !errors.Is(err, format.ErrNoSet) { // one that only looks like a shard is signed
		return Result{}, err
	}
	s := &signer{name: name, key: key, o: o}
	lockName := ""
	if isSet {
		s.name, s.set, lockName = set.List(), &set, set.Working()
	} else {
		if real, err := filepath.EvalSymlinks(name); err == nil {
			s.name = real
		}
		lockName = s.name
	}
	if err := s.prepare(); err != nil {
		return Result{}, err
	}
	unlock, err := lock(lockName)
	if err != nil {
		return Result{}, err
	}
	res, err := s.run(ctx)
	return res, errors.Join(err, unlock())
}

// lock takes the lock of the writers of an archive. A note in the locked file stays (FORMAT.md
// 1.5).
func lock(name string) (unlock func() error, err error) {
	f, held, err := durable.LockedTemp(name)
	if err != nil {
		return nil, err
	}
	return func() error {
		var removed error
		if fi, err := f.Stat(); err == nil && fi.Size() == 0 {
			removed = os.Remove(f.Name())
		}
		return errors.Join(removed, f.Close(), held.Close())
	}, nil
}

// A signer is one run of Sign.
type signer struct {
	name string          // of the archive, with symbolic links resolved, or of the list
	set  *format.SetName // nil for an archive
	key  signature.SecretKey
	o    Options
	a    *tarpack.Archive
	sum  signature.Sum
}

// files returns the names of the archives that are signed.
func (s *signer) files() []string {
	if s.set == nil {
		return []string{s.name}
	}
	names := make([]string, s.set.N)
	for i := range names {
		names[i] = s.set.Shard(i)
	}
	return names
}

// prepare checks what must be so before the lock can be taken.
func (s *signer) prepare() error {
	for _, name := range s.files() {
		if err := signature.CheckName(filepath.Base(name)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	fi, err := os.Stat(s.name)
	if err == nil && fi.Mode()&os.ModeDevice != 0 {
		err = fmt.Errorf("%s: %w", s.name, ErrDevice)
	}
	return err
}

func (s *signer) run(ctx context.Context) (res Result, err error) {
	before, err := s.stat()
	if err != nil {
		return res, err
	}
	if s.a, err = tarpack.Open(ctx, s.name, &tarpack.OpenOptions{RequireSidecar: true}); err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, s.a.Close()) }()
	if !s.a.Index().HasSHA256() {
		return res, fmt.Errorf("%s: %w", s.name, sidecar.ErrNoSums)
	}
	if s.a.Unfinished() > 0 {
		return res, fmt.Errorf("%s: %w", s.name, format.ErrUnfinished)
	}
	if err := s.checkBeside(); err != nil {
		return res, err
	}
	s.sum.Size = s.a.Size()
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.check(gctx) })
	g.Go(func() error { return s.hash(gctx) })
	if err := g.Wait(); err != nil {
		return res, err
	}
	after, err := s.stat()
	if err != nil {
		return res, err
	}
	for i := range before {
		if !os.SameFile(before[i], after[i]) || before[i].Size() != after[i].Size() ||
			!before[i].ModTime().Equal(after[i].ModTime()) {
			return res, fmt.Errorf("%s: %w", s.files()[i], format.ErrChanged)
		}
	}
	res = Result{Sum: s.name + signature.SumSuffix, Signature: s.name + signature.SignatureSuffix,
		Entries: uint64(s.a.Index().Len()), Bytes: s.a.Size()}
	return res, s.write(before[0].Mode().Perm())
}

// checkBeside refuses a sidecar that is not used because the archive has an index in itself that
// belongs to it. What is signed would come with a sidecar that is refused.
func (s *signer) checkBeside() error {
	side := s.name + format.SidecarSuffix
	if !s.a.IndexEmbedded() {
		return nil
	}
	_, err := os.Stat(side)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = fmt.Errorf("%s: %s: %w", s.name, side, format.ErrStale)
	}
	return err
}

func (s *signer) stat() ([]os.FileInfo, error) {
	var infos []os.FileInfo
	for _, name := range s.files() {
		fi, err := osfile.Stat(name)
		if err != nil {
			return nil, err
		}
		infos = append(infos, fi)
	}
	return infos, nil
}

// hash computes the SHA-256 of each file.
func (s *signer) hash(ctx context.Context) error {
	off, part := int64(0), s.a.Size()
	for i, name := range s.files() {
		if s.set != nil {
			part = s.a.ShardSize(i)
		}
		sum, err := tarpack.HashRange(ctx, s.a.Source(), off, part)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		s.sum.Files = append(s.sum.Files, signature.File{Name: filepath.Base(name), SHA256: sum})
		off += part
	}
	return nil
}

// check builds the index again, and compares it with the sidecar. The header has the SHA-256 of
// everything else.
func (s *signer) check(ctx context.Context) error {
	header, err := headerOf(s.a.Index())
	if err != nil && s.a.IndexEmbedded() {
		err = format.NewEmbeddedError(err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	if s.set == nil {
		err := s.compare(header, s.name, func(f *os.File) error {
			built, err := scan.BuildIndex(ctx, s.a.Source(), s.a.Size(), f, s.scan())
			if err == nil {
				err = s.compareInside(f, built.SidecarBytes)
			}
			return err
		})
		s.sum.Index = sha256.Sum256(header)
		return err
	}
	off, done := int64(0), format.Progress{}
	for i, name := range s.files() {
		n := s.a.ShardSize(i)
		if err := s.checkShard(ctx, name, off, n, &done); err != nil {
			return err
		}
		off += n
	}
	err = s.compare(header, s.name, func(f *os.File) error {
		_, _, err := shardset.Join(ctx, *s.set, f, s.scan())
		return err
	})
	s.sum.Index = sha256.Sum256(header)
	list, ok := s.a.Source().(*shardset.File)
	if err == nil && !ok {
		err = fmt.Errorf("%s: %w", s.name, format.ErrShard)
	}
	if err == nil {
		s.sum.List = sha256.Sum256(list.List().Append(nil))
	}
	return err
}

// checkShard is check for a shard, n bytes from off on. done is the progress of earlier shards.
func (s *signer) checkShard(ctx context.Context, name string, off, n int64,
	done *format.Progress) error {
	x, err := indexed.Open(ctx, name, &indexed.Options{RequireSidecar: true})
	if err != nil {
		return err
	}
	defer x.Close()
	header, err := headerOf(x.Index)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	o, before := s.scan(), *done
	o.Progress = func(p format.Progress) {
		done.Entries, done.Bytes = before.Entries+p.Entries, before.Bytes+p.Bytes
		if s.o.Progress != nil {
			s.o.Progress(*done)
		}
	}
	return s.compare(header, name, func(f *os.File) error {
		_, err := scan.BuildIndex(ctx, io.NewSectionReader(s.a.Source(), off, n), n, f, o)
		return err
	})
}

// compare compares the header of the sidecar of name with that of the index that build writes.
func (s *signer) compare(header []byte, name string, build func(*os.File) error) error {
	f, err := durable.ScratchFile(s.o.TempDir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := build(f); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	made := make([]byte, len(header))
	if _, err := f.ReadAt(made, 0); err != nil {
		return err
	}
	if !bytes.Equal(made, header) {
		return fmt.Errorf("%s: %w", name, format.ErrStale)
	}
	return nil
}

// compareInside compares the index that the archive has in itself with the one that it gives, of
// size bytes. It is signed as part of the archive, also where a sidecar is preferred.
func (s *signer) compareInside(made io.ReaderAt, size int64) error {
	e, err := s.a.Embedded()
	if errors.Is(err, format.ErrNoSidecar) {
		return nil
	}
	at := int64(-1)
	if err == nil {
		at, err = format.CompareEmbedded(s.a.Source(), e, made, size, s.a.Trailer())
	}
	if err == nil && at >= 0 {
		err = format.NewEmbeddedError(fmt.Errorf("byte %d is not what the archive gives", at))
	}
	return err
}

func (s *signer) scan() scan.Options {
	return scan.Options{Workers: s.o.Workers, TempDir: s.o.TempDir, Progress: s.o.Progress}
}

// headerOf returns the header of a sidecar, of which the rest is as the header states.
func headerOf(x *sidecar.Index) ([]byte, error) {
	if err := x.Verify(); err != nil {
		return nil, err
	}
	b := make([]byte, len(sidecar.Header{}))
	_, err := x.ReadAt(b, 0)
	return b, err
}
