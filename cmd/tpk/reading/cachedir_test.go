package reading

import "testing"

func TestCacheDir(t *testing.T) {
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
