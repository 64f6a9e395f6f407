package plan

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"syscall"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tree"
	"golang.org/x/sync/errgroup"
)

const (
	batch     = 256  // paths that a goroutine gets at once
	maxParent = 4096 // directories that a goroutine knows
)

// look adds the paths of a list to the collector.
func look(
	ctx context.Context, t *tree.Tree, w *tree.Walker, paths iter.Seq2[string, error], c *collector,
	workers int,
) error {
	if workers <= 0 {
		workers = defaultWorkers
	}
	g, ctx := errgroup.WithContext(ctx)
	batches := make(chan []string)
	for range workers {
		g.Go(func() error {
			l := &looker{tree: t, walker: w, collector: c}
			for paths := range batches {
				for _, p := range paths {
					if err := l.look(p); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	g.Go(func() error {
		defer close(batches)
		return read(ctx, paths, batches)
	})
	return g.Wait()
}

// read sends the paths in batches.
func read(ctx context.Context, paths iter.Seq2[string, error], to chan<- []string) error {
	var some []string
	send := func() error {
		select {
		case to <- some:
			some = nil
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for p, err := range paths {
		if err != nil {
			return err
		}
		if some = append(some, p); len(some) == batch {
			if err := send(); err != nil {
				return err
			}
		}
	}
	return send()
}

// A looker finds out what is at the paths of a list.
type looker struct {
	tree      *tree.Tree
	walker    *tree.Walker
	collector *collector
	parents   map[string]bool // directories that were seen: whether what is below them is planned
}

// look adds what is at a path of a list.
func (l *looker) look(given string) error {
	p, err := tree.CleanName(given)
	if p == "" || err != nil {
		return err // the top itself is no entry
	}
	if i := strings.LastIndexByte(p, '/'); i >= 0 {
		if planned, err := l.enter(p, i); !planned {
			return err
		}
	}
	fi, err := l.tree.Lstat(p)
	if err != nil {
		return tree.Error(p, err)
	}
	e := &tree.Entry{Name: p[strings.LastIndexByte(p, '/')+1:], Info: fi, Full: p}
	if planned, err := l.walker.Classify(e); !planned {
		return err
	}
	return l.collector.add(entryOf(e))
}

// enter reports whether the first n bytes of p are a directory that is not excluded, nor is one
// above it. Anything but a directory is an error.
func (l *looker) enter(p string, n int) (planned bool, err error) {
	dir := p[:n]
	if planned, ok := l.parents[dir]; ok {
		return planned, nil
	}
	if i := strings.LastIndexByte(dir, '/'); i >= 0 {
		if planned, err = l.enter(p, i); err != nil {
			return false, err
		}
	} else {
		planned = true
	}
	if planned {
		fi, err := l.tree.Lstat(dir)
		if err == nil && !fi.IsDir() {
			err = fmt.Errorf("%w: %s is not one, or a link", syscall.ENOTDIR, format.Printable(dir))
		}
		if err != nil {
			return false, tree.Error(p, err)
		}
		planned = !l.walker.Exclude.Match(dir, true)
	}
	if l.parents == nil || len(l.parents) >= maxParent {
		l.parents = map[string]bool{}
	}
	l.parents[dir] = planned
	return planned, nil
}
