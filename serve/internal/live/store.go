package live

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/internal/osfile"
)

const (
	storeDir  = "live"              // of all stores, in the directory for caches
	lockName  = "lock"              // of the file that is locked as long as a store is used
	maxStores = 8                   // of one directory, for servers that run at the same time
	unused    = 30 * 24 * time.Hour // after which a store is removed
)

// store is a directory with the layers of one directory that is followed. One process at a time
// uses it.
type store struct {
	dir   string
	lock  *os.File
	limit int64 // bytes of all layers
	next  int   // the number of the next archive
}

// openStore opens a store of the directory path, which no other process uses, and removes those of
// other directories that were not used for long. limit is that of Config.CacheLimit.
func openStore(cache, path string, limit int64) (*store, error) {
	parent := filepath.Join(cache, storeDir)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return nil, err
	}
	if limit == 0 {
		limit = 10 << 30
		if size, _, ok := osfile.Space(parent); ok {
			limit = min(limit, size/10)
		}
	}
	removeUnused(parent, time.Now())
	key := fmt.Sprintf("%016x", xxhash.Sum64String(path))
	for i := range maxStores {
		dir := filepath.Join(parent, key+"-"+strconv.Itoa(i))
		lock, err := takeLock(dir)
		if err != nil {
			return nil, err
		}
		if lock != nil {
			return &store{dir: dir, lock: lock, limit: limit}, nil
		}
	}
	return nil, fmt.Errorf("%s: %d servers of this directory use it already", parent, maxStores)
}

// takeLock creates a store if it is missing, and locks it. The lock is nil if another process has
// it.
func takeLock(dir string) (*os.File, error) {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	lock, err := osfile.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if ok, err := osfile.TryLock(lock, osfile.Exclusive); !ok || err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	now := time.Now()
	_ = os.Chtimes(lock.Name(), now, now) // removeUnused goes by it
	return lock, nil
}

// removeUnused removes stores that no process uses, and none has used for long.
func removeUnused(parent string, now time.Time) {
	locks, _ := filepath.Glob(filepath.Join(parent, "*-*", lockName))
	for _, name := range locks {
		fi, err := os.Stat(name)
		if err != nil || now.Sub(fi.ModTime()) < unused {
			continue
		}
		lock, err := osfile.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if ok, err := osfile.TryLock(lock, osfile.Exclusive); ok && err == nil {
			_ = os.RemoveAll(filepath.Dir(name))
		}
		_ = lock.Close()
		_ = os.Remove(filepath.Dir(name)) // where an open file keeps its directory, if it is empty now
	}
}

func (s *store) close() { _ = s.lock.Close() }

const archiveSuffix = ".tar.gz"

// archives returns the names of archives that have a record, oldest first. All other files are
// removed: they were left by a process that was killed.
func (s *store) archives() []string {
	entries, _ := os.ReadDir(s.dir)
	var names, known []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), archiveSuffix+recordSuffix); ok {
			n, err := strconv.Atoi(name)
			if err != nil {
				continue
			}
			s.next = max(s.next, n+1)
			names = append(names, s.archive(n))
			known = append(known, files(s.archive(n))...)
		}
	}
	for _, e := range entries {
		name := filepath.Join(s.dir, e.Name())
		if e.Name() != lockName && !slices.Contains(known, name) {
			_ = os.RemoveAll(name)
		}
	}
	slices.Sort(names)
	return names
}

// archive returns the name of the archive with the number n. Names are in the order of numbers.
func (s *store) archive(n int) string {
	return filepath.Join(s.dir, fmt.Sprintf("%09d", n)+archiveSuffix)
}

// newArchive returns a name that no archive has.
func (s *store) newArchive() string {
	s.next++
	return s.archive(s.next - 1)
}
