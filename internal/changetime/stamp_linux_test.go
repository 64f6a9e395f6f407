package changetime

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestStamp changes a file in several ways, and compares its Stamps before and after.
func TestStamp(t *testing.T) {
	old := time.Unix(1_000_000_000, 0)
	for _, c := range []struct {
		what             string
		change           func(t *testing.T, name string, f *os.File) error
		same, attributes bool
	}{
		{"nothing", func(*testing.T, string, *os.File) error { return nil }, true, true},
		{"reading", func(_ *testing.T, name string, _ *os.File) error {
			_, err := os.ReadFile(name)
			return err
		}, true, true},
		{"a write", func(_ *testing.T, _ string, f *os.File) error {
			_, err := f.WriteAt([]byte("C"), 0)
			return err
		}, false, false},
		{"cut short", func(_ *testing.T, _ string, f *os.File) error { return f.Truncate(3) },
			false, false},
		{"chmod", func(_ *testing.T, name string, _ *os.File) error { return os.Chmod(name, 0o600) },
			false, true},
		{"a write, and the time set back", func(_ *testing.T, name string, f *os.File) error {
			if _, err := f.WriteAt([]byte("C"), 0); err != nil {
				return err
			}
			return os.Chtimes(name, old, old)
		}, false, true},
		{"removed", func(_ *testing.T, name string, _ *os.File) error { return os.Remove(name) },
			true, true},
		{"another file renamed onto it", func(_ *testing.T, name string, _ *os.File) error {
			if err := os.WriteFile(name+"~", []byte("other"), 0o644); err != nil {
				return err
			}
			return os.Rename(name+"~", name)
		}, true, true},
	} {
		t.Run(c.what, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "f")
			f, err := os.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := f.WriteString("content"); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(name, old, old); err != nil {
				t.Fatal(err)
			}
			before := mustStat(t, f)
			for !before.Settled(time.Now()) {
				time.Sleep(time.Millisecond)
			}
			if err := c.change(t, name, f); err != nil {
				t.Fatal(err)
			}
			now := mustStat(t, f)
			if before.SameContent(now) != c.same || before.OnlyAttributes(now) != c.attributes {
				t.Errorf("%+v\n%+v: the same content: %v, only attributes: %v", before, now,
					before.SameContent(now), before.OnlyAttributes(now))
			}
		})
	}
}

func mustStat(t *testing.T, f *os.File) Stamp {
	t.Helper()
	s, err := Stat(f)
	if err != nil {
		t.Fatal(err)
	}
	fi, err := f.Stat()
	if err != nil || StampOf(fi) != s {
		t.Errorf("%+v, %+v, %v", s, StampOf(fi), err)
	}
	return s
}

// TestSettled: Linux's clock has a tick of at most 10 ms (HZ is at least 100), FAT counts two
// seconds.
func TestSettled(t *testing.T) {
	const second = int64(time.Second)
	now := time.Unix(1000, 0)
	for _, c := range []struct {
		changed        int64
		settled, quiet bool
	}{
		{999*second + 999e6, false, false},
		{999*second + 970e6, true, false},
		{997*second + 999e6, true, true},
		{999 * second, false, false}, // perhaps of a file system that counts seconds
		{998 * second, true, true},
		{1001*second + 5, false, false},
		{1005 * second, true, true}, // in the future: it proves nothing
	} {
		s := Stamp{Changed: c.changed}
		if s.Settled(now) != c.settled || s.Quiet(now) != c.quiet {
			t.Errorf("%d: settled %v, quiet %v", c.changed, s.Settled(now), s.Quiet(now))
		}
	}
}
