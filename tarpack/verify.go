package tarpack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/source"
)

// VerifyOptions are the options of Verify. The zero value is usable.
type VerifyOptions struct {
	Workers int    // decompressing goroutines; 0 means one for each CPU
	TempDir string // for the index to compare with; "" means the system's
	// Trust, if set, demands that the archive was signed, as in OpenOptions. A signature that is
	// refused is an error; what is not as it was signed is a problem. If entries are not, they are
	// named, and nothing else is checked.
	Trust *signature.Trust

	// Notice, if set, is called with format.ErrNoSidecar if there is no sidecar.
	Notice func(error)
	// Problem, if set, is called for each problem, always from the same goroutine.
	Problem func(*format.Problem)
	// Progress, if set, is called after each entry, always from the same goroutine. Hard links count
	// without their content, which is read once.
	Progress func(format.Progress)
}

// VerifyResult describes what was verified and what is wrong.
type VerifyResult struct {
	Entries  int64             // each right in itself; a directory in several shards counts once
	Bytes    int64             // of their content
	Problems []*format.Problem // the first MaxProblems
	Failed   int64             // number of all problems
}

// Verify checks every byte of an archive and its sidecar. It reads the archive from end to end and
// rebuilds the index, so it checks each tar header and member against FORMAT.md and each CRC-32
// against its content. The sidecar must equal the rebuilt one byte for byte, and T must name its
// digest. The name may be any that Open takes; for a set all of this holds for each shard and for
// the set.
//
// It cannot see changes of bits without a meaning: those left over at the end of a deflate stream,
// or other codes for the same content.
//
// After a problem it continues with the next entry that it finds. Problems are part of the result.
// If the sidecar is usable, they name each path that is affected. An error means that the archive
// cannot be read at all, or is not one. If there are problems and a writer has changed the archive
// meanwhile, the error wraps source.ErrChanged.
func Verify(ctx context.Context, name string, o VerifyOptions) (VerifyResult, error) {
	list, isSet, err := SetList(name)
	if err != nil {
		return VerifyResult{}, err
	}
	var signed *signature.Signed
	if o.Trust != nil {
		if signed, err = o.Trust.Open(cmp.Or(list, name)); err != nil {
			return VerifyResult{}, err
		}
	}
	if isSet {
		return verifySet(ctx, list, o, signed)
	}
	return verifyFile(ctx, name, o, signed, nil)
}

// verifyFile is Verify for an archive that is one file or device. signed may be nil. For a shard,
// set has what the shards before it have; otherwise it is nil.
func verifyFile(
	ctx context.Context, name string, o VerifyOptions, signed *signature.Signed, set *verifiedSet,
) (VerifyResult, error) {
	a, err := archivefile.OpenUnread(name)
	if err != nil {
		return VerifyResult{}, err
	}
	defer a.OSFile.Close()
	opened, err := a.OSFile.Stat()
	if err != nil {
		return VerifyResult{}, err
	}
	v := &verifier{a: a, o: o, set: set}
	v.newIndexer(false)
	v.problems.Each = o.Problem
	named := false
	if signed != nil {
		named, err = v.checkSigned(ctx, signed)
	}
	if err == nil && !named {
		err = v.run(ctx)
	}
	failed := v.problems.Count > 0 || errors.Is(err, fs.ErrNotExist) // of the sidecar, as well
	if failed && v.isChanged(opened) {
		err = fmt.Errorf("%s: %w", name, source.ErrChanged)
	}
	if set != nil && err == nil {
		err = set.addDamaged(ctx, name)
	}
	return VerifyResult{
		Entries: v.ix.Progress.Entries, Bytes: v.ix.Progress.Bytes, Problems: v.problems.First,
		Failed: v.problems.Count,
	}, errors.Join(err, v.close())
}

func (o *VerifyOptions) scan() scan.Options {
	return scan.Options{Workers: o.Workers, TempDir: o.TempDir, Progress: o.Progress}
}

// A verifier is one run of Verify.
type verifier struct {
	a        *archivefile.File
	o        VerifyOptions
	ix       *scan.Indexer
	set      *verifiedSet   // that the archive is a shard of; nil if it is none
	side     *sidecar.Index // nil if none can be compared or give names
	sideName string
	problems format.Problems
	damage   []damage
	unsound  int64 // units of the archive with a problem

	foundRest bool // the scan has found the end of the archive before that of its file
}

// damage is a run of bytes of the archive that are not a unit. It ends where the next unit was
// found.
type damage struct {
	off, end int64
	path     string
	err      error
	named    bool // in a problem
}

func (v *verifier) newIndexer(sums bool) {
	v.ix = scan.NewIndexer(v.o.scan(), sums)
	if v.set != nil {
		v.ix.Repeats = v.set.repeats
	}
}

func (v *verifier) close() error {
	err := v.ix.Builder.Close()
	if v.side != nil {
		err = errors.Join(err, v.side.Close())
	}
	if v.a.Unmap != nil {
		err = errors.Join(err, v.a.Unmap())
	}
	return err
}

// isChanged reports whether the archive is not what opened describes any more: it was changed in its
// file, or the name leads to another one.
func (v *verifier) isChanged(opened fs.FileInfo) bool {
	now, err := os.Stat(v.a.Name)
	return err == nil && !v.a.OnDevice() && (!os.SameFile(now, opened) ||
		now.Size() != opened.Size() || !now.ModTime().Equal(opened.ModTime()))
}

// report adds a problem.
func (v *verifier) report(path string, off int64, err error) {
	v.problems.Add(&format.Problem{Path: path, Offset: off, Err: err})
}

func (v *verifier) run(ctx context.Context) (err error) {
	if v.a.OnDevice() {
		err = v.a.OpenDevice(v.a.Size)
		if err != nil { // without its end, nothing else can be checked
			return err
		}
	} else {
		err = archivefile.SearchEnd(ctx, v.a.Name, v.a.FindEnd())
		if errors.Is(err, format.ErrTruncated) || errors.Is(err, format.ErrCorrupt) {
			err = errors.Unwrap(err) // without the name
		}
	}
	whole := err == nil
	var rest *format.UnfinishedError
	switch {
	case whole:
		if err := v.a.Trailer.CheckWrite(); err != nil {
			return fmt.Errorf("%s: %w", v.a.Name, err)
		}
	case errors.As(err, &rest): // the scan finds it as well
	case errors.Is(err, format.ErrTruncated), errors.Is(err, format.ErrCorrupt):
		v.report("", max(v.a.Size-format.EndSize, 0), err)
	default:
		return err
	}
	sums := v.a.Trailer.HasSHA256()
	if sums {
		v.newIndexer(true)
	}
	v.openSidecar(whole)
	if v.a.Rest > 0 {
		v.report("", v.a.Size, format.NewUnfinished(v.a.OSFile, v.a.Trailer, v.a.Rest))
	}
	s := &scan.Scan{
		Src: v.a.Scanned(), Size: v.a.Size, Workers: v.o.scan().Workers, Sums: sums, Each: v.unit,
	}
	if err := s.Run(ctx); err != nil {
		return fmt.Errorf("%s: %w", v.a.Name, err)
	}
	if rest != nil && !v.foundRest {
		v.report("", rest.Trailer.Offset, rest)
	}
	if whole && v.unsound == 0 && v.ix.Trailer != nil {
		return v.compare(ctx)
	}
	if v.ix.Trailer == nil {
		v.cut()
	}
	return v.name()
}

// cut records that everything after the end of the archive is lost.
func (v *verifier) cut() {
	n := len(v.damage)
	if n == 0 || v.damage[n-1].end < v.a.Size {
		err := fmt.Errorf("%w: it ends at offset %d", format.ErrTruncated, v.a.Size)
		v.damage = append(v.damage, damage{off: v.a.Size, err: err, named: v.problems.Count > 0})
		n++
	}
	v.damage[n-1].end = math.MaxInt64
}

// openSidecar opens the sidecar. One that does not belong to the archive is a problem. If the
// archive is too damaged to decide that, a sidecar that is right in itself still gives names.
func (v *verifier) openSidecar(whole bool) {
	x, name, err := v.a.OpenSidecar()
	v.sideName = name
	var unreadable *fs.PathError
	switch {
	case err == nil:
		v.side = x
		if v.a.InFile && errors.Is(v.a.Beside, format.ErrStale) {
			v.report("", -1, v.a.Beside)
		}
	case errors.Is(err, format.ErrNoSidecar) && !errors.As(err, &unreadable):
		if v.o.Notice != nil {
			v.o.Notice(fmt.Errorf("%w: the archive is checked alone", err))
		}
	case whole:
		if errors.Is(err, format.ErrEmbedded) {
			err = errors.Unwrap(err) // without the name
		}
		v.report("", -1, err)
	default:
		if x, err := sidecar.Open(name); err == nil {
			v.side = x
		}
	}
}

// unit takes the next unit of the archive.
func (v *verifier) unit(un *scan.Unit) error {
	err := un.Err
	if err == nil {
		err = v.ix.Add(un)
		var p *format.Problem
		if !errors.As(err, &p) {
			return err
		}
		v.problems.Add(p)
		v.unsound++
		return nil
	}
	v.unsound++
	v.foundRest = v.foundRest || errors.As(un.Err, new(*format.UnfinishedError))
	d := damage{un.Off, un.End, un.Path, un.Err, false}
	if v.side == nil || len(v.damage) == format.MaxProblems {
		v.report(d.path, d.off, d.err)
		d.named = true
	}
	if len(v.damage) < format.MaxProblems {
		v.damage = append(v.damage, d)
	}
	return nil
}

// name reports the damage, with the paths that the sidecar knows.
func (v *verifier) name() error {
	if v.side == nil {
		return nil
	}
	if err := v.side.Verify(); err != nil {
		v.report("", -1, fmt.Errorf("%s: %w", v.sideName, err))
	} else if len(v.damage) > 0 {
		for row, err := range v.side.All(0, v.side.Len()) {
			if err != nil {
				return err
			}
			v.nameEntry(&row)
		}
	}
	for i := range v.damage {
		if d := &v.damage[i]; !d.named {
			v.report(d.path, d.off, d.err)
		}
	}
	return nil
}

// nameEntry reports an entry if some of its bytes are damaged.
func (v *verifier) nameEntry(row *sidecar.Row) {
	off, end := row.Entry.Offset, row.Entry.Offset+row.Entry.Length()
	i, _ := slices.BinarySearchFunc(v.damage, off, func(d damage, off int64) int {
		if d.end <= off {
			return -1
		}
		return 1
	})
	if i == len(v.damage) || end <= v.damage[i].off {
		return
	}
	d := &v.damage[i]
	err := d.err
	if off != d.off {
		err = fmt.Errorf("%w: some of its bytes are damaged, from %d on", format.ErrCorrupt,
			max(off, d.off))
	}
	v.report(string(row.Path), off, err)
	d.named = true
}

// compare completes the index of an archive without a problem so far, and compares the sidecar with
// it.
func (v *verifier) compare(ctx context.Context) error {
	f, err := durable.ScratchFile(v.o.TempDir)
	if err != nil {
		return err
	}
	defer f.Close()
	res, err := v.ix.Finish(f, v.a.Size)
	if err != nil {
		if !errors.Is(err, format.ErrCorrupt) && !errors.Is(err, format.ErrTruncated) {
			return err
		}
		v.report("", -1, err)
	}
	if res.SidecarBytes == 0 {
		return v.name()
	}
	made, err := sidecar.OpenReaderAt(f, res.SidecarBytes)
	if err != nil {
		return err
	}
	defer made.Close()
	if v.set != nil {
		if err := v.set.add(ctx, &indexed.File{File: v.a, Index: made}); err != nil {
			return err
		}
	}
	if err := v.compareEmbedded(made); err != nil {
		return err
	}
	if v.side == nil || v.a.InFile {
		return nil
	}
	return v.compareSidecar(f, made)
}
