package format

import (
	"testing"
)

// The names of a set are read back from each of them, and from no other name.
func TestSetNames(t *testing.T) {
	for _, archive := range []string{
		"a.tar.gz", "dir/b.tgz", "/x/no-suffix", "a-of-00002.tar.gz", "-.tar.gz",
	} {
		for _, n := range []int{1, 2, 99999 % MaxShards, MaxShards} {
			s := SetNameOf(archive, n)
			for _, i := range []int{0, n / 2, n - 1} {
				if got, k, ok := ParseShardName(s.Shard(i)); !ok || got != s || k != i {
					t.Errorf("%s: %+v, %d, %v", s.Shard(i), got, k, ok)
				}
				if _, ok := ParseListName(s.Shard(i)); ok {
					t.Errorf("%s is the name of a list", s.Shard(i))
				}
			}
			if got, ok := ParseListName(s.List()); !ok || got != s {
				t.Errorf("%s: %+v, %v", s.List(), got, ok)
			}
			if _, _, ok := ParseShardName(s.List()); ok {
				t.Errorf("%s is the name of a shard", s.List())
			}
		}
	}
	for _, name := range []string{
		"a.tar.gz", "a-00002-of-00002.tar.gz", "a-00000-of-00000.tar.gz", "a-0000-of-00002.tar.gz",
		"a-00000-of-65537.tar.gz", "a-+0001-of-00002.tar.gz", "a-00000-of-00002.zip",
		"-00000-of-00002.tar.gz", "dir/-00000-of-00002.tar.gz", "a-of-00002.tar.gz",
	} {
		if s, i, ok := ParseShardName(name); ok {
			t.Errorf("%s is shard %d of %+v", name, i, s)
		}
	}
	for _, name := range []string{
		"a-of-00002.tar.gz", "a-of-00000.tar.gz.tps", "a-of-65537.tar.gz.tps", "a-of-2.tar.gz.tps",
		"a.tar.gz.tps",
	} {
		if s, ok := ParseListName(name); ok {
			t.Errorf("%s is the list of %+v", name, s)
		}
	}
}

// A temporary name is hidden, stands beside its file, and is recognized.
func TestTempName(t *testing.T) {
	for name, want := range map[string]string{
		"a.tar.gz": ".a.tar.gz.tpk-tmp", "/x/y/a": "/x/y/.a.tpk-tmp", "../a": "../.a.tpk-tmp",
	} {
		if got := TempName(name); got != want || !IsTempName(got) || IsTempName(name) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
