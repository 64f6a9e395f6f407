package patch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
)

// Options are the options of Make. The zero value is usable.
type Options struct {
	// Out is the name of the patch; "" means Name, beside the new archive. Only a patch is replaced.
	Out     string
	Workers int // goroutines that build a missing index; 0 means one for each CPU

	// Notice, if set, is called with the notices of opening an archive.
	Notice func(error)
	// Progress, if set, is called with the bytes of the new archive that were looked at, and all of
	// them.
	Progress func(done, total int64)
}

// Result describes a patch that was made. Its bytes of the new archive add up to ArchiveBytes.
type Result struct {
	Name         string // of the patch
	Bytes        int64  // of the patch
	ArchiveBytes int64  // of the new archive
	Copied       int64  // bytes that the old archive has
	Recompressed int64  // bytes that are made by the encoder
	Raw          int64  // bytes that travel as they are
}

// Make writes a patch that makes the archive newName of the older one oldName. Both must be single
// archives, not shard sets. The file gets its name when it is complete.
//
// After an error the Result has only the name, if the patch was begun. The error wraps ErrSame if
// both are the same archive, ErrTarget or format.ErrNotRegular if the patch can't have its name,
// format.ErrLocked if another process writes it, or is one of opening an archive.
func Make(ctx context.Context, oldName, newName string, o Options) (res Result, err error) {
	var archives [2]*indexed.File
	for k, name := range []string{oldName, newName} {
		x, err := open(ctx, name, &o)
		if err != nil {
			return res, err
		}
		defer x.Close() // read only
		archives[k] = x
	}
	m := &maker{old: archives[0], new: archives[1], progress: o.Progress}
	if m.old.Trailer.Digest == m.new.Trailer.Digest {
		if same, err := sameBytes(ctx, m.old, m.new); err != nil || same {
			return res, cmp.Or(err, fmt.Errorf("%s: %w", newName, ErrSame))
		}
	}
	if m.progress == nil {
		m.progress = func(int64, int64) {}
	}
	m.res.Name = cmp.Or(o.Out, Name(newName, m.old.Trailer.Digest))
	err = m.write(ctx)
	return m.res, err
}

// open opens an archive with a sound index.
func open(ctx context.Context, name string, o *Options) (*indexed.File, error) {
	opt := &indexed.Options{Workers: o.Workers, Notice: o.Notice}
	x, err := indexed.Open(ctx, name, opt)
	if err != nil {
		return nil, err
	}
	if fi, err := x.OSFile.Stat(); err != nil || !fi.Mode().IsRegular() {
		return nil, errors.Join(cmp.Or(err, fmt.Errorf("%s: %w", name, format.ErrNotRegular)), x.Close())
	}
	if x.Trailer.IsShard() {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, format.ErrPart), x.Close())
	}
	if err := x.MakeSound(ctx, opt, x.BuildIndex); err != nil {
		return nil, errors.Join(err, x.Close())
	}
	return x, nil
}

func sameBytes(ctx context.Context, a, b *indexed.File) (bool, error) {
	if a.Size != b.Size {
		return false, nil
	}
	x, errA := tarpack.HashRange(ctx, a.OSFile, 0, a.Size)
	y, errB := tarpack.HashRange(ctx, b.OSFile, 0, b.Size)
	return x == y, errors.Join(errA, errB)
}

// write writes the patch to a temporary file, and gives it its name.
func (m *maker) write(ctx context.Context) (err error) {
	name := m.res.Name
	if err := format.CheckFile(name); err != nil { // before Windows cuts off its end
		return err
	}
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	if err := durable.CheckName(name); err != nil {
		return err
	}
	if err := checkTarget(name, m.old, m.new); err != nil {
		return err
	}
	f, lock, err := durable.LockedTemp(name)
	if err != nil {
		return err
	}
	temp := f.Name()
	defer func() {
		f.Close() // is closed already if all went well
		if err != nil {
			err = errors.Join(err, os.Remove(temp))
		}
		err = errors.Join(err, lock.Close())
	}()
	if err := errors.Join(f.Truncate(0), durable.Inherit(f, m.new.OSFile)); err != nil {
		return err
	}
	if err := m.make(ctx, f); err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := osfile.Rename(temp, name); err != nil {
		return err
	}
	return durable.SyncDir(filepath.Dir(name))
}

// make writes the patch to an empty file.
func (m *maker) make(ctx context.Context, f *os.File) error {
	sum, err := tarpack.HashRange(ctx, m.new.OSFile, 0, m.new.Size)
	if err != nil {
		return err
	}
	if err := m.prepare(ctx); err != nil {
		return err
	}
	if _, err := f.Seek(HeaderSize, io.SeekStart); err != nil {
		return err
	}
	m.out = &chunkWriter{w: f, old: m.old.OSFile, pos: HeaderSize}
	if err := m.run(ctx); err != nil {
		return err
	}
	h := Header{
		Encoder: encoderNumber, Level: uint8(m.level), SHA256: sum, Chunks: m.out.chunks,
		OldDigest: m.old.Trailer.Digest, OldSize: m.old.Size,
		NewDigest: m.new.Trailer.Digest, NewSize: m.new.Size,
	}
	_, err = f.WriteAt(h.append(nil, m.out.pos), 0)
	m.res.Bytes, m.res.ArchiveBytes = m.out.pos, m.new.Size
	return err
}
