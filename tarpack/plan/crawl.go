package plan

import (
	"context"
	"sync"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// A crawler reads the directories of a tree with several goroutines, in any order.
type crawler struct {
	walker    *tree.Walker
	collector *collector

	mu    sync.Mutex
	ready *sync.Cond   // something of the following has changed
	found []tree.Entry // directories to read; the last one found is the next one, to have few open
	busy  int          // goroutines that read a directory
	err   error        // ends the run
}

// crawl adds everything in a tree to the collector.
func crawl(
	ctx context.Context, t *tree.Tree, w *tree.Walker, c *collector, workers int,
) error {
	if workers <= 0 {
		workers = defaultWorkers
	}
	top, err := t.Top()
	if err != nil {
		return err
	}
	k := &crawler{walker: w, collector: c}
	k.ready = sync.NewCond(&k.mu)
	stop := context.AfterFunc(ctx, func() { k.done(context.Cause(ctx), 0) })
	defer stop()
	k.busy = 1 // this one, so that the others wait
	var group sync.WaitGroup
	for range workers {
		group.Go(k.work)
	}
	k.done(k.read(top), 1)
	group.Wait()
	for _, e := range k.found { // after an error
		e.Dir.Release()
	}
	return k.err
}

// work reads directories until none is left.
func (k *crawler) work() {
	for {
		e, ok := k.next()
		if !ok {
			return
		}
		d, err := tree.OpenDir(e.Dir, e)
		e.Dir.Release()
		if err == nil {
			err = k.read(d)
		}
		k.done(err, 1)
	}
}

// next returns a directory to read. Ok is false once all are read, or after an error.
func (k *crawler) next() (e tree.Entry, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for len(k.found) == 0 && k.busy > 0 && k.err == nil {
		k.ready.Wait()
	}
	if len(k.found) == 0 || k.err != nil {
		return e, false
	}
	last := len(k.found) - 1
	e = k.found[last]
	k.found[last] = tree.Entry{}
	k.found = k.found[:last]
	k.busy++
	return e, true
}

// done notes that n goroutines have read a directory, with this error.
func (k *crawler) done(err error, n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.busy -= n
	if k.err == nil {
		k.err = err
	}
	k.ready.Broadcast()
}

// read adds the entries of a directory, and remembers the directories among them.
func (k *crawler) read(d *tree.Dir) error {
	d.Acquire()
	defer d.Release()
	entries, err := k.walker.List(d)
	if err != nil {
		return err
	}
	var dirs []tree.Entry
	for i := range entries {
		if err := k.collector.add(entryOf(&entries[i])); err != nil {
			return err
		}
		if entries[i].Typ == sidecar.TypeDir {
			dirs = append(dirs, entries[i])
		}
	}
	for range dirs {
		d.Acquire()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.found = append(k.found, dirs...)
	return nil
}

// entryOf returns what is planned for an entry of a tree.
func entryOf(e *tree.Entry) *entry {
	p := &entry{path: e.Path(), typ: e.Typ}
	if e.Typ == sidecar.TypeFile {
		p.size = e.Info.Size()
		if durable.StatOf(e.Info).Nlink > 1 {
			p.inode = durable.InodeOf(e.Info)
		}
	}
	return p
}
