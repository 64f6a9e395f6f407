package reading

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// CacheDir returns the directory for converted files: tpk in $XDG_CACHE_HOME, or else where the
// system has caches: in ~/.cache (XDG Base Directory Specification: a relative path counts as
// unset), in ~/Library/Caches on macOS, in %LocalAppData% on Windows. It is "" without a home
// directory.
func CacheDir() string {
	base := os.Getenv("XDG_CACHE_HOME")
	if !filepath.IsAbs(base) {
		base = systemCacheDir()
	}
	if !filepath.IsAbs(base) {
		return ""
	}
	return filepath.Join(base, "tpk")
}

// systemCacheDir returns where the system has caches of the user, or "".
func systemCacheDir() string {
	switch runtime.GOOS {
	case "windows", "darwin":
		base, err := os.UserCacheDir()
		if err != nil {
			return ""
		}
		return base
	}
	home, err := os.UserHomeDir()
	if err != nil || !filepath.IsAbs(home) {
		return ""
	}
	return filepath.Join(home, ".cache")
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
