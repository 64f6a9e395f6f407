package tarpack

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tarpack/tpk/sidecar"
)

// passKind is what a pass over the index is for.
type passKind int

const (
	passFiles passKind = iota // everything but the next two
	passLinks                 // hard links that want their target to be there
	passDirs                  // modes and times of directories, which have to wait until nothing is written in them any more
)

// linkMode is what becomes of a hard link.
type linkMode int

const (
	linkCopy  linkMode = iota // a file of its own, inflated again
	linkHard                  // a hard link
	linkClone                 // a file of its own that shares its blocks with the target
)

// A job is an entry for a worker.
type job struct {
	i     int
	name  string
	entry sidecar.Entry
}

// A batch is jobs in the same directory, neighbours in the archive as far as can be.
type batch struct {
	dir  *targetDir
	jobs []job
	size int64 // bytes of content
	// links: it is of the pass that makes hard links.
	links bool
}

const (
	batchJobs = 64
	batchSize = 1 << 20
)

func (j *job) path(d *targetDir) string { return joinPath(d.path, j.name) }

// joinPath is a path with one more component. The root's path is "".
func joinPath(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// splitName cuts a path into directory and last component.
func splitName(path string) (dir, name string) {
	i := strings.LastIndexByte(path, '/')
	return path[:max(i, 0)], path[i+1:]
}

// An extractWalk is a pass's way through the index, in path order. The directories from the target down to where it is are a
// stack; whatever is done to one is done through a handle of it or of the one above, and by its name alone, so that no
// path is ever looked up from the beginning.
type extractWalk struct {
	x     *extractor
	ctx   context.Context
	kind  passKind
	stack []*targetDir
	skip  int // entries with an ordinal below are in a directory that could not be made
}

// walk goes through the selected entries.
func (w *extractWalk) walk() (err error) {
	top := &targetDir{root: w.x.root, borrowed: true, i: sidecar.Root, fresh: w.kind == passLinks}
	top.refs.Store(1)
	w.stack = []*targetDir{top}
	defer func() {
		for len(w.stack) > 0 {
			err = errors.Join(err, w.pop(err == nil))
		}
	}()
	for _, r := range w.x.runs {
		for row, err := range w.x.a.index.All(r.from, r.to) {
			if err != nil {
				return fmt.Errorf("%s: %w", w.x.a.name, err)
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

// concerns says whether a pass has anything to do with an entry.
func (w *extractWalk) concerns(row *sidecar.Row) bool {
	switch w.kind {
	case passLinks:
		return row.Entry.Type == sidecar.TypeHardlink && w.x.linkMode(&row.Entry) != linkCopy
	case passDirs:
		return row.Entry.Type == sidecar.TypeDir
	}
	return true
}

// entry deals with the next entry.
func (w *extractWalk) entry(row *sidecar.Row) error {
	if err := context.Cause(w.ctx); err != nil {
		return err
	}
	if w.kind != passFiles {
		if _, failed := w.x.failed.Load(row.Ordinal); failed {
			return w.skipDir(row)
		}
	}
	path := string(row.Path)
	dir, name := splitName(path)
	err := sidecar.ValidPath(path)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrRefused, err)
	}
	var d *targetDir
	if err == nil {
		d, err = w.enter(dir)
	}
	if err == nil {
		if row.Entry.Type == sidecar.TypeDir {
			err = w.directory(d, name, row)
		} else {
			err = w.line(d, job{row.Ordinal, name, row.Entry})
			if err != nil {
				return err
			}
		}
	}
	if err == nil {
		return nil
	}
	if err := w.skipDir(row); err != nil {
		return err
	}
	return w.x.fail(w.ctx, row.Ordinal, path, row.Entry.Offset, err)
}

// skipDir passes over what is below an entry, if that is a directory.
func (w *extractWalk) skipDir(row *sidecar.Row) error {
	if row.Entry.Type == sidecar.TypeDir {
		w.skip = int(row.Entry.End)
	}
	return nil
}

// enter makes the directory at path the top of the stack. Directories that are not there yet, being above what is to be
// extracted, are made.
func (w *extractWalk) enter(path string) (*targetDir, error) {
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

// directory deals with a directory in d.
func (w *extractWalk) directory(d *targetDir, name string, row *sidecar.Row) error {
	if err := w.push(d, name, row); err != nil {
		return err
	}
	if w.kind == passFiles {
		w.x.count(1, 0)
	}
	return nil
}

// push puts the directory of that name in d on the stack. Row is its entry, nil for one that is only passed through.
func (w *extractWalk) push(d *targetDir, name string, row *sidecar.Row) error {
	// In the pass for links, places were cleared before: what is there now, this run has made.
	sub := &targetDir{path: joinPath(d.path, name), parent: d, name: name, i: sidecar.Root, fresh: w.kind == passLinks}
	sub.refs.Store(1)
	if row != nil {
		sub.i, sub.entry = row.Ordinal, row.Entry
	}
	if w.kind == passFiles {
		if err := d.make(sub); err != nil {
			return err
		}
	} else if err := d.open(); err != nil { // sub itself is opened when something is done in it
		return err
	}
	w.stack = append(w.stack, sub)
	return nil
}

// pop ends a directory. In the last pass it gets its mode and time, if all went well.
func (w *extractWalk) pop(well bool) error {
	d := w.stack[len(w.stack)-1]
	w.stack = w.stack[:len(w.stack)-1]
	defer d.release()
	if !well {
		return nil
	}
	if w.kind == passDirs && d.i != sidecar.Root {
		if err := d.restore(); err != nil {
			return w.x.fail(w.ctx, d.i, d.path, d.entry.Offset, err)
		}
	}
	return w.flush(d)
}

// line puts a job in line for the workers.
func (w *extractWalk) line(d *targetDir, j job) error {
	if err := d.open(); err != nil {
		return w.x.fail(w.ctx, j.i, j.path(d), j.entry.Offset, err)
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

// flush hands a directory's batch to the workers.
func (w *extractWalk) flush(d *targetDir) error {
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
