package format

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
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
		got := TempName(name)
		if got != filepath.FromSlash(want) || !IsTempName(got) || IsTempName(name) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// The temporary name of a long name is no longer than that, also with what scratch files add. It
// differs where the name does, is UTF-8 where the name is, and has all that the files of a set add.
func TestLongTempName(t *testing.T) {
	seen := map[string]string{}
	for _, char := range []string{"x", "é", "漢", "🙂"} {
		for n := range 256 / len(char) {
			name := char + strings.Repeat(char, n) + ".tar.gz"
			for _, suffix := range []string{"", SidecarSuffix, ".records"} {
				temp := TempName("dir/" + name + suffix)
				if seen[temp] != "" {
					t.Errorf("%s: of %s and %s", temp, seen[temp], name+suffix)
				}
				seen[temp] = name + suffix
				base := filepath.Base(temp)
				if len(name) > longName && len(base) > len(name) || !IsTempName(base) ||
					!utf8.ValidString(base) || filepath.Dir(temp) != "dir" {
					t.Errorf("%s: %s", name+suffix, temp)
				}
			}
		}
	}
	s := SetName{strings.Repeat("x", 229), ".tar.gz", MaxShards}
	for temp, end := range map[string]string{
		s.Pending(7):                             "x-00007-of-set.tar.gz.tpk-tmp",
		s.PendingIndex(7):                        "x-00007-of-set.tar.gz.tpi.tpk-tmp",
		TempName(s.List() + SidecarSuffix):       "x-of-65536.tar.gz.tps.tpi.tpk-tmp",
		TempName(s.Working() + ".records"):       "x-of-set.tar.gz.records.tpk-tmp",
		TempName(s.Stem + s.Ext + SidecarSuffix): "x.tar.gz.tpi.tpk-tmp",
	} {
		if !strings.HasSuffix(temp, end) {
			t.Errorf("%s does not end with %s", temp, end)
		}
	}
}
