package archives

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/internal/prefetch"
	"github.com/tarpack/tpk/serve/internal/archives/contents"
	"github.com/tarpack/tpk/serve/internal/archives/recent"
	"github.com/tarpack/tpk/serve/internal/archives/textindex"
	"github.com/tarpack/tpk/serve/internal/encoded"
	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/serve/internal/gzipform"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/residence"
	"github.com/tarpack/tpk/serve/internal/siterules"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/cache"
	"github.com/tarpack/tpk/tarpack/export"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/source"
)

// Archive is an open archive. Several sets may hold it. The last one to release it closes it.
type Archive struct {
	contents.Tree // its Name is that of its Spec
	stamp         guard.Stamp
	guard         *guard.Guard
	tar           *tarpack.Archive
	opened        io.Closer        // closes tar; nil if that is shared
	file          *os.File         // nil if the archive does not lie in one file
	mapped        []byte           // for the kernel to copy long runs from; nil if mapping failed
	members       []byte           // the same again, for single members
	recent        *residence.Pages // the pages of members that are in memory
	copied        bool             // its index came with it, and may be that of another state of it
	beside        bool             // that index is a file of its own
	sidecar       *os.File         // the index, if it is copied and mapped; else nil
	modTime       int64
	origin        *guard.Origin // nil unless it was converted from a file of another program
	exports       *recent.Cache[layoutKey, *export.File]
	encoded       *encoded.Source // contents in other encodings; nil if there can be none
	// gzipForms has the forms of contents by ordinal.
	gzipForms gzipform.Cache[int]
	refs      atomic.Int32
	text      *textindex.File
	rules     *siterules.Site // of the site that it is; nil if it has none
	misruled  int             // how many lines of its rules are not used

	library *Library

	// shared means that tar is the caller's to close. closed is called when nothing here uses it any
	// more.
	shared      bool
	remote      bool          // Spec.Open has opened it
	far         bool          // looking a path up may wait for a server
	keeper      source.Keeper // its source, if that keeps what it has fetched
	used        usedContents  // if it has a keeper
	closed      func()
	unmap       [2]func() error
	releaseFile func()
}

// opening is how to open an archive.
type opening struct {
	doubtful bool // each member is compared with the index before it is used
	quick    bool // what would take long is cache.ErrSlow
	layer    bool // it is one of a directory, whose rules hold
	// told has the notices of earlier attempts, which are not repeated. nil: there is only one.
	told map[string]bool
}

// loadIndex is the size in bytes up to which an index is read into memory. It needs no look at its
// file for each answer then. Only tests change it.
var loadIndex int64 = 32 << 20

// openArchive opens an archive, with one reference. If it has no usable sidecar, or is a file of
// another program, the library's cache has what is needed, or it is made first, which takes as long
// as reading the file. The error wraps guard.ErrBusy if one of the files changes meanwhile.
func (l *Library) openArchive(ctx context.Context, name string, o opening) (*Archive, error) {
	s, err := guard.StampOf(name)
	if err != nil {
		return nil, err
	}
	t, err := l.cache.Open(ctx, name, cache.Options{KeepIndex: true, LoadIndex: loadIndex,
		NoConvert: l.noConvert, Quick: o.quick, Trust: l.trust, Notice: func(err error) {
			text := Describe(err)
			if errors.Is(err, format.ErrUnfinished) || o.told[text] { // somebody appends to it
				return
			}
			if o.told != nil {
				o.told[text] = true
			}
			l.notice(text)
		}})
	if err != nil {
		return nil, err
	}
	a := &Archive{Tree: contents.Tree{Name: name, Index: t.Index()}, stamp: s, tar: t.Archive,
		opened: t, modTime: s.Archive.ModTime().Unix(), library: l}
	a.copied = t.Sidecar == nil && !t.IndexRebuilt() && !t.Converted
	a.beside = a.copied && !t.IndexEmbedded() && t.Within() == nil
	a.begin()
	if t.Converted {
		a.origin, err = guard.OpenOrigin(name, s.Archive)
	}
	if err == nil {
		err = a.openFiles()
	}
	if err != nil {
		return nil, errors.Join(err, a.close())
	}
	switch {
	case t.Signed() != nil:
		a.guard.BeginProof()
	case !a.copied: // its index was just made of it
	case o.doubtful:
		a.guard.BeginProof()
	case a.beside && s.Newer(name):
		l.notice(name + " has changed since its index was made: it is being checked")
		a.guard.BeginProof()
	}
	if !o.layer {
		err = l.readRules(ctx, a)
	}
	if err != nil {
		a.release()
		return nil, err
	}
	a.openVariants()
	a.fetchIndex()
	return a, nil
}

// begin gives an archive that was just opened its first reference, its Guard and an empty memory.
func (a *Archive) begin() {
	a.refs.Store(1)
	a.text = textindex.Of(a.tar, a.library.notice)
	a.exports = newExports()
	a.guard = guard.New(guard.Config{Name: a.Name, Archive: a.tar, Notice: a.library.notice,
		Overwritten: a.overwritten, Begin: func(work func(context.Context)) {
			a.refs.Add(1)
			if !a.library.begin(func() {
				defer a.release()
				work(a.library.ctx)
			}) {
				a.release()
			}
		}, Later: a.later})
}

// later runs work in the background after a time, if the archive is still served then.
func (a *Archive) later(after time.Duration, work func(context.Context)) {
	l := a.library
	l.begin(func() {
		if !l.sleep(after) {
			return
		}
		var v View
		if !l.View(&v) {
			return
		}
		served := slices.Contains(v.set.sources, a)
		if served {
			a.refs.Add(1)
			defer a.release()
		}
		v.Release()
		if served {
			work(l.ctx)
		}
	})
}

// openFiles opens what the archive is sent from, and begins to watch it.
func (a *Archive) openFiles() error {
	if a.tar.Shards() > 0 {
		if set, ok := a.tar.Source().(source.Overwritable); ok {
			a.guard.WatchSet(set)
		}
		if err := a.openShards(); err != nil {
			return err
		}
	} else {
		if err := a.openFile(); err != nil {
			return err
		}
		if a.stamp.Archive.Mode().IsRegular() && a.file != nil && a.origin == nil {
			watch := a.guard.WatchFile
			if a.tar.IndexEmbedded() && a.Index.Mapped() { // it changes with the file
				watch = a.guard.WatchBoth
			}
			watch(a.file, changetime.StampOf(a.stamp.Archive))
		}
		if src, ok := a.tar.Source().(source.Overwritable); ok && a.tar.Within() != nil {
			a.guard.WatchSet(src)
		}
	}
	if a.beside && a.Index.Mapped() && a.stamp.Index != nil {
		if a.sidecar = guard.OpenSidecar(a.tar.Name(), a.Index.Size()); a.sidecar == nil {
			return fmt.Errorf("%s: %w", a.Name, guard.ErrBusy)
		}
		a.guard.WatchIndex(a.sidecar, changetime.StampOf(a.stamp.Index))
	}
	linked, err := a.guard.Accept()
	if err != nil {
		return err
	}
	if linked {
		a.guard.BeginTouched()
	}
	// The index was read between this look at it and the one before.
	changed, err := a.stamp.IndexChanged(a.Name)
	if err == nil && changed && a.beside {
		err = fmt.Errorf("%s: %w", a.Name, guard.ErrBusy)
	}
	return err
}

// openSpec opens the archive of a Spec, with one reference.
func (l *Library) openSpec(ctx context.Context, spec Spec) (*Archive, error) {
	if spec.Open != nil {
		return l.openRemote(ctx, spec)
	}
	if spec.Opened == nil {
		return l.openWritten(ctx, spec.Path)
	}
	if l.trust != nil && spec.Opened.Signed() == nil {
		return nil, fmt.Errorf("%s: %w", spec.Opened.Name(), signature.ErrUnsigned)
	}
	a := &Archive{Tree: contents.Tree{Name: spec.Opened.Name(), Index: spec.Opened.Index()},
		tar: spec.Opened, shared: true, library: l}
	a.setKeeper()
	a.begin()
	if spec.Opened.Shards() == 0 && a.keeper == nil {
		if err := a.openFile(); err != nil {
			return nil, err
		}
	}
	switch src := spec.Opened.Source().(type) {
	case *source.File:
		if a.file == nil {
			a.guard.WatchSet(src)
		} else if fi, err := a.file.Stat(); err == nil && fi.Mode().IsRegular() {
			a.guard.WatchFile(a.file, changetime.StampOf(src.Opened()))
		}
	case source.Overwritable:
		a.guard.WatchSet(src)
	}
	if spec.Opened.Signed() != nil {
		a.guard.BeginProof()
	}
	l.shared.Add(1)
	a.closed = l.shared.Done
	if err := l.readRules(ctx, a); err != nil {
		a.release()
		return nil, err
	}
	return a, nil
}

// openFile finds the one file that the archive lies in, if it does, and maps it. If other bytes
// precede it there, only the mapping is used; see View.Range.
func (a *Archive) openFile() error {
	src := a.tar.Source()
	piece, ok, err := src.Piece(0, src.Size())
	if err != nil || !ok {
		return err
	}
	if piece.Length != src.Size() || piece.Offset != 0 && a.tar.Within() == nil {
		piece.Release()
		return nil
	}
	a.releaseFile = piece.Release
	if piece.Offset == 0 {
		a.file = piece.File
	}
	a.mapped, a.unmap[0] = src.Map()
	if a.members, a.unmap[1] = src.Map(); a.members != nil {
		a.recent = residence.New(src.Size())
		residence.AdviseRandom(a.members)
	}
	return nil
}

// readAhead is how many bytes of an index are read into memory when its archive is opened.
const readAhead = 1 << 30

// fetchIndex reads the index into memory in the background.
func (a *Archive) fetchIndex() {
	a.refs.Add(1)
	go func() {
		defer a.release()
		a.Index.WillNeed(readAhead)
	}()
}

// release gives a reference up. An event loop may do so, and to unmap much memory takes long, so a
// goroutine closes the archive.
func (a *Archive) release() {
	if a.refs.Add(-1) == 0 {
		go a.close()
	}
}

func (a *Archive) close() (err error) {
	for _, unmap := range a.unmap {
		if unmap != nil {
			_ = unmap()
		}
	}
	a.text.Close()
	if a.releaseFile != nil {
		a.releaseFile()
	}
	if a.opened != nil {
		err = a.opened.Close()
	}
	if a.sidecar != nil {
		_ = a.sidecar.Close()
	}
	if a.origin != nil {
		_ = a.origin.Close()
	}
	if a.encoded != nil {
		a.encoded.Close()
	}
	if a.closed != nil {
		a.closed()
	}
	return err
}

// lookup is Tree.Lookup for an answer that will need what it finds.
func (a *Archive) lookup(path string, n *plan.Node) (bool, error) {
	ok, err := a.Lookup(path, n)
	if n.Kind == plan.File {
		a.expect(n)
	}
	return ok, err
}

// expect begins to fetch the end of a member into the processor's cache. View.Member reads it as
// soon as the answer is planned.
func (a *Archive) expect(n *plan.Node) {
	if end := n.Offset + n.Length; n.Length > 0 && end <= int64(len(a.members)) {
		prefetch.Byte(a.members, int(end)-1)
	}
}
