package durable

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// CacheOnce begins the names of temporary entries of package cache.
const CacheOnce = "once-"

// IsCacheEntry reports whether a name in a cache directory is that of an entry of package cache:
// the directory of an index or of a converted file.
func IsCacheEntry(name string) bool {
	b, err := hex.DecodeString(name)
	return err == nil && len(b) == sha256.Size || strings.HasPrefix(name, CacheOnce)
}

// CacheEntrySize returns how many bytes the files of an entry have.
func CacheEntrySize(dir string) (size int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil {
			if fi, err := d.Info(); err == nil && fi.Mode().IsRegular() {
				size += fi.Size()
			}
		}
		return nil
	})
	return size
}

// CacheEntriesSize returns how many bytes all entries in a cache directory have.
func CacheEntriesSize(dir string) (size int64) {
	list, _ := os.ReadDir(dir)
	for _, d := range list {
		if d.IsDir() && IsCacheEntry(d.Name()) {
			size += CacheEntrySize(filepath.Join(dir, d.Name()))
		}
	}
	return size
}
