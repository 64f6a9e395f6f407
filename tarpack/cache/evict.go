package cache

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tarpack/tpk/internal/order"
	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// limit returns the Limit that holds.
func (c *Cache) limit() int64 {
	if c.Limit != 0 {
		return c.Limit
	}
	return durable.CacheLimit(c.Dir)
}

// neededFor is how many times the size of a file its conversion may take. That is seldom more: gzip
// is larger than xz, and each file of a zip gets a header. A directory with less room is used for
// nothing new, so that a conversion does not begin and then have to begin again elsewhere.
const neededFor = 2

// makeRoom reports whether the directory has room for so many bytes. If that helps, it removes
// entries that are not in use.
func (c *Cache) makeRoom(need int64) bool {
	available := c.available
	if available == nil {
		available = availableIn
	}
	missing := need - available(c.Dir)
	if missing <= 0 {
		return true
	}
	total := int64(0)
	for _, k := range c.entries() {
		total += k.size
	}
	return total >= missing && c.evictTo(total-missing) && need <= available(c.Dir)
}

// availableIn returns how many bytes can be written to the file system of a directory. If that is
// not known it is as many as you like.
func availableIn(dir string) int64 {
	_, free, ok := osfile.Space(dir)
	if !ok {
		return math.MaxInt64
	}
	return free
}

// keptEntry is an entry as it lies in the directory.
type keptEntry struct {
	dir  string
	used time.Time
	size int64
}

// entries returns the entries of the directory, the least recently used first. Nothing else in it
// is touched.
func (c *Cache) entries() []keptEntry {
	names, err := os.ReadDir(c.Dir)
	if c.Dir == "" || err != nil {
		return nil
	}
	var list []keptEntry
	for _, d := range names {
		key, ok := strings.CutSuffix(d.Name(), lockSuffix)
		fi, err := d.Info()
		if !ok || !durable.IsCacheEntry(key) || err != nil {
			continue
		}
		k := keptEntry{dir: filepath.Join(c.Dir, key), used: fi.ModTime()}
		k.size = durable.CacheEntrySize(k.dir)
		list = append(list, k)
	}
	order.Sort(list, func(a, b keptEntry) int { return a.used.Compare(b.used) })
	return list
}

// evict removes what killed processes have left. It also removes entries that are not in use, until
// the others and room more bytes are within the limit.
func (c *Cache) evict(room int64) { c.evictTo(max(0, c.limit()-room)) }

// evictAll removes all entries that are not in use. It reports whether there was one.
func (c *Cache) evictAll() bool { return c.evictTo(-1) }

func (c *Cache) evictTo(limit int64) (removed bool) {
	if c.prepare() != nil {
		return false
	}
	list := c.entries()
	total := int64(0)
	for _, k := range list {
		total += k.size
	}
	for _, k := range list {
		_, err := os.Stat(filepath.Join(k.dir, noteName))
		if (err != nil || total > limit) && k.removeUnused(total > limit) {
			total -= k.size
			removed = true
		}
	}
	return removed
}

// removeUnused removes an entry, unless a process uses it. It removes a complete entry only if
// complete is true.
func (k *keptEntry) removeUnused(complete bool) bool {
	e := &entry{dir: k.dir}
	var err error
	if e.lock, err = osfile.OpenFile(k.dir+lockSuffix, os.O_RDWR, 0); err != nil {
		return false
	}
	if durable.LockFile(e.lock) != nil || !durable.LeadsTo(e.lock.Name(), e.lock) ||
		e.readNote() && !complete {
		e.lock.Close()
		return false
	}
	return e.remove() == nil
}
