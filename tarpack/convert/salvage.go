package convert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/internal/spool"
)

// errEnd: the archive ends here, before its file does.
var errEnd = errors.New("the archive ends here")

// A salvage copies the intact entries of an archive to a spool.
type salvage struct {
	ctx      context.Context
	a        *archivefile.File
	old      *sidecar.Index // of the archive before it was damaged; nil if unknown
	o        RepairOptions
	spool    *spool.Spool
	to       salvageTo
	lost     func(*format.Problem)
	problems []*format.Problem // in the order of the archive
	sums     bool              // the sidecar has SHA-256 sums
	guessed  bool              // sums is not known before the scan
	former   *format.Trailer   // the last F
	damaged  bool
	numSaved int64
	numLost  int64
	trailer  *format.Trailer
	hasIndex bool                    // the archive has its index in itself, or has had it
	behind   *format.UnfinishedError // what follows the archive in its file; nil if nothing does
	matches  int                     // entries that the old sidecar has at the same offset
	before   format.Before           // what the last unit is
}

// A salvageTo is where the intact entries go.
type salvageTo struct {
	out     string   // the archive that is written
	temp    string   // prefix of the names of temporary files
	members *os.File // gets the members, and stays open; nil: a new temporary file
}

// run returns the intact entries as an archive.
func (sv *salvage) run() (*base.Archive, error) {
	var err error
	note := func(p *format.Problem) { sv.problems = append(sv.problems, p) }
	if sv.to.members != nil {
		sv.spool, err = spool.NewIn(sv.to.members, sv.to.temp, sv.sums, sv.o.Progress, note)
	} else {
		sv.spool, err = spool.New(sv.to.temp, sv.sums, sv.o.Progress, note)
	}
	if err != nil {
		return nil, err
	}
	defer sv.spool.Close()
	if err := sv.scan(); err != nil {
		return nil, errors.Join(err, sv.spool.Abort())
	}
	if sv.guessed && (sv.former == nil || !sv.former.HasSHA256()) {
		sv.sums = false
		sv.spool.LeaveOutSums()
	}
	if sv.old != nil && sv.matches == 0 && sv.numSaved > 0 {
		sv.old = nil // it belongs to another archive
	}
	if sv.old != nil {
		sv.spool.MadeFrom = sv.old
	}
	k, err := sv.spool.Archive(sv.ctx)
	if err != nil {
		return nil, errors.Join(err, sv.spool.Abort())
	}
	sv.damaged = sv.damaged || len(sv.problems) > 0
	sv.numSaved = int64(k.Index.Len()) - int64(sv.spool.Made)
	if sv.damaged {
		err = sv.reportLost(k.Index)
	}
	if err != nil {
		return nil, errors.Join(err, k.Close())
	}
	return k, nil
}

// findEnd finds the end of an archive that ends before its file does, if that is possible without
// reading all of it.
func (sv *salvage) findEnd() {
	if sv.a.OnDevice() {
		return
	}
	if sv.a.FindEnd() == nil {
		if x, _, err := sv.a.OpenSidecar(); err == nil {
			x.Close()
		}
	}
}

// scan reads the whole archive.
func (sv *salvage) scan() error {
	sc := &scan.Scan{Src: sv.a.Scanned(), Size: sv.a.Size, Workers: sv.o.Workers, Each: sv.take,
		Sums: sv.sums}
	if err := sc.Run(sv.ctx); err != nil && !errors.Is(err, errEnd) {
		return err
	}
	if sv.trailer == nil || len(sv.problems) > 0 {
		sv.damaged = true
		return nil
	}
	// Every unit is intact. Only the index shows whether they are the units that were written.
	f, err := durable.UnlinkedTemp(sv.to.temp, durable.ScratchCheck)
	if err != nil {
		return err
	}
	defer f.Close()
	so := scan.Options{Workers: sv.o.Workers}
	built, err := scan.BuildIndex(sv.ctx, sv.a.Scanned(), sv.a.Size, f, so)
	if errors.Is(err, format.ErrCorrupt) {
		sv.problems = append(sv.problems, &format.Problem{Offset: -1, Err: err})
		return nil
	}
	if errors.Is(err, format.ErrVersion) || errors.Is(err, format.ErrDraft) {
		return fmt.Errorf("%s: %w", sv.a.Name, err)
	}
	if err == nil && sv.hasIndex {
		err = sv.checkIndex(f, built.SidecarBytes)
	}
	return err
}

// checkIndex compares the index that the archive has in itself with the sidecar side. Without it
// nothing is lost, but the archive is not what it should be.
func (sv *salvage) checkIndex(side io.ReaderAt, size int64) error {
	e, err := sv.a.Embedded()
	if errors.Is(err, format.ErrStale) {
		sv.damaged = true
		return nil
	}
	if err != nil {
		return err
	}
	at, err := format.CompareEmbedded(sv.a.Scanned(), e, side, size, sv.a.Trailer)
	sv.damaged = sv.damaged || at >= 0
	return err
}

// take copies an intact unit.
func (sv *salvage) take(un *scan.Unit) error {
	if end := (*format.UnfinishedError)(nil); errors.As(un.Err, &end) {
		sv.a.EndAt(end.Trailer)
		sv.trailer = &end.Trailer
		sv.hasIndex = sv.a.HasIndex()
		return errEnd
	}
	if un.CutTrailer { // no entry is lost
		sv.damaged = true
		return nil
	}
	if un.Err != nil {
		if sv.isEntryless(un) {
			sv.damaged = true
			return nil
		}
		sv.before = format.AfterEntries
		sv.problems = append(sv.problems, &format.Problem{Path: un.Path, Offset: un.Off, Err: un.Err})
		return nil
	}
	switch sv.before = format.AfterEntries; {
	case un.Former != nil:
		sv.before = format.AfterFormer
	case un.Index:
		sv.before = format.AfterIndex
	}
	if un.Trailer != nil {
		sv.trailer = un.Trailer
		sv.hasIndex = sv.a.HasIndex() // the members may be those of an earlier state
		return nil
	}
	sv.hasIndex = sv.hasIndex || un.Index
	if un.Former != nil {
		sv.former = un.Former
	}
	if len(un.Items) == 0 || !sv.belongs(un) {
		return nil
	}
	to := sv.spool.W.Off
	if err := sv.spool.W.Copy(sv.a.OSFile, un.Off, un.End-un.Off); err != nil {
		return err
	}
	for i := range un.Items {
		it := un.Items[i]
		it.Offset = to
		h := format.Header{Path: it.Path, Link: it.Link, Type: it.Type}
		if err := sv.spool.Announce(&h); err != nil {
			sv.problems = append(sv.problems, &format.Problem{Path: it.Path, Offset: un.Off, Err: err})
			continue
		}
		if err := sv.spool.Add(it); err != nil {
			return err
		}
		sv.numSaved++
	}
	return nil
}

// isEntryless reports whether a damaged unit is one that has no entry: a member of an index, or a
// trailer. That is certain if it is cut off by the end of the file, or as long as it should be.
func (sv *salvage) isEntryless(un *scan.Unit) bool {
	head := make([]byte, min(format.EndSize, un.End-un.Off))
	if _, err := sv.a.Scanned().ReadAt(head, un.Off); err != nil && err != io.EOF {
		return false
	}
	length, isCut := un.End-un.Off, un.End == sv.a.Size && errors.Is(un.Err, format.ErrTruncated)
	if format.BeginsIndex(head, sv.before) &&
		(length == sidecar.PartSize || isCut && length < sidecar.PartSize) {
		sv.hasIndex, sv.before = true, format.AfterIndex
		return true
	}
	if isCut {
		return length < format.EndSize && format.BeginsTrailer(head, sv.before)
	}
	t, state := format.ParseTrailerState(head)
	return length == format.EndSize && state == format.TornTrailer && t.Offset == un.Off
}

// belongs reports whether a unit is part of the archive, and not of a file in it. Only the old
// sidecar knows that. It is trusted once it has had an entry at the right offset.
func (sv *salvage) belongs(un *scan.Unit) bool {
	if sv.old == nil {
		return true
	}
	for i := range un.Items {
		it := &un.Items[i]
		if n, ok, err := sv.old.Lookup(it.Path); err == nil && ok {
			e, err := sv.old.Entry(n)
			if err == nil && e.Offset == it.Offset && e.HeaderLen == it.HeaderLen {
				sv.matches++
				return true
			}
		}
	}
	return sv.matches == 0
}

// reportLost reports the lost entries: those of the old sidecar that are missing, or else the
// damage that was found.
func (sv *salvage) reportLost(now *sidecar.Index) error {
	each := func(p *format.Problem) {
		sv.numLost++
		if sv.lost != nil {
			sv.lost(p)
		}
	}
	if sv.old == nil {
		for _, p := range sv.problems {
			if !errors.Is(p.Err, format.ErrTruncated) || p.Path != "" || p.Offset < sv.a.Size {
				each(p)
			}
		}
		return nil
	}
	for row, err := range sv.old.All(0, sv.old.Len()) {
		if err != nil {
			return err
		}
		i, ok, err := now.Lookup(string(row.Path))
		if err != nil {
			return err
		}
		if ok {
			e, err := now.Entry(i)
			if err != nil {
				return err
			}
			created := row.Entry.Type == sidecar.TypeDir && sv.spool.IsMade(string(row.Path))
			if !created || e.Mode == row.Entry.Mode && e.ModTime == row.Entry.ModTime {
				continue
			}
		}
		each(&format.Problem{Path: string(row.Path), Offset: row.Entry.Offset, Err: sv.cause(&row)})
	}
	return nil
}

// cause returns why an entry of the old sidecar is lost.
func (sv *salvage) cause(row *sidecar.Row) error {
	path := string(row.Path)
	var best *format.Problem
	for _, p := range sv.problems {
		if p.Path == path {
			return p.Err
		}
		if p.Path == "" && p.Offset >= 0 && p.Offset <= row.Entry.Offset {
			best = p
		}
	}
	switch {
	case row.Entry.Offset >= sv.a.Size:
		return fmt.Errorf("%w: it lay behind its end", format.ErrTruncated)
	case best != nil && !strings.Contains(best.Err.Error(), "without a trailer"):
		return best.Err
	}
	return fmt.Errorf("%w: it is damaged", format.ErrCorrupt)
}
