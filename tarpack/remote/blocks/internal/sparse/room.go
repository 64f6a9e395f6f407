package sparse

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// Directory holds the files of all generations. It is safe for concurrent use.
type Directory struct {
	name  string
	limit int64 // bytes that they may take
	now   func() time.Time

	mu    sync.Mutex
	left  int64 // bytes to be stored until it is measured again what they take
	pause error // why nothing is stored until then

	pinned atomic.Int64 // blocks
}

// OpenDirectory returns a directory, which is created if it is missing. Blocks in it may take so
// many bytes; 0 means durable.CacheLimit. The error is not nil if it can't be used, or if other
// users could put something there.
func OpenDirectory(name string, limit int64) (*Directory, error) {
	if name == "" {
		return nil, errors.New("there is no directory for it")
	}
	if err := durable.PrivateDir(name); err != nil {
		return nil, err
	}
	if limit == 0 {
		limit = durable.CacheLimit(name)
	}
	d := &Directory{name: name, limit: limit, now: time.Now}
	if limit := d.room(); d.usage() > limit { // it was higher before
		d.evictTo(limit / 8 * 7)
	}
	return d, nil
}

// ErrFull is the error of Store if nothing can be removed at present.
var ErrFull = errors.New("the cache is full")

// room returns how many bytes the blocks may take. Indexes and converted files in the directory
// leave less of it.
func (d *Directory) room() int64 { return max(0, d.limit-durable.CacheEntriesSize(d.name)) }

// interval is after how many bytes it is measured what the directory takes. Each process may exceed
// the limit by as much, if it stores blocks just when others evict.
func (d *Directory) interval() int64 { return min(max(BlockSize, d.limit/32), 64<<20) }

// retryAfter is after how many bytes that were not stored it is tried again.
const retryAfter = 64 * BlockSize

// makeRoom is called before n bytes are stored. It evicts blocks if the limit is near.
func (d *Directory) makeRoom(n int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left >= n {
		d.left -= n
		return d.pause
	}
	d.left, d.pause = d.interval()-n, nil
	if limit := d.room(); d.usage()+d.interval() > limit {
		d.evictTo(limit / 8 * 7)
		if d.usage()+d.interval() > limit {
			d.stop(fmt.Errorf("%s: %w", d.name, ErrFull))
		}
	}
	return d.pause
}

// pauseFor makes Store fail for some time.
func (d *Directory) pauseFor(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stop(err)
}

// stop is pauseFor. d.mu is held.
func (d *Directory) stop(err error) { d.pause, d.left = err, min(d.interval(), retryAfter) }

// worthwhile is how many bytes a directory must take to make room on a full disk. With fewer, each
// block that is stored would drive out one that is still needed.
const worthwhile = 16 * BlockSize

// giveWay removes an eighth of what is stored, as the disk is full.
func (d *Directory) giveWay() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if usage := d.usage(); usage >= worthwhile {
		d.evictTo(usage - max(usage/8, BlockSize))
	}
}

// usage returns how many bytes the files of the directory take on the disk.
func (d *Directory) usage() (total int64) {
	list, err := os.ReadDir(d.name)
	if err != nil {
		return 0
	}
	for _, e := range list {
		if isOurs(e.Name()) {
			if fi, err := e.Info(); err == nil {
				total += onDisk(fi)
			}
		}
	}
	return total
}

func isOurs(name string) bool { return strings.HasPrefix(name, prefix) }

// generations returns the names of the generations, as base of a File, the least recently used
// first.
func (d *Directory) generations() (bases []string) {
	list, err := os.ReadDir(d.name)
	if err != nil {
		return nil
	}
	used := map[string]time.Time{}
	for _, e := range list {
		if base, ok := strings.CutSuffix(e.Name(), dataSuffix); ok && isOurs(base) {
			base = filepath.Join(d.name, base)
			if fi, err := os.Stat(base + tableSuffix); err == nil {
				used[base] = fi.ModTime()
			}
			bases = append(bases, base)
		}
	}
	slices.SortFunc(bases, func(a, b string) int { return used[a].Compare(used[b]) })
	return bases
}
