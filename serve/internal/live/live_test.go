package live

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/tarpack"
)

// opened is an Archive of a test.
type opened struct {
	tar  *tarpack.Archive
	refs atomic.Int32
}

func (o *opened) Tar() *tarpack.Archive { return o.tar }
func (o *opened) Retain()               { o.refs.Add(1) }
func (o *opened) Release() {
	if o.refs.Add(-1) == 0 {
		_ = o.tar.Close()
	}
}

// notes are the notices of a Dir.
type notes struct {
	mu    sync.Mutex
	lines []string
}

func (n *notes) add(line string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, line)
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.lines, "\n")
}

// newDir returns a Dir that follows a directory until the test ends.
func newDir(t *testing.T, c Config) (*Dir, *notes) {
	t.Helper()
	said := &notes{}
	c.Notice, c.Changed = said.add, func() {}
	c.Open = func(ctx context.Context, name string) (Archive, error) {
		a, err := tarpack.Open(ctx, name, nil)
		if err != nil {
			return nil, err
		}
		o := &opened{tar: a}
		o.refs.Store(1)
		return o, nil
	}
	d, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return d, said
}

func save(t *testing.T, name, content string) {
	t.Helper()
	err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755),
		os.WriteFile(name, []byte(content), 0o644))
	if err != nil {
		t.Fatal(err)
	}
}

// until waits until a Dir is as it should be.
func until(t *testing.T, d *Dir, what string, is func(Stats) bool) {
	t.Helper()
	limit := time.Now().Add(time.Minute)
	for !is(d.Stats()) {
		if time.Now().After(limit) {
			t.Fatalf("never: %s: %+v", what, d.Stats())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// TestStorm: while files are written, removed and written again without a pause, what is there at
// the end is packed, and nothing is taken for what it was before.
func TestStorm(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "doc")
	d, _ := newDir(t, Config{Path: dir, Cache: t.TempDir()})
	d.Start()
	defer d.Close()
	const n = 300
	content := func(round, i int) string { return fmt.Sprintf("round %d of %d", round, i) }
	for round := range 4 {
		if round == 2 {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}
		for i := range n {
			save(t, filepath.Join(dir, fmt.Sprint(i%7), fmt.Sprint(i)), content(round, i))
		}
	}
	until(t, d, "all packed", func(s Stats) bool { return s.Files == n && s.Packed == n })
	for i := range n {
		path := fmt.Sprintf("%d/%d", i%7, i)
		l := d.Packed(path)
		if l == nil {
			t.Fatalf("%s is not packed", path)
		}
		x, ok, err := l.Archive.Tar().Index().Lookup(path)
		if err != nil || !ok {
			t.Fatal(path, ok, err)
		}
		b, err := l.Archive.Tar().AppendContent(nil, x)
		if err != nil || string(b) != content(3, i) {
			t.Fatalf("%s: %q, %v", path, b, err)
		}
	}
	save(t, filepath.Join(dir, "0", "0"), "at this moment")
	if d.Packed("0/0") != nil {
		t.Error("an old content is used")
	}
}

// TestReuse: a file that is written again as it was needs no new layer.
func TestReuse(t *testing.T) {
	dir := t.TempDir()
	d, _ := newDir(t, Config{Path: dir, Cache: t.TempDir()})
	d.Start()
	defer d.Close()
	name := filepath.Join(dir, "page.html")
	save(t, name, "the same")
	until(t, d, "packed", func(s Stats) bool { return s.Packed == 1 })
	first := d.Packed("page.html")
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	until(t, d, "removed", func(s Stats) bool { return s.Files == 0 })
	save(t, name, "the same")
	until(t, d, "packed again", func(s Stats) bool { return s.Packed == 1 })
	if l := d.Packed("page.html"); l != first || d.Stats().Layers != 1 {
		t.Errorf("another layer: %+v", d.Stats())
	}
}

// TestRestart: what an earlier Dir has packed is used as soon as the folders are read, without a
// look at the contents.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	c := Config{Path: dir, Cache: t.TempDir()}
	save(t, filepath.Join(dir, "page.html"), "a page")
	d, _ := newDir(t, c)
	d.Start()
	until(t, d, "packed", func(s Stats) bool { return s.Packed == 1 })
	d.Close()
	d, _ = newDir(t, c)
	defer d.Close()
	d.scan(d.root, nil, true, &watcher{})
	if s := d.Stats(); s.Packed != 1 || s.Layers != 1 {
		t.Errorf("%+v", s)
	}
}

// TestWithoutEvents: if the system watches no more folders, all of them are read, and a notice says
// so. The same happens after lost events.
func TestWithoutEvents(t *testing.T) {
	dir := t.TempDir()
	d, said := newDir(t, Config{Path: dir})
	defer d.Close()
	f := &follower{d: d, dirty: map[string]bool{}, root: d.root}
	f.begin()
	defer func() { f.w.close() }()
	f.w.close()
	f.w.failed = errors.New("no more watches")
	save(t, filepath.Join(dir, "a", "b.html"), "b")
	f.read(time.Now())
	if _, ok := d.catalog.find("a/b.html"); !ok || d.Stats().Events {
		t.Errorf("%+v", d.Stats())
	}
	if !strings.Contains(said.String(), "no more watches") {
		t.Errorf("notices: %s", said)
	}
	if f.look.After(time.Now().Add(lookSeldom / 2)) {
		t.Error("they are not read again soon")
	}
	save(t, filepath.Join(dir, "c"), "c")
	f.lost(fsnotify.ErrEventOverflow)
	f.read(f.look)
	if _, ok := d.catalog.find("c"); !ok {
		t.Error("what happened meanwhile is not noticed")
	}
}

// TestGather: folders are read soon after the last event, and in a storm in spite of further ones.
func TestGather(t *testing.T) {
	d, _ := newDir(t, Config{Path: t.TempDir()})
	defer d.Close()
	f := &follower{d: d, dirty: map[string]bool{}, w: &watcher{dir: d.c.Path}}
	now := time.Unix(1000, 0)
	f.look = now.Add(time.Hour)
	event := func(at time.Time) {
		f.note(fsnotify.Event{Name: filepath.Join(d.c.Path, "a", "b")}, at)
	}
	event(now)
	if got := f.due(); got != now.Add(gather) || !f.dirty["a"] {
		t.Errorf("%v, %v", got, f.dirty)
	}
	for i := range 100 {
		event(now.Add(time.Duration(i) * gather / 2))
	}
	if got := f.due(); got != now.Add(gatherMost) {
		t.Errorf("in a storm: %v", got.Sub(now))
	}
	f.note(fsnotify.Event{Name: filepath.Dir(d.c.Path)}, now)
	if len(f.dirty) != 1 {
		t.Errorf("an event outside: %v", f.dirty)
	}
}

// TestNoRoom: beyond the limit nothing is packed, and one notice tells it.
func TestNoRoom(t *testing.T) {
	dir := t.TempDir()
	d, said := newDir(t, Config{Path: dir, Cache: t.TempDir(), CacheLimit: 1})
	d.Start()
	defer d.Close()
	save(t, filepath.Join(dir, "a"), "a")
	until(t, d, "packed", func(s Stats) bool { return s.Packed == 1 })
	save(t, filepath.Join(dir, "b"), "b")
	until(t, d, "told", func(Stats) bool { return strings.Contains(said.String(), "the limit of 1") })
	if s := d.Stats(); s.Packed != 1 {
		t.Errorf("%+v", s)
	}
}

// TestStores: servers of the same directory have stores of their own, and one that nobody has used
// for long is removed.
func TestStores(t *testing.T) {
	cache := t.TempDir()
	var all []*store
	for range maxStores {
		s, err := openStore(cache, "/doc", 0)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if _, err := openStore(cache, "/doc", 0); err == nil {
		t.Error("there are more stores than allowed")
	}
	all[1].close()
	old := time.Now().Add(-2 * unused)
	for _, s := range all[:2] {
		if err := os.Chtimes(filepath.Join(s.dir, lockName), old, old); err != nil {
			t.Fatal(err)
		}
	}
	removeUnused(filepath.Join(cache, storeDir), time.Now())
	if _, err := os.Stat(all[0].dir); err != nil {
		t.Error("a store that is used was removed:", err)
	}
	if _, err := os.Stat(all[1].dir); !os.IsNotExist(err) {
		t.Error("a store that nobody uses was not removed:", err)
	}
	for i, s := range all {
		if i != 1 {
			s.close()
		}
	}
}

// TestRecord: a record that is damaged is an error, and one that is not is read as it was written.
func TestRecord(t *testing.T) {
	name := filepath.Join(t.TempDir(), "1.tar.gz")
	for _, text := range []string{"", "{", "[]", `{"files": 1}`} {
		save(t, name+recordSuffix, text)
		if _, _, err := readRecord(name); err == nil {
			t.Errorf("%q is no error", text)
		}
	}
}

// TestCatalog: a file keeps its layer as long as its stamp is the same, folders go with all that is
// in them.
func TestCatalog(t *testing.T) {
	c := &catalog{folders: map[string]*folder{}}
	stamp := changetime.Stamp{Ino: 1, Size: 5}
	put := func(path string, entries ...entry) ([]string, bool) {
		return c.put(&folder{path, entries})
	}
	file := func(s changetime.Stamp) entry { return entry{name: "f", stamp: s} }
	sub := entry{name: "sub", kind: Folder, stamp: changetime.Stamp{Ino: 2}}
	if fresh, changed := put("", file(stamp), sub); !changed || !slices.Equal(fresh, []string{"sub"}) {
		t.Error(fresh, changed)
	}
	put("sub", file(stamp))
	l := &Layer{}
	c.place([]content{{"f", stamp}, {"sub/f", changetime.Stamp{Ino: 9}}, {"none", stamp}}, l)
	if e, _ := c.find("f"); e.layer != l {
		t.Error("not placed")
	}
	if e, _ := c.find("sub/f"); e.layer != nil {
		t.Error("another content is placed")
	}
	if fresh, changed := put("", file(stamp), sub); changed || fresh != nil {
		t.Error(fresh, changed)
	}
	if e, _ := c.find("f"); e.layer != l {
		t.Error("lost")
	}
	sub.stamp.Ino = 3
	if fresh, changed := put("", file(changetime.Stamp{Ino: 1, Size: 6}), sub); !changed ||
		!slices.Equal(fresh, []string{"sub"}) {
		t.Error(fresh, changed)
	}
	if e, _ := c.find("f"); e.layer != nil {
		t.Error("a changed file keeps its layer")
	}
	put("", file(stamp))
	if _, ok := c.find("sub/f"); ok || c.count != 1 {
		t.Error("the folder is still there", c.count)
	}
}
