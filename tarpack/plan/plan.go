package plan

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"sync"

	"github.com/tarpack/tpk/tarpack/exclude"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// ErrNothing means that there is nothing to pack.
var ErrNothing = errors.New("there is nothing to pack")

// defaultWorkers is how many goroutines look at files. They mostly wait for the file system.
const defaultWorkers = 8

// Options are the options of Dir. Shards must be set.
type Options struct {
	// Shards is the number of manifests, 1 to format.MaxShards, of about the same bytes of content.
	// There are never more manifests than entries.
	Shards        int
	Workers       int               // goroutines that read directories; 0 means 8
	Exclude       *exclude.Patterns // paths to leave out; nil leaves out none
	Include       *exclude.Patterns // paths to plan, with the directories above; nil plans all
	Dereference   bool              // plan what symbolic links lead to, and not the links
	OneFileSystem bool              // leave out what is in directories of other file systems
	Special       bool              // plan FIFOs and devices; otherwise skip them with a notice

	// Notice, if set, is called for each file that is left out, with the reason, and once for the
	// names of files that are in several shards, with format.ErrOtherShard.
	Notice func(error)
	// Progress, if set, is called after each entry, never by two goroutines at once.
	Progress func(format.Progress)
}

// ListOptions are the options of List. Shards must be set.
type ListOptions struct {
	Shards      int               // see Options
	Workers     int               // goroutines that look at files; 0 means 8
	Exclude     *exclude.Patterns // paths to leave out; nil leaves out none
	Dereference bool              // plan what symbolic links lead to, and not the links
	Special     bool              // plan FIFOs and devices; otherwise skip them with a notice

	Notice   func(error)           // see Options
	Progress func(format.Progress) // see Options
}

// A Manifest is the list of paths for one shard.
type Manifest struct {
	Name    string // of its file
	Entries int64  // paths in it
	Bytes   int64  // of the content of files
}

// Result describes a plan.
type Result struct {
	Manifests []Manifest
	Entries   int64 // paths in all manifests
	Bytes     int64 // of the content of files
	Copies    int64 // further names of files, in other shards than the name before
}

// Dir writes the manifests of the directory dir into the new directory out. They are named
// 00003-of-00064.list, as the shards of a set are. All of them appear, or none. The walk is that of
// pack.Dir with the same options, so the shards, one after the other, have the order of an archive.
//
// A directory that cannot be read ends the run. The error wraps fs.ErrExist if there is something
// named out that is not an empty directory, format.ErrLocked if another process writes it, and
// ErrNothing if there is nothing to pack.
func Dir(ctx context.Context, dir, out string, o Options) (Result, error) {
	return inTree(ctx, dir, out, &o, func(j *job, t *tree.Tree) error {
		return j.walk(ctx, dir, t, &o)
	})
}

// Names is Dir for certain paths below dir, each with everything below it. They need not be sorted,
// and may be there twice. A path that is missing is an error, unless one above it is there, too.
func Names(
	ctx context.Context, dir string, paths iter.Seq2[string, error], out string, o Options,
) (Result, error) {
	return inTree(ctx, dir, out, &o, func(j *job, t *tree.Tree) error {
		return inBatches(ctx, paths, maxNames, func(names []string) error {
			if err := t.Select(names, nil); err != nil {
				return err
			}
			return j.walk(ctx, dir, t, &o)
		})
	})
}

// inTree writes the manifests of what collect finds in the tree of a directory.
func inTree(
	ctx context.Context, dir, out string, o *Options, collect func(*job, *tree.Tree) error,
) (Result, error) {
	return run(ctx, dir, out, common{o.Shards, o.Notice, o.Progress},
		func(ctx context.Context, j *job) error {
			t, err := tree.Open(dir)
			if err != nil {
				return err
			}
			defer t.Close()
			t.Follow, t.OneFileSystem = o.Dereference, o.OneFileSystem
			return collect(j, t)
		})
}

// walk adds what is in the tree of a directory.
func (j *job) walk(ctx context.Context, dir string, t *tree.Tree, o *Options) error {
	w := &tree.Walker{
		Exclude: o.Exclude, Include: o.Include, Special: o.Special, Skip: j.skip, Notice: j.notice,
	}
	if o.Include != nil {
		err := t.Include(ctx, &tree.Walker{
			Exclude: o.Exclude, Include: o.Include, Special: o.Special,
		})
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
	}
	return crawl(ctx, t, w, j.collector, o.Workers)
}

// List is Names, but a directory does not stand for what is below it. A path that is missing, or
// below a symbolic link, is an error.
func List(
	ctx context.Context, dir string, paths iter.Seq2[string, error], out string, o ListOptions,
) (Result, error) {
	return run(ctx, dir, out, common{o.Shards, o.Notice, o.Progress},
		func(ctx context.Context, j *job) error {
			t, err := tree.Open(dir)
			if err != nil {
				return err
			}
			defer t.Close()
			t.Follow = o.Dereference
			w := &tree.Walker{
				Exclude: o.Exclude, Special: o.Special, Skip: j.skip, Notice: j.notice,
			}
			return look(ctx, t, w, paths, j.collector, o.Workers)
		})
}

// common is what all functions of the package have in their options.
type common struct {
	shards   int
	notice   func(error)
	progress func(format.Progress)
}

// A job is one run.
type job struct {
	*collector
	skip   []os.FileInfo // files that the run writes
	notice func(error)   // several goroutines may call it
}

// run writes the manifests of what collect puts into the collector. Source is its name in errors.
func run(
	ctx context.Context, source, out string, o common, collect func(context.Context, *job) error,
) (res Result, err error) {
	if o.shards < 1 || o.shards > format.MaxShards {
		return res, fmt.Errorf("%s: %w: shards must be 1 to %d", source, os.ErrInvalid,
			format.MaxShards)
	}
	dst, err := create(out)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, dst.close()) }()
	locked, err := dst.temp.Stat()
	if err != nil {
		return res, err
	}
	j := &job{collector: newCollector(o), skip: []os.FileInfo{locked}, notice: func(error) {}}
	defer func() { err = errors.Join(err, j.close()) }()
	if o.notice != nil {
		var mu sync.Mutex
		j.notice = func(err error) {
			mu.Lock()
			defer mu.Unlock()
			o.notice(err)
		}
	}
	if err := collect(ctx, j); err != nil {
		return res, err
	}
	if res, err = dst.write(ctx, j.collector, o.shards, j.notice); err != nil {
		return Result{}, err
	}
	if res.Entries == 0 {
		return res, fmt.Errorf("%s: %w", source, ErrNothing)
	}
	return res, dst.commit()
}
