package convert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

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

// repairedSet returns the set that name stands for, if any, and whether out stands for it too. In
// place one of its shards is refused.
func repairedSet(
	ctx context.Context, name, out string,
) (s format.SetName, isSet, inPlace bool, err error) {
	s, isSet, err = shardset.Named(name)
	switch {
	case err != nil:
	case isSet:
		if name == out {
			return s, true, true, nil
		}
		// If out stands for several sets or the like, it is a new name.
		at, ok, outErr := shardset.Named(out)
		inPlace = outErr == nil && ok && shardset.SameSet(at, s)
	case sameName(name, out):
		err = shardset.CheckPart(ctx, name)
	}
	return s, isSet, inPlace, err
}

// A setRepair repairs the shards of a set one after the other.
type setRepair struct {
	set     format.SetName
	inPlace bool
	list    *shardset.List // nil if it is missing or damaged
	temp    string         // prefix of the names of temporary files
	o       RepairOptions
	res     RepairResult
	output  *shardset.Output // in place, unless it is a dry run
	members *os.File         // gets the members of the shards that are salvaged
	layers  []rewrite.Layer  // not in place: the entries of each damaged shard
	intact  *shardset.List   // not in place: the other shards; a damaged one has no size
	sums    bool             // one of these has SHA-256 sums
	dirs    map[string]bool  // that were saved
	joiner  *shardset.Joiner // of what was saved, without a list, unless a commit will join it
	lost    []lostShard      // of which nothing can be saved
}

// repairSet is Repair for a shard set.
func repairSet(
	ctx context.Context, set format.SetName, out string, inPlace bool, o RepairOptions,
) (res RepairResult, err error) {
	s := &setRepair{set: set, o: o, inPlace: inPlace, temp: out}
	s.res.InPlace = inPlace
	s.intact = &shardset.List{Shards: make([]shardset.ShardInfo, set.N)}
	if s.list, err = shardset.ReadList(set.List(), set.N); err != nil &&
		!errors.Is(err, fs.ErrNotExist) && !errors.Is(err, format.ErrCorrupt) {
		return res, err
	}
	defer func() {
		for _, l := range s.layers {
			l.Archive.Close() // opened for reading only: errors lose nothing
		}
		if s.members != nil {
			s.members.Close()
		}
	}()
	if s.list == nil && (o.DryRun || !inPlace) {
		s.joiner = shardset.NewUnordered(scan.Options{})
		defer func() { err = errors.Join(err, s.joiner.Close()) }()
	}
	if o.DryRun {
		err = s.repairShards(ctx)
		s.res.NoList = err == nil && !s.res.Damaged && !s.fits()
		return s.res, err
	}
	if s.inPlace {
		return s.repairInPlace(ctx)
	}
	dst, err := shardset.CreateArchive(out)
	if err != nil {
		return res, err
	}
	r := &rewrite.Rewrite{Options: o.rewrite(), Base: -1, Choose: s.choose}
	defer func() {
		if !r.Committed {
			err = errors.Join(err, dst.Abort())
		}
	}()
	s.temp = dst.Name
	if err := s.repairShards(ctx); err != nil {
		return res, err
	}
	if !s.res.Damaged && s.res.CutOff == 0 {
		s.res.NoList = !s.fits()
		return s.res, nil
	}
	if s.res.Saved == 0 {
		return res, fmt.Errorf("%s: %w: no entry of its shards is whole", set.Archive(),
			format.ErrNotArchive)
	}
	if err := s.addIntact(ctx); err != nil {
		return res, err
	}
	r.Layers = s.layers
	r.Options.SHA256 = s.sums
	repaired, err := r.Write(ctx, dst)
	s.res.Stats, s.res.Written = repaired.Stats, repaired.Written
	s.res.ArchiveBytes, s.res.SidecarBytes = repaired.ArchiveBytes, repaired.SidecarBytes
	return s.res, err
}

// repairInPlace replaces the damaged shards, and a list or a sidecar of the set that does not fit.
func (s *setRepair) repairInPlace(ctx context.Context) (res RepairResult, err error) {
	s.temp = s.set.Working()
	if s.output, err = shardset.Create(s.set.Archive()); err != nil {
		return res, err
	}
	committed := false
	defer func() {
		if !committed {
			err = errors.Join(err, s.output.Abort())
		}
	}()
	s.output.Keep(s.set, make([]shardset.ShardInfo, s.set.N))
	if err := s.repairShards(ctx); err != nil {
		return res, err
	}
	if s.output.Changed() == 0 && s.fits() {
		return s.res, nil
	}
	s.res.NoList = s.output.Changed() == 0
	committed = true
	done, err := s.output.CommitEdit(ctx, scan.Options{Workers: s.o.Workers})
	s.res.Stats, s.res.Written = done.Stats, s.output.Changed() > 0
	s.res.ArchiveBytes, s.res.SidecarBytes = done.Bytes, done.Index
	return s.res, err
}

// fits reports whether the list and the sidecar of the set are right for the shards.
func (s *setRepair) fits() bool {
	l, err := shardset.ReadList(s.set.List(), s.set.N)
	if err != nil {
		return false
	}
	set := shardset.NewFile(s.set, l)
	defer set.Close()
	if set.CheckAll() != nil {
		return false
	}
	x, _, err := set.AsArchive().OpenSidecar()
	if err != nil {
		return false
	}
	defer x.Close()
	return x.Verify() == nil
}

func (s *setRepair) repairShards(ctx context.Context) (err error) {
	s.dirs = map[string]bool{}
	if s.members, err = durable.UnlinkedTemp(s.temp, durable.ScratchSpool); err != nil {
		return err
	}
	for i := range s.set.N {
		if err := s.repairShard(ctx, i); err != nil {
			return err
		}
	}
	if s.joiner != nil { // only a list would prove that the shards are of one set
		if err := s.joiner.Check(); err != nil {
			return fmt.Errorf("%s: %w", s.set.Shard(0), err)
		}
	}
	return s.reportLost()
}

// repairShard finds the intact entries of shard i. In place it writes the shard again if it is
// damaged.
func (s *setRepair) repairShard(ctx context.Context, i int) (err error) {
	name := s.fileOf(i)
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) && !s.inPlace {
		s.lose(i, errMissing)
		return nil
	}
	if !s.o.DryRun {
		if err := archivefile.Recover(name); err != nil {
			return err
		}
	}
	to := salvageTo{out: s.temp, temp: s.temp, members: s.members}
	if s.inPlace {
		to.out = name
	}
	end, err := s.members.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	var problems []*format.Problem
	o := s.options()
	o.Lost = func(p *format.Problem) { problems = append(problems, p) }
	sv, k, err := salvageFrom(ctx, name, to, o)
	if err != nil {
		return shardset.MissingShard(name, s.set.N, err)
	}
	defer func() {
		if k != nil { // else it is one of s.layers
			err = errors.Join(err, k.Close(), s.members.Truncate(end))
		}
		err = errors.Join(err, sv.a.OSFile.Close())
	}()
	repeated, err := s.repeatedDirs(k)
	if err != nil {
		return err
	}
	// It may be a file of another program. A shard whose end is right may become empty.
	nothing := sv.damaged && sv.numSaved == 0 && sv.trailer == nil
	switch {
	case nothing && !s.inPlace:
		s.lose(i, notSaved(sv.a))
		return nil
	case nothing && !s.o.DryRun:
		return fmt.Errorf("%s: %w", name, notSaved(sv.a))
	}
	for _, p := range problems {
		s.report(i, p)
	}
	if s.joiner != nil {
		if err := s.joiner.AddOpen(ctx, s.set.Shard(i), k.File); err != nil {
			return err
		}
	}
	sv.numSaved -= repeated
	s.res.Damaged = s.res.Damaged || sv.damaged
	s.res.Saved, s.res.Lost = s.res.Saved+sv.numSaved, s.res.Lost+sv.numLost
	s.res.CutOff += sv.a.Rest
	if s.res.Behind == nil {
		s.res.Behind = sv.behind
	}
	damaged := sv.damaged || sv.a.Rest > 0
	if !damaged && s.list != nil {
		// Sound, but another one: writing a new list for it would lose the old shard's entries.
		f, err := shardset.OpenListed(s.list, i, name)
		if err != nil {
			return err
		}
		f.Close() // opened for reading only: an error loses nothing
	}
	switch {
	case s.o.DryRun:
		return nil
	case damaged && s.inPlace:
		return s.replace(ctx, i, k)
	case damaged:
		k.Number = i
		s.layers = append(s.layers, rewrite.Layer{Archive: k})
		s.sums = s.sums || k.Index.HasSHA256()
		k = nil
		return nil
	}
	return s.keep(ctx, i, sv)
}

// repeatedDirs returns how many directories of k other shards have, too.
func (s *setRepair) repeatedDirs(k *base.Archive) (n int64, err error) {
	for row, err := range k.Index.All(0, k.Index.Len()) {
		if err != nil {
			return 0, err
		}
		if row.Entry.Type != sidecar.TypeDir {
			continue
		}
		if s.dirs[string(row.Path)] {
			n++
		}
		s.dirs[string(row.Path)] = true
	}
	return n, nil
}

// report reports a problem in shard i, which it names.
func (s *setRepair) report(i int, p *format.Problem) {
	if s.o.Lost != nil {
		s.o.Lost(&format.Problem{Path: p.Path, Offset: p.Offset,
			Err: fmt.Errorf("%s: %w", filepath.Base(s.set.Shard(i)), p.Err)})
	}
}

// options returns the options for the next shard.
func (s *setRepair) options() RepairOptions {
	o := s.o
	before := s.res.Saved
	if s.o.Progress != nil {
		o.Progress = func(p format.Progress) {
			p.Entries += before
			s.o.Progress(p)
		}
	}
	return o
}

// replace writes shard i again, with the entries k.
func (s *setRepair) replace(ctx context.Context, i int, k *base.Archive) error {
	dst, err := s.output.Replace(i)
	if err != nil {
		return err
	}
	r := &rewrite.Rewrite{Options: s.o.rewrite(), Base: -1, Choose: rewrite.FirstLayer,
		Layers: []rewrite.Layer{{Archive: k}}, Shard: true}
	r.Options.SHA256 = k.Index.HasSHA256()
	packed, _, err := r.WriteTo(ctx, dst)
	if err != nil {
		return err
	}
	return s.output.Finish(packed.ArchiveBytes, packed.Digest)
}

// keep takes shard i, which sv found intact, as it is.
func (s *setRepair) keep(ctx context.Context, i int, sv *salvage) error {
	info := shardset.ShardInfo{Size: sv.a.Size, Digest: sv.trailer.Digest}
	if s.inPlace {
		s.output.Shards[i] = info
		return indexed.NeedSidecar(ctx, sv.a.Name, scan.Options{Workers: s.o.Workers})
	}
	s.intact.Shards[i] = info
	s.sums = s.sums || sv.sums
	return nil
}

// addIntact adds one layer for all intact shards, which holds few of them open.
func (s *setRepair) addIntact(ctx context.Context) error {
	if !slices.ContainsFunc(s.intact.Shards, func(i shardset.ShardInfo) bool { return i.Size > 0 }) {
		return nil
	}
	so := scan.Options{Workers: s.o.Workers}
	part, err := shardset.OpenPart(ctx, s.set, s.intact, s.temp, so)
	if err != nil {
		return err
	}
	k, err := base.OfSet(ctx, part, s.set.N, &indexed.Options{Workers: s.o.Workers})
	if err == nil {
		s.layers = append(s.layers, rewrite.Layer{Archive: k})
	}
	return err
}

// choose chooses the entry of the first shard that has the path.
func (s *setRepair) choose(_ string, children []*rewrite.Child) (first int) {
	if len(children) == 1 {
		return 0
	}
	least := s.set.N
	for i, c := range children {
		shard := c.Ref.From.Number
		if set := c.Ref.From.Set; set != nil {
			e, err := c.Ref.Record()
			if err != nil {
				continue // the entry is not readable, and a damaged shard has it, too
			}
			shard, _ = set.Shards.Place(e.Offset)
		}
		if shard < least {
			first, least = i, shard
		}
	}
	return first
}
