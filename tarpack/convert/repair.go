package convert

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/rewrite"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/internal/spool"
)

// Repair makes a valid archive of what is whole in the archive name, however it was damaged or cut off, and writes it to out,
// which may be name. Entries are whole if all of their members are; a hard link needs its target as well. Directories whose headers are lost are made anew,
// with the mode and time that the old sidecar has of them, if there is one. If nothing is wrong with the archive, nothing is written. If that is only an append that
// was not finished, it is cut off in place.
//
// An archive of a newer format version, which may have all that this package does not know, is not replaced: ErrVersion, unless out is another file.
//
// Damage inside of a file that is a tpk archive itself can bring up entries of that, unless the old sidecar is there to tell.
func Repair(ctx context.Context, name, out string, o RepairOptions) (res RepairResult, err error) {
	var dst *durable.Output
	r := &rewrite.Rewrite{O: o.rewrite(), Base: -1, Choose: func(string, []*rewrite.Child) int { return 0 }}
	if !o.DryRun {
		if err := archivefile.Recover(name); err != nil {
			return RepairResult{}, err
		}
		if dst, err = durable.Create(out); err != nil {
			return RepairResult{}, err
		}
		defer func() {
			if !r.Committed {
				err = errors.Join(err, dst.Abort())
			}
		}()
	}
	a, err := archivefile.OpenUnread(name)
	if err != nil {
		return RepairResult{}, err
	}
	defer a.OSFile.Close()
	if err := checkRepairable(a, out); err != nil {
		return RepairResult{}, err
	}
	sv := &salvage{ctx: ctx, a: a, lost: o.Lost}
	sv.findEnd()
	if sv.old, err = sidecar.Open(name + format.SidecarSuffix); err == nil {
		defer sv.old.Close()
		if sv.old.Verify() != nil {
			sv.old = nil
		}
	} else {
		sv.old = nil
	}
	sv.o = o
	temp := out
	if dst != nil {
		temp = dst.Name
	}
	k, err := sv.run(temp)
	if err != nil {
		return RepairResult{}, err
	}
	defer k.Close()
	res = RepairResult{Damaged: sv.damaged, Saved: sv.saved, Lost: sv.count, CutOff: a.Rest}
	if !sv.damaged && dst != nil && a.Rest > 0 && sameName(name, dst.Name) {
		return res, a.CutBack(dst.Name)
	}
	if !sv.damaged && a.Rest == 0 || o.DryRun {
		return res, nil
	}
	if sv.saved == 0 {
		return res, fmt.Errorf("%s: %w: no entry of it is whole", name, format.ErrNotArchive)
	}
	if err := dst.Inherit(a.OSFile); err != nil {
		return res, err
	}
	r.Layers = []rewrite.Layer{{Kept: k}}
	written, err := r.Write(ctx, dst)
	res.Stats, res.ArchiveBytes, res.SidecarBytes, res.Written = written.Stats, written.ArchiveBytes, written.SidecarBytes, written.Written
	return res, err
}

// checkRepairable refuses to put what is left of an archive of a newer version in its place. A damaged version number looks the same.
func checkRepairable(a *archivefile.File, out string) error {
	if a.OnDevice() || !sameName(a.Name, out) {
		return nil
	}
	if _, err := format.ReadTrailer(a.OSFile, a.Size); errors.Is(err, format.ErrVersion) {
		return fmt.Errorf("%s: %w", a.Name, err)
	}
	return nil
}

// errEnd: the archive ends here, and its file does not.
var errEnd = errors.New("the archive ends here")

// sameName tells whether two names are of one file.
func sameName(a, b string) bool {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

// A salvage copies what is whole to a spool.
type salvage struct {
	ctx     context.Context
	a       *archivefile.File
	old     *sidecar.Index // of the archive as it was; nil if it is not known
	o       RepairOptions
	s       *spool.Spool
	temp    string // names of temporary files begin with it
	lost    func(*format.Problem)
	found   []*format.Problem // what was wrong, in the order of the archive
	damaged bool
	saved   int64
	count   int64
	trailer *format.Trailer
	matches int // entries that the old sidecar has at the same place
}

func (sv *salvage) run(temp string) (*base.Archive, error) {
	sv.temp = temp
	var err error
	if sv.s, err = spool.New(temp, sv.o.Progress, func(p *format.Problem) { sv.found = append(sv.found, p) }); err != nil {
		return nil, err
	}
	defer sv.s.Close()
	if err := sv.scan(); err != nil {
		return nil, errors.Join(err, sv.s.Abort())
	}
	if sv.old != nil && sv.matches == 0 && sv.saved > 0 {
		sv.old = nil // of another archive
	}
	if sv.old != nil {
		sv.s.MadeFrom = sv.old
	}
	k, err := sv.s.Archive(sv.ctx)
	if err != nil {
		return nil, errors.Join(err, sv.s.Abort())
	}
	sv.damaged = sv.damaged || len(sv.found) > 0
	sv.saved = int64(k.Index.Len()) - int64(sv.s.Made)
	if sv.damaged {
		err = sv.tell(k.Index)
	}
	if err != nil {
		return nil, errors.Join(err, k.Close())
	}
	return k, nil
}

// findEnd finds out whether the archive ends before its file does, as far as that can be told without going through it.
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

// scan goes through the archive.
func (sv *salvage) scan() error {
	sc := &scan.Scan{Src: sv.a.Scanned(), Size: sv.a.Size, Workers: sv.o.Workers, Each: sv.take}
	if err := sc.Run(sv.ctx); err != nil && !errors.Is(err, errEnd) {
		return err
	}
	if sv.trailer == nil || len(sv.found) > 0 {
		sv.damaged = true
		return nil
	}
	// Each unit is right. The index has to be made to know whether all of them are what they were.
	f, err := durable.UnlinkedTemp(sv.temp + ".check")
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := scan.BuildIndex(sv.ctx, sv.a.Scanned(), sv.a.Size, f, scan.Options{Workers: sv.o.Workers}); errors.Is(err, format.ErrCorrupt) {
		sv.found = append(sv.found, &format.Problem{Offset: -1, Err: err})
	} else if err != nil {
		return err
	}
	return nil
}

// take copies a unit that is whole.
func (sv *salvage) take(un *scan.Unit) error {
	if end := (*format.UnfinishedError)(nil); errors.As(un.Err, &end) {
		sv.a.EndAt(end.Trailer)
		sv.trailer = &end.Trailer
		return errEnd
	}
	if un.Err != nil {
		sv.found = append(sv.found, &format.Problem{Path: un.Path, Offset: un.Off, Err: un.Err})
		return nil
	}
	if un.Trailer != nil {
		sv.trailer = un.Trailer
		return nil
	}
	if un.Former != nil || !sv.belongs(un) {
		return nil
	}
	to := sv.s.W.Off
	if err := sv.s.W.Copy(sv.a.OSFile, un.Off, un.End-un.Off); err != nil {
		return err
	}
	for i := range un.Items {
		it := un.Items[i]
		it.Offset = to
		h := format.Header{Path: it.Path, Link: it.Link, Type: it.Type}
		if err := sv.s.Announce(&h); err != nil {
			sv.found = append(sv.found, &format.Problem{Path: it.Path, Offset: un.Off, Err: err})
			continue
		}
		if err := sv.s.Add(it); err != nil {
			return err
		}
		sv.saved++
	}
	return nil
}

// belongs tells whether a unit is one of the archive as it was, and not part of a file in it. Only the old sidecar knows; it is believed from
// the first entry on that it has at the right place.
func (sv *salvage) belongs(un *scan.Unit) bool {
	if sv.old == nil {
		return true
	}
	for i := range un.Items {
		it := &un.Items[i]
		if n, ok, err := sv.old.Lookup(it.Path); err == nil && ok {
			if e, err := sv.old.Entry(n); err == nil && e.Offset == it.Offset && e.HeaderLen == it.HeaderLen {
				sv.matches++
				return true
			}
		}
	}
	return sv.matches == 0
}

// tell lists what is lost: by the old sidecar, or else by what was found damaged.
func (sv *salvage) tell(now *sidecar.Index) error {
	each := func(p *format.Problem) {
		sv.count++
		if sv.lost != nil {
			sv.lost(p)
		}
	}
	if sv.old == nil {
		for _, p := range sv.found {
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
			if !(row.Entry.Type == sidecar.TypeDir && sv.s.IsMade(string(row.Path))) || e.Mode == row.Entry.Mode && e.ModTime == row.Entry.ModTime {
				continue
			}
		}
		each(&format.Problem{Path: string(row.Path), Offset: row.Entry.Offset, Err: sv.why(&row)})
	}
	return nil
}

// why says what is wrong with an entry that the old sidecar has.
func (sv *salvage) why(row *sidecar.Row) error {
	path := string(row.Path)
	var best *format.Problem
	for _, p := range sv.found {
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
