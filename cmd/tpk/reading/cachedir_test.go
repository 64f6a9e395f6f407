package reading

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// On Windows and macOS, caches are where the system has them, unless the variable is set.
func TestSystemCacheDir(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", "")
	base, err := os.UserCacheDir()
	if err != nil {
		t.Skip(err)
	}
	if got, want := CacheDir(), filepath.Join(base, "tpk"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	if got := CacheDir(); filepath.Dir(got) != os.Getenv("XDG_CACHE_HOME") {
		t.Error(got)
	}
}

func TestCacheDir(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("names and places of Unix")
	}
	for _, c := range []struct{ xdg, home, service, want, wantService string }{
		{"/x", "/home/u", "", "/x/tpk", "/x/tpk"},
		{"", "/home/u", "", "/home/u/.cache/tpk", "/home/u/.cache/tpk"},
		{"relative", "/home/u", "", "/home/u/.cache/tpk", "/home/u/.cache/tpk"},
		{"", "", "", "", ""},
		{"", "relative", "", "", ""},
		{"/x", "/home/u", "/var/cache/tpk", "/x/tpk", "/var/cache/tpk"},
		{"/x", "/home/u", "/var/cache/a:/var/cache/b", "/x/tpk", "/var/cache/a"},
		{"/x", "/home/u", "relative", "/x/tpk", "/x/tpk"},
	} {
		t.Setenv("XDG_CACHE_HOME", c.xdg)
		t.Setenv("HOME", c.home)
		t.Setenv("CACHE_DIRECTORY", c.service)
		if got := CacheDir(); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
		if got := ServiceCacheDir(); got != c.wantService {
			t.Errorf("%+v: service: %q", c, got)
		}
	}
}
