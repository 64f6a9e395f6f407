package reading

import (
	"os"
	"path/filepath"
	"strings"
)

// CacheDir returns the directory for converted files: tpk in $XDG_CACHE_HOME, or in ~/.cache (XDG
// Base Directory Specification: a relative path counts as unset). It is "" without a home
// directory.
func CacheDir() string {
	base := os.Getenv("XDG_CACHE_HOME")
	if !filepath.IsAbs(base) {
		home, err := os.UserHomeDir()
		if err != nil || !filepath.IsAbs(home) {
			return ""
		}
		base = filepath.Join(home, ".cache")
	}
	return filepath.Join(base, "tpk")
}

// ServiceCacheDir returns the directory that systemd provides for a service with CacheDirectory=
// (systemd.exec(5)), or else CacheDir. Of several directories it is the first.
func ServiceCacheDir() string {
	dir, _, _ := strings.Cut(os.Getenv("CACHE_DIRECTORY"), ":")
	if filepath.IsAbs(dir) {
		return dir
	}
	return CacheDir()
}
