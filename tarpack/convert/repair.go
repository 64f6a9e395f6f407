package convert

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/rewrite"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
)

// Repair makes a valid archive from the intact entries of the archive name, however it was damaged
// or truncated. It writes the result to out, which may be name. An entry is intact if all of its
// members are, and a hard link only if its target is intact as well. Directories with damaged
// headers are created again, with mode and time from the old sidecar if there is one. Equal files
// that were not duplicates stay apart.
//
// If the archive is not damaged, Repair writes no archive. If out is name, it truncates an archive
// whose only fault is an unfinished append in place, and rebuilds a sidecar that is missing or
// does not fit. Another archive that follows in the same file, what may be one, and other bytes
// that no append writes are never removed: if out is name, the error is format.ErrJoined,
// format.ErrMayBeArchive or format.ErrAdded, and nothing is written. Otherwise out is written
// without them.
//
// The name may stand for a shard set, as in tarpack.Open, unless o.Single is set. If out is another
// name of the set, that is in place. Then only the shards that are damaged are replaced, and also a
// list or sidecar of the set that does not fit or is missing. A shard that is missing, or in
// which nothing is whole, is not replaced: the error wraps format.ErrShardMissing or ErrNotArchive.
// If out is another archive, the entries of such a shard are lost, and those of the others are
// saved.
//
// The error wraps format.ErrShard if a shard is sound but not the one in the list. It wraps
// format.ErrPart, format.ErrNoList or format.ErrNoSet if out is name and one shard of a set.
//
// An archive of a newer format version may contain what this package cannot read. Repair replaces
// it only if out is another file; otherwise the error wraps format.ErrVersion. The same holds for a
// draft of the format, with format.ErrDraft.
//
// If a file in the archive is a tpk archive itself and is damaged, Repair may take its entries for
// entries of the archive. A sidecar prevents that.
func Repair(ctx context.Context, name, out string, o RepairOptions) (RepairResult, error) {
	if !o.Single {
		set, isSet, inPlace, err := repairedSet(ctx, name, out)
		if err != nil {
			return RepairResult{}, err
		}
		if isSet {
			return repairSet(ctx, set, out, inPlace, o)
		}
	}
	res, err := repair(ctx, name, out, o)
	res.InPlace = sameName(name, out)
	if err == nil && !res.Damaged && !res.Written && !o.DryRun && sameName(name, out) {
		err = indexed.NeedSidecar(ctx, name, scan.Options{Workers: o.Workers})
	}
	return res, err
}

// repair is Repair without the sidecar of an intact archive.
func repair(ctx context.Context, name, out string, o RepairOptions) (res RepairResult, err error) {
	var dst *durable.Output
	r := &rewrite.Rewrite{Options: o.rewrite(), Base: -1, Choose: rewrite.FirstLayer}
	if fi, err := os.Stat(name); err == nil && fi.IsDir() {
		return res, fmt.Errorf("%s: %w: %w", name, format.ErrNotArchive, format.ForeignDir)
	}
	if !o.DryRun {
		create := shardset.CreateArchive
		if sameName(name, out) {
			create = durable.Create
		}
		unlock, lockErr := shardset.LockSet(out)
		if lockErr != nil {
			return RepairResult{}, lockErr
		}
		defer func() { err = errors.Join(err, unlock()) }()
		if err := archivefile.Recover(name); err != nil {
			return RepairResult{}, err
		}
		if dst, err = create(out); err != nil {
			return RepairResult{}, err
		}
		defer func() {
			if !r.Committed {
				err = errors.Join(err, dst.Abort())
			}
		}()
	}
	temp := out
	if dst != nil {
		temp = dst.Name
	}
	sv, k, err := salvageFrom(ctx, name, salvageTo{out: out, temp: temp}, o)
	if err != nil {
		return RepairResult{}, err
	}
	a := sv.a
	defer a.OSFile.Close()
	defer k.Close()
	res = RepairResult{Damaged: sv.damaged, Saved: sv.numSaved, Lost: sv.numLost,
		CutOff: a.Rest, Behind: sv.behind}
	if !sv.damaged && dst != nil && a.Rest > 0 && sameName(name, dst.Name) {
		return res, a.CutBack(dst.Name)
	}
	if !sv.damaged && a.Rest == 0 || o.DryRun && (!sv.damaged || sv.numSaved > 0) {
		return res, nil
	}
	if sv.damaged && sv.numSaved == 0 { // a sound one without entries stays one
		return res, fmt.Errorf("%s: %w", a.Name, notSaved(a))
	}
	if err := dst.Inherit(a.OSFile); err != nil {
		return res, err
	}
	r.Layers = []rewrite.Layer{{Archive: k}}
	r.Options.SHA256 = sv.sums
	r.Shard = sv.trailer != nil && sv.trailer.IsShard() && sameName(name, dst.Name)
	r.Options.EmbedIndex = sv.hasIndex
	repaired, err := r.Write(ctx, dst)
	res.Stats, res.Written = repaired.Stats, repaired.Written
	res.ArchiveBytes, res.SidecarBytes = repaired.ArchiveBytes, repaired.SidecarBytes
	return res, err
}

// errNothing is why an archive is none, if its bytes look like those of one.
var errNothing = fmt.Errorf("%w: no entry of it is whole", format.ErrNotArchive)

// notSaved returns why no entry of a could be saved.
func notSaved(a *archivefile.File) error {
	if _, err := format.ReadTrailer(a.OSFile, a.Size); errors.Is(err, format.ErrNotArchive) {
		return err
	}
	return errNothing
}

// salvageFrom returns the intact entries of the archive name, and the finished salvage. The caller
// closes the returned archive and the salvage's file.
func salvageFrom(
	ctx context.Context, name string, to salvageTo, o RepairOptions,
) (*salvage, *base.Archive, error) {
	a, err := archivefile.OpenUnread(name)
	if err != nil {
		return nil, nil, err
	}
	sv := &salvage{ctx: ctx, a: a, lost: o.Lost, o: o, to: to}
	if err := checkRepairable(a, to.out); err != nil {
		return nil, nil, errors.Join(err, a.OSFile.Close())
	}
	sv.findEnd()
	if sv.old = openIntact(name + format.SidecarSuffix); sv.old == nil {
		sv.old = openEmbedded(a)
	}
	if sv.old != nil {
		old := sv.old // sv drops it if it belongs to another archive
		defer old.Close()
	}
	sv.findSums()
	k, err := sv.run()
	if err != nil {
		return nil, nil, errors.Join(err, a.OSFile.Close())
	}
	if err := sv.checkRest(sameName(name, to.out)); err != nil {
		return nil, nil, errors.Join(err, k.Close(), a.OSFile.Close())
	}
	return sv, k, nil
}

// findSums sets sums. The old sidecar, if there is one, knows that of an archive whose end is lost.
// If nothing does, the contents get sums, and run decides by the former trailers that it has met.
func (sv *salvage) findSums() {
	t, err := format.ReadTrailer(sv.a.Scanned(), sv.a.Size)
	switch {
	case err == nil:
		sv.sums = t.HasSHA256()
	case sv.old != nil:
		sv.sums = sv.old.HasSHA256()
	default:
		sv.sums, sv.guessed = true, true
	}
}

// checkRepairable refuses to replace an archive of a newer version, or of a draft, by its readable
// part. A damaged version number looks the same.
func checkRepairable(a *archivefile.File, out string) error {
	if a.OnDevice() || !sameName(a.Name, out) {
		return nil
	}
	t, err := format.ReadTrailer(a.OSFile, a.Size)
	if err == nil {
		err = t.CheckWrite()
	}
	if errors.Is(err, format.ErrVersion) || errors.Is(err, format.ErrDraft) {
		return fmt.Errorf("%s: %w", a.Name, err)
	}
	return nil
}

// checkRest finds out what follows the archive. In place it refuses to leave out another archive,
// or other bytes that no append has left.
func (sv *salvage) checkRest(inPlace bool) error {
	if sv.a.Rest == 0 {
		return nil
	}
	e := format.NewUnfinished(sv.a.OSFile, sv.a.Trailer, sv.a.Rest)
	if err := e.SearchJoined(sv.ctx, sv.a.OSFile); err != nil {
		return err
	}
	if inPlace && (e.MayBeArchive || !errors.Is(e, format.ErrUnfinished)) {
		return fmt.Errorf("%s: %w", sv.a.Name, e)
	}
	sv.behind = e
	return nil
}

// openIntact opens a sidecar. It returns nil if there is none, or if it is damaged.
func openIntact(name string) *sidecar.Index {
	x, err := sidecar.Open(name)
	return intact(x, err)
}

// openEmbedded is openIntact for the index that an archive has in itself.
func openEmbedded(a *archivefile.File) *sidecar.Index {
	e, err := a.Embedded()
	if err != nil {
		return nil
	}
	x, err := sidecar.OpenEmbedded(a.OSFile, e)
	return intact(x, err)
}

// intact returns x if it was opened and is not damaged.
func intact(x *sidecar.Index, err error) *sidecar.Index {
	if err != nil {
		return nil
	}
	if x.Verify() != nil {
		x.Close()
		return nil
	}
	return x
}

// sameName reports whether two names belong to the same file.
func sameName(a, b string) bool {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}
