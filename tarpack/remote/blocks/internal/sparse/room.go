package sparse

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// directory holds the files of all generations.
type directory struct {
	name  string
	limit int64 // bytes that they may take
}

// budget is how a File keeps to the limit of its directory.
type budget struct {
	stored int64 // bytes since the space was last measured
	pause  error // why nothing is stored until it is measured again
}

// Errors of Store, when nothing can be removed.
var (
	ErrFull = errors.New("the cache is full")
	ErrGone = errors.New("the files of the cache were removed")
)

// interval is after how many bytes a File measures what its directory takes. Several processes
// together do not exceed the limit by more.
func (d directory) interval() int64 { return max(BlockSize, d.limit/32) }

// makeRoom is called before n bytes are stored. It evicts blocks if the limit is near.
func (f *File) makeRoom(n int64) error {
	b := &f.budget
	first := b.stored == 0
	if b.stored += n; b.stored < f.dir.interval() && !first {
		return b.pause
	}
	b.stored, b.pause = n, nil
	if !durable.LeadsTo(f.base+tableSuffix, f.table) || !durable.LeadsTo(f.base+dataSuffix, f.data) {
		b.pause = fmt.Errorf("%s: %w", f.dir.name, ErrGone)
		return b.pause
	}
	if f.dir.usage()+f.dir.interval() > f.dir.limit {
		f.dir.evictTo(f.dir.limit / 8 * 7)
		if f.dir.usage()+n > f.dir.limit {
			b.pause = fmt.Errorf("%s: %w", f.dir.name, ErrFull)
		}
	}
	return b.pause
}

// worthwhile is how many bytes a directory must take to make room on a full disk. With fewer, each
// block that is stored would drive out one that is still needed.
const worthwhile = 16 * BlockSize

// giveWay removes an eighth of what is stored, as the disk is full.
func (f *File) giveWay() {
	if usage := f.dir.usage(); usage >= worthwhile {
		f.dir.evictTo(usage - max(usage/8, BlockSize))
	}
}

// usage returns how many bytes the files of the directory take on the disk.
func (d directory) usage() (total int64) {
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

// onDisk returns how many bytes a file takes.
func onDisk(fi fs.FileInfo) int64 {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return fi.Size()
	}
	return st.Blocks * 512 // stat(2): the unit is always 512 bytes
}

// generations returns the names of the generations, as base of a File, the least recently used
// first.
func (d directory) generations() (bases []string) {
	list, err := os.ReadDir(d.name)
	if err != nil {
		return nil
	}
	used := map[string]time.Time{}
	for _, e := range list {
		if base, ok := strings.CutSuffix(e.Name(), lockSuffix); ok && isOurs(base) {
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
