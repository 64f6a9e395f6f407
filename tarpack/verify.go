package tarpack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"

	"github.com/tarpack/tpk/sidecar"
)

// VerifyOptions says how to verify an archive. The zero value is usable.
type VerifyOptions struct {
	Workers int    // inflating goroutines; 0 means one for each CPU
	TempDir string // for the index that is made to compare with; "" is the system's

	// Notice, if set, is called with ErrNoSidecar if there is no sidecar.
	Notice func(error)
	// Problem, if set, is called for each problem, always from the same goroutine.
	Problem func(*Problem)
	// Progress, if set, is called after each entry, always from the same goroutine.
	Progress func(Progress)
}

// VerifyResult says what was verified, and what is wrong.
type VerifyResult struct {
	Entries  int64      // found right in themselves
	Bytes    int64      // of their content
	Problems []*Problem // the first MaxProblems
	Failed   int64      // number of all problems
}

// Verify checks every byte of an archive and its sidecar. It goes through the archive from its first byte to its last, as
// BuildIndex does, and makes the index anew: so each tar header and each member is held against FORMAT.md, and each CRC-32
// against its content. The sidecar must be what was made, byte for byte, and T must name its digest. What that leaves unseen is bits that
// change nothing: those that a deflate stream has left over at its end, or different codes for the same content.
//
// After something wrong it goes on with the next entry that it finds. What is wrong are problems of the result; with a sound
// sidecar each path that is concerned is named. An error means that the archive could not be read at all, or is none.
func Verify(ctx context.Context, name string, o VerifyOptions) (VerifyResult, error) {
	a, err := openFile(name)
	if err != nil {
		return VerifyResult{}, err
	}
	defer closeQuietly(a.file)
	v := &verifier{a: a, o: o, ix: newIndexer(IndexOptions{TempDir: o.TempDir, Progress: o.Progress})}
	v.problems.each = o.Problem
	err = v.run(ctx)
	return VerifyResult{
		Entries: v.ix.progress.Entries, Bytes: v.ix.progress.Bytes, Problems: v.problems.first, Failed: v.problems.count,
	}, errors.Join(err, v.close())
}

// A verifier is one run of Verify.
type verifier struct {
	a        *Archive
	o        VerifyOptions
	ix       *indexer
	side     *sidecar.Index // nil if there is none that can be compared, or be asked for names
	sideName string
	problems problems
	damage   []damage
	unsound  int64 // units of the archive that are not right
}

// damage is bytes of the archive that are no units, up to where the next one was found.
type damage struct {
	off, end int64
	path     string
	err      error
	named    bool // in a problem
}

func (v *verifier) close() error {
	err := v.ix.builder.Close()
	if v.side != nil {
		err = errors.Join(err, v.side.Close())
	}
	if v.a.unmap != nil {
		err = errors.Join(err, v.a.unmap())
	}
	return err
}

// report adds a problem.
func (v *verifier) report(path string, off int64, err error) {
	v.problems.add(&Problem{Path: path, Offset: off, Err: err})
}

func (v *verifier) run(ctx context.Context) (err error) {
	if v.a.onDevice() {
		err = v.a.openDevice(ctx, v.a.size)
		if err != nil { // what is behind the archive, and where it ends, nobody can tell
			return err
		}
	} else {
		if err = v.a.findEnd(); errors.Is(err, ErrTruncated) || errors.Is(err, ErrCorrupt) {
			err = errors.Unwrap(err) // without the name
		}
	}
	whole := err == nil
	switch {
	case whole:
	case errors.Is(err, ErrTruncated), errors.Is(err, ErrCorrupt):
		v.report("", max(v.a.size-TrailerSize, 0), err)
	default:
		return err
	}
	v.openSidecar(whole)
	if v.a.rest > 0 {
		v.report("", v.a.size, &unfinishedError{v.a.trailer, v.a.rest})
	}
	s := &archiveScan{src: v.a.scanned(), size: v.a.size, workers: v.o.Workers, each: v.unit}
	if err := s.run(ctx); err != nil {
		return fmt.Errorf("%s: %w", v.a.name, err)
	}
	if whole && v.unsound == 0 && v.ix.trailer != nil {
		return v.compare()
	}
	if v.ix.trailer == nil {
		v.cut()
	}
	return v.name()
}

// cut notes that all is lost from the end of the archive on.
func (v *verifier) cut() {
	n := len(v.damage)
	if n == 0 || v.damage[n-1].end < v.a.size {
		err := fmt.Errorf("%w: it ends at offset %d", ErrTruncated, v.a.size)
		v.damage = append(v.damage, damage{off: v.a.size, err: err, named: v.problems.count > 0})
		n++
	}
	v.damage[n-1].end = math.MaxInt64
}

// openSidecar opens the sidecar. One that does not belong to the archive is a problem; if it is sound, and only the archive
// cannot say to whom it belongs, it serves for names.
func (v *verifier) openSidecar(whole bool) {
	x, name, err := v.a.openSidecar()
	v.sideName = name
	var unreadable *fs.PathError
	switch {
	case err == nil:
		v.side = x
	case errors.Is(err, ErrNoSidecar) && !errors.As(err, &unreadable):
		if v.o.Notice != nil {
			v.o.Notice(fmt.Errorf("%w: the archive is checked alone", err))
		}
	case whole:
		v.report("", -1, err)
	default:
		if x, err := sidecar.Open(name); err == nil {
			v.side = x
		}
	}
}

// unit takes the next unit of the archive.
func (v *verifier) unit(un *unit) error {
	err := un.err
	if err == nil {
		err = v.ix.add(un)
		var p *Problem
		if !errors.As(err, &p) {
			return err
		}
		v.problems.add(p)
		v.unsound++
		return nil
	}
	v.unsound++
	d := damage{un.off, un.end, un.path, un.err, false}
	if v.side == nil || len(v.damage) == MaxProblems {
		v.report(d.path, d.off, d.err)
		d.named = true
	}
	if len(v.damage) < MaxProblems {
		v.damage = append(v.damage, d)
	}
	return nil
}

// name names what is damaged.
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
		err = fmt.Errorf("%w: some of its bytes are damaged, from %d on", ErrCorrupt, max(off, d.off))
	}
	v.report(string(row.Path), off, err)
	d.named = true
}

// compare makes the index of an archive in which nothing was wrong so far, and holds the sidecar against it.
func (v *verifier) compare() error {
	f, err := scratchFile(v.o.TempDir)
	if err != nil {
		return err
	}
	defer closeQuietly(f)
	res, err := v.ix.finish(f, v.a.size)
	if err != nil {
		if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrTruncated) {
			return err
		}
		v.report("", -1, err)
	}
	if res.SidecarBytes == 0 || v.side == nil {
		return v.name()
	}
	made, err := sidecar.OpenReaderAt(f, res.SidecarBytes)
	if err != nil {
		return err
	}
	defer made.Close()
	return v.compareSidecar(f, made)
}
