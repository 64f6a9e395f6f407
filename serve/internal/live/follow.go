package live

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/tarpack/tpk/serve/internal/plain"
)

const (
	// rootEvery is the time between two looks whether the directory is still the same.
	rootEvery = 200 * time.Millisecond
	// gather is how long after the last event of a folder it is read, and gatherMost how long after
	// the first: in a storm that never pauses, too. The latter is longer if reading takes long, as
	// below.
	gather     = 50 * time.Millisecond
	gatherMost = 500 * time.Millisecond
	// lookEvery is the time from one reading of all folders to the next without events, and
	// lookSeldom with events: some file systems send none of changes by other machines. Either is
	// longer if reading takes long, so that it takes at most 1/lookShare of the time.
	lookEvery  = time.Second
	lookSeldom = time.Minute
	lookShare  = 20
)

// follower notices what changes in a Dir. One goroutine uses it.
type follower struct {
	d     *Dir
	w     *watcher
	root  *plain.Dir
	dirty map[string]bool // folders with events
	first time.Time       // when the first of these events came
	last  time.Time       // when the last one came
	look  time.Time       // when all folders are to be read
	took  time.Duration   // by the last reading
	told  bool            // there was a notice that there are no events
}

// follow keeps the catalog as the directory is, until the Dir is closed.
func (d *Dir) follow() {
	f := &follower{d: d, dirty: map[string]bool{}}
	d.mu.Lock()
	f.root = d.root
	d.mu.Unlock()
	f.begin()
	defer func() { f.w.close() }()
	tick := time.NewTicker(rootEvery)
	defer tick.Stop()
	for d.ctx.Err() == nil {
		select {
		case <-d.ctx.Done():
		case e := <-f.w.events():
			f.note(e, time.Now())
		case err := <-f.w.errors():
			f.lost(err)
		case <-tick.C:
			f.reopen()
		case <-time.After(f.wait(time.Now())):
		}
		f.read(time.Now())
	}
}

// begin watches the present root, and reads all of it.
func (f *follower) begin() {
	if f.w != nil {
		f.w.close()
	}
	f.w = newWatcher(f.d.c.Path)
	f.d.catalog.remove("")
	clear(f.dirty)
	f.look = time.Now()
}

// reopen notices that the directory was replaced, removed, or created.
func (f *follower) reopen() {
	root, another := f.d.reopen()
	if !another {
		return
	}
	f.root = root
	f.begin()
	f.d.c.Changed()
}

// note notes an event.
func (f *follower) note(e fsnotify.Event, now time.Time) {
	if path, ok := f.w.folderOf(e); ok {
		if len(f.dirty) == 0 {
			f.first = now
		}
		f.last, f.dirty[path] = now, true
	}
}

// lost handles an error of the watcher: events were lost, so all folders are read.
func (f *follower) lost(err error) {
	if !errors.Is(err, fsnotify.ErrEventOverflow) {
		f.d.c.Notice(f.d.c.Path + ": watching: " + err.Error())
	}
	f.look = time.Now().Add(gather)
}

// wait returns how long nothing need be read.
func (f *follower) wait(now time.Time) time.Duration {
	if f.root == nil {
		return rootEvery
	}
	at := f.look
	if due := f.due(); len(f.dirty) > 0 && due.Before(at) {
		at = due
	}
	return max(at.Sub(now), time.Millisecond)
}

// due returns when folders with events are to be read.
func (f *follower) due() time.Time {
	due, most := f.last.Add(gather), f.first.Add(max(gatherMost, lookShare*f.took))
	if most.Before(due) {
		return most
	}
	return due
}

// read reads the folders that it is time for.
func (f *follower) read(now time.Time) {
	if f.root == nil {
		return
	}
	all := !now.Before(f.look)
	if !all && (len(f.dirty) == 0 || now.Before(f.due())) {
		return
	}
	paths := slices.Sorted(maps.Keys(f.dirty))
	clear(f.dirty)
	f.d.scan(f.root, paths, all, f.w)
	f.tellEvents()
	if f.took = time.Since(now); all {
		f.look = time.Now().Add(f.pause(f.took))
	}
}

// pause returns how long after all folders were read they are read again. That took so long.
func (f *follower) pause(took time.Duration) time.Duration {
	if f.w.fs == nil {
		return max(lookEvery, lookShare*took)
	}
	return max(lookSeldom, lookShare*took)
}

// tellEvents notes whether there are events, and says once if there are none.
func (f *follower) tellEvents() {
	f.d.mu.Lock()
	f.d.events = f.w.fs != nil
	f.d.mu.Unlock()
	if f.w.failed != nil && !f.told {
		f.told = true
		f.d.c.Notice(f.d.c.Path + ": changes are noticed by reading all folders every second or" +
			" more, as the system sends no events: " + whyNoEvents(f.w.failed))
	}
}

// whyNoEvents says what an error of watching means. For a limit, the system's own text speaks of a
// full disk.
func whyNoEvents(err error) string {
	if isLimit(err) {
		return "its limit of watched folders is reached (on Linux, fs.inotify.max_user_watches or" +
			" max_user_instances)"
	}
	return err.Error()
}
