package extract

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

// A passKind is the purpose of a pass over the index.
type passKind int

const (
	passFiles passKind = iota // everything except the other two
	passLinks                 // hard links that need their targets first
	passDirs                  // modes and times of directories, which must come last
)

// A linkMode is a way to extract a hard link.
type linkMode int

const (
	linkCopy  linkMode = iota // a separate file, decompressed again
	linkHard                  // a hard link
	linkClone                 // a separate file that shares its blocks with the target
)

// A job is an entry for a worker.
type job struct {
	ordinal int
	name    string
	entry   sidecar.Entry
}

// A batch is a number of jobs in one directory. Where possible they are neighbours in the archive.
type batch struct {
	dir   *targetDir
	jobs  []job
	size  int64 // bytes of content
	links bool  // it is a batch of passLinks
}

const (
	batchJobs = 64
	batchSize = 1 << 20
)

// joinPath returns the path of name in dir. The path of the root is "".
func joinPath(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// splitName cuts a path into its directory and its last component.
func splitName(path string) (dir, name string) {
	i := strings.LastIndexByte(path, '/')
	return path[:max(i, 0)], path[i+1:]
}

// A walker goes through the index in path order, in one pass. Its stack has the directories from
// the target down to the current one. A directory is only ever accessed through its own handle, or
// by its name through the parent's. No path is looked up from the root, so an exchanged directory
// cannot redirect the walk.
type walker struct {
	x      *extractor
	ctx    context.Context
	kind   passKind
	stack  []*targetDir
	owners ownerReader
	checks *tarpack.HeaderChecker
	skip   int // entries with a lower ordinal are below a directory that failed
}

// walk goes through the selected entries.
func (w *walker) walk() (err error) {
	w.owners.x = w.x
	if w.kind == passFiles {
		w.checks = w.x.a.HeaderChecker()
	}
	top := &targetDir{
		keepOld: w.x.o.KeepOldFiles, root: w.x.root, borrowed: true,
		ordinal: sidecar.Root, createdHere: w.kind == passLinks,
	}
	top.refs.Store(1)
	w.stack = []*targetDir{top}
	defer func() {
		for len(w.stack) > 0 {
			err = errors.Join(err, w.pop(err == nil))
		}
	}()
	for _, r := range w.x.runs {
		for row, err := range w.x.a.Index().All(r.from, r.to) {
			if err != nil {
				return fmt.Errorf("%s: %w", w.x.a.Name(), err)
			}
			if row.Ordinal < w.skip || !w.concerns(&row) {
				continue
			}
			if err := w.entry(&row); err != nil {
				return err
			}
		}
	}
	return nil
}

// concerns reports whether the pass has anything to do for an entry.
func (w *walker) concerns(row *sidecar.Row) bool {
	switch w.kind {
	case passLinks:
		return row.Entry.Type == sidecar.TypeHardlink && w.x.linkMode(&row.Entry) != linkCopy
	case passDirs:
		return row.Entry.Type == sidecar.TypeDir
	}
	return true
}

// entry handles the next entry.
func (w *walker) entry(row *sidecar.Row) error {
	if err := context.Cause(w.ctx); err != nil {
		return err
	}
	if w.kind != passFiles {
		if _, failed := w.x.failed.Load(row.Ordinal); failed {
			w.skipDir(row)
			return nil
		}
	}
	path := string(row.Path)
	dir, name := splitName(w.x.strip(path))
	if w.kind == passFiles && w.x.o.Entry != nil {
		w.x.o.Entry(*row)
	}
	err := sidecar.ValidPath(path)
	if err != nil {
		err = fmt.Errorf("%w: %w", format.ErrRefused, err)
	} else {
		err = format.CheckPath(w.x.strip(path))
	}
	var d *targetDir
	if err == nil {
		d, err = w.enter(dir)
	}
	if err == nil {
		if row.Entry.Type == sidecar.TypeDir {
			if err = w.checks.Check(row.Ordinal, &row.Entry); err == nil {
				err = w.directory(d, name, row)
			}
		} else {
			err = w.enqueue(d, job{row.Ordinal, name, row.Entry})
			if err != nil {
				return err
			}
		}
	}
	if err == nil {
		return nil
	}
	w.skipDir(row)
	return w.x.fail(w.ctx, row.Ordinal, row.Entry.Offset, err)
}

// skipDir skips everything below an entry that is a directory.
func (w *walker) skipDir(row *sidecar.Row) {
	if row.Entry.Type == sidecar.TypeDir {
		w.skip = int(row.Entry.End)
	}
}

// enter makes the directory at path the top of the stack. It creates missing directories above the
// entries to extract.
func (w *walker) enter(path string) (*targetDir, error) {
	for {
		d := w.stack[len(w.stack)-1]
		if d.path == path {
			return d, nil
		}
		if rest := strings.TrimPrefix(path, d.path); d.path == "" || rest != path && rest[0] == '/' {
			name, _, _ := strings.Cut(strings.TrimPrefix(rest, "/"), "/")
			if err := w.push(d, name, nil); err != nil {
				return nil, err
			}
			continue
		}
		if err := w.pop(true); err != nil {
			return nil, err
		}
	}
}

// directory handles a directory in d.
func (w *walker) directory(d *targetDir, name string, row *sidecar.Row) error {
	if err := w.push(d, name, row); err != nil {
		return err
	}
	if w.kind == passFiles {
		w.x.count(1, 0)
	}
	return nil
}

// push puts the directory name in d on the stack. Row is its entry, or nil if it is not extracted
// itself.
func (w *walker) push(d *targetDir, name string, row *sidecar.Row) error {
	// In passLinks everything in the way has been removed, so this run created what is there.
	sub := &targetDir{
		keepOld: d.keepOld, path: joinPath(d.path, name), parent: d, name: name,
		ordinal: sidecar.Root, createdHere: w.kind == passLinks,
	}
	sub.refs.Store(1)
	if row != nil {
		sub.ordinal, sub.entry = row.Ordinal, row.Entry
	}
	if w.kind == passFiles {
		if err := w.makeDir(d, sub); err != nil {
			return err
		}
	} else if err := d.open(); err != nil { // sub is opened when it is used
		return err
	}
	w.stack = append(w.stack, sub)
	return nil
}

// makeDir creates the directory sub in d, or uses one that exists, perhaps because it is extracted
// from several directories of the archive.
func (w *walker) makeDir(d, sub *targetDir) error {
	err := d.makeDir(sub)
	if errors.Is(err, format.ErrCollision) && w.x.entered != nil {
		there, e := d.root.Lstat(sub.name)
		if e != nil {
			return e
		}
		id, e := osfile.Identify(d.root, sub.name, there)
		if e != nil {
			return e
		}
		createdHere, again := w.x.entered[id]
		if !again || !there.IsDir() {
			return err
		}
		sub.createdHere = createdHere
		return sub.open()
	}
	if err != nil {
		return err
	}
	if d.keepOld && !sub.createdHere && sub.ordinal != sidecar.Root {
		w.x.noAttributes[sub.ordinal] = true
	}
	if w.x.entered == nil {
		return nil
	}
	fi, err := sub.root.Stat(".")
	if err != nil {
		return err
	}
	id, err := osfile.Identify(sub.root, ".", fi)
	w.x.entered[id] = sub.createdHere
	return err
}

// pop removes the top of the stack. In the last pass the directory gets its mode and time, unless
// an error ended the walk.
func (w *walker) pop(well bool) error {
	d := w.stack[len(w.stack)-1]
	w.stack = w.stack[:len(w.stack)-1]
	defer d.release()
	if !well {
		return nil
	}
	if w.kind == passDirs && d.ordinal != sidecar.Root && !w.x.noAttributes[d.ordinal] {
		if err := d.restore(&w.owners); err != nil {
			return w.x.fail(w.ctx, d.ordinal, d.entry.Offset, err)
		}
	}
	return w.flush(d)
}

// enqueue adds a job to the batch of its directory.
func (w *walker) enqueue(d *targetDir, j job) error {
	if err := d.open(); err != nil {
		return w.x.fail(w.ctx, j.ordinal, j.entry.Offset, err)
	}
	if d.batch == nil {
		d.batch = &batch{dir: d, jobs: make([]job, 0, 8), links: w.kind == passLinks}
	}
	b := d.batch
	b.jobs = append(b.jobs, j)
	b.size += j.entry.Size
	if len(b.jobs) == batchJobs || b.size >= batchSize {
		return w.flush(d)
	}
	return nil
}

// flush sends the batch of a directory to the workers.
func (w *walker) flush(d *targetDir) error {
	b := d.batch
	if b == nil {
		return nil
	}
	d.batch = nil
	d.refs.Add(1)
	select {
	case w.x.jobs <- b:
		return nil
	case <-w.ctx.Done():
		d.release()
		return context.Cause(w.ctx)
	}
}
