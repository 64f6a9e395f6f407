package edit_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tarpack/tpk/tarpack/edit"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/shard"
)

// rewriteAs gives a file another content of the same size, and a modification time.
func rewriteAs(t *testing.T, name, content string, modTime time.Time) {
	t.Helper()
	tartest.WriteFile(t, name, []byte(content))
	if err := os.Chtimes(name, modTime, modTime); err != nil {
		t.Fatal(err)
	}
}

// An edit that keeps the size is found if the time of the file proves nothing. The expected bytes
// are those that pack writes for the tree. The times are what the tools write: touch -d @0 and @1
// (Nix), zip's first day in any time zone, npm pack, cargo package, Bazel and its rules_pkg (also a
// second less, as Bazel's zips are rounded), Chromium's and Android's builds, flit and hatch.
func TestEditWithEqualTime(t *testing.T) {
	epoch := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	soon := time.Now().Add(time.Hour)
	day := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	soong := time.Date(2008, 1, 1, 0, 0, 0, 0, time.UTC)
	flit := time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		about          string
		was, is, epoch time.Time
	}{
		{"clamped", epoch.Add(time.Hour), epoch.Add(2 * time.Hour), epoch},
		{"equal to the epoch", epoch, epoch, epoch},
		{"0", time.Unix(0, 0), time.Unix(0, 0), time.Time{}},
		{"1", time.Unix(1, 0), time.Unix(1, 0), time.Time{}},
		{"before 1970", time.Unix(-5, 0), time.Unix(-5, 0), time.Time{}},
		{"zip, UTC", day, day, time.Time{}},
		{"zip, west", day.Add(12 * time.Hour), day.Add(12 * time.Hour), time.Time{}},
		{"zip, east", day.Add(-14 * time.Hour), day.Add(-14 * time.Hour), time.Time{}},
		{"npm", time.Unix(499162500, 0), time.Unix(499162500, 0), time.Time{}},
		{"cargo", time.Unix(1153704088, 0), time.Unix(1153704088, 0), time.Time{}},
		{"rules_pkg", time.Unix(946684800, 0), time.Unix(946684800, 0), time.Time{}},
		{"rules_pkg, a second less", time.Unix(946684799, 0), time.Unix(946684799, 0), time.Time{}},
		{"Chromium", time.Unix(978307200, 0), time.Unix(978307200, 0), time.Time{}},
		{"Soong, west", soong.Add(5 * time.Hour), soong.Add(5 * time.Hour), time.Time{}},
		{"Bazel", time.Unix(1262304000, 0), time.Unix(1262304000, 0), time.Time{}},
		{"flit, Nepal", flit.Add(-345 * time.Minute), flit.Add(-345 * time.Minute), time.Time{}},
		{"hatch", time.Unix(1580601600, 0), time.Unix(1580601600, 0), time.Time{}},
		{"in the future", soon, soon, time.Time{}},
	} {
		t.Run(c.about, func(t *testing.T) {
			dir := tartest.Tree(t, [2]string{"d/f", "AAAA"}, [2]string{"d/g", "GGGG"})
			rewriteAs(t, filepath.Join(dir, "d/f"), "AAAA", c.was)
			was := tartest.Pack(t, dir, pack.Options{LatestModTime: c.epoch})
			rewriteAs(t, filepath.Join(dir, "d/f"), "BBBB", c.is)
			want := tartest.Read(t, tartest.Pack(t, dir, pack.Options{LatestModTime: c.epoch}))
			old := tartest.Read(t, was)

			res, err := edit.Update(t.Context(), was, dir, edit.UpdateOptions{LatestModTime: c.epoch})
			if err != nil || res.Changed != 1 || !bytes.Equal(tartest.Read(t, was), want) {
				t.Errorf("update: %+v, %v", res.Changes, err)
			}
			for _, source := range []string{dir, filepath.Join(dir, "d/f")} {
				name := tartest.WriteArchive(t, old, nil)
				o := edit.AddOptions{Replace: true, LatestModTime: c.epoch}
				if source != dir {
					o.Into = "d"
				}
				res, err := edit.Add(t.Context(), name, []string{source}, o)
				if err != nil || !res.Written {
					t.Errorf("add --replace %s: %+v, %v", source, res.Changes, err)
				}
				a := tartest.Open(t, name)
				if b, err := fs.ReadFile(a.FS(), "d/f"); err != nil || string(b) != "BBBB" {
					t.Errorf("add --replace %s: the archive has %q, %v", source, b, err)
				}
			}
		})
	}
}

// ordinary is a time that no tool sets.
var ordinary = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

// A file that was from the future when it was packed is read, even when its time has come. The
// archive's own time shows it.
func TestUpdateReadsFilesFromTheFuture(t *testing.T) {
	for _, c := range []struct {
		about   string
		written time.Time // of the archive
		changed int64
	}{
		{"in the second of the file", ordinary, 1},
		{"before the file", ordinary.Add(-time.Hour), 1},
		{"after the file", ordinary.Add(time.Second), 0},
	} {
		t.Run(c.about, func(t *testing.T) {
			dir := tartest.Tree(t, [2]string{"f", "AAAA"})
			rewriteAs(t, filepath.Join(dir, "f"), "AAAA", ordinary)
			name := tartest.Pack(t, dir, pack.Options{})
			if err := os.Chtimes(name, c.written, c.written); err != nil {
				t.Fatal(err)
			}
			rewriteAs(t, filepath.Join(dir, "f"), "BBBB", ordinary)
			res, err := edit.Update(t.Context(), name, dir, edit.UpdateOptions{})
			if err != nil || res.Changed != c.changed {
				t.Errorf("%d files changed, want %d; %v", res.Changed, c.changed, err)
			}
		})
	}
}

// Files whose times prove nothing are read, and are unchanged if their content is.
func TestUpdateKeepsUnprovedFiles(t *testing.T) {
	dir := tartest.Tree(t, [2]string{"empty", ""}, [2]string{"f", "AAAA"}, [2]string{"same", "AAAA"},
		[2]string{"big", strings.Repeat("big", 1<<21)})
	for _, name := range []string{"empty", "f", "same", "big", "."} {
		if err := os.Chtimes(filepath.Join(dir, name), time.Unix(1, 0), time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
	}
	name := tartest.Pack(t, dir, pack.Options{})
	res, err := edit.Update(t.Context(), name, dir, edit.UpdateOptions{})
	if err != nil || res.Written || res.Changed != 0 {
		t.Errorf("%+v, %v", res.Changes, err)
	}
	// The same if there is something else to write.
	rewriteAs(t, filepath.Join(dir, "new"), "new", ordinary)
	res, err = edit.Update(t.Context(), name, dir, edit.UpdateOptions{})
	if err != nil || res.Added != 1 || res.Changed != 0 {
		t.Errorf("with a new file: %+v, %v", res.Changes, err)
	}
}

// A file that is named is read even if size and time are the same, as after cp -p. A directory
// that is named is not, and Checksum finds such a file in it.
func TestAddReadsNamedFile(t *testing.T) {
	dir := tartest.Tree(t, [2]string{"f", "AAAA"})
	f := filepath.Join(dir, "f")
	rewriteAs(t, f, "AAAA", ordinary)
	name := tartest.Pack(t, dir, pack.Options{})
	rewriteAs(t, f, "BBBB", ordinary)
	res, err := edit.Add(t.Context(), name, []string{dir}, edit.AddOptions{Replace: true})
	if err != nil || res.Written {
		t.Errorf("the directory: %+v, %v", res.Changes, err)
	}
	o := edit.UpdateOptions{Checksum: true, DryRun: true}
	res, err = edit.Update(t.Context(), name, dir, o)
	if err != nil || res.Changed != 1 {
		t.Errorf("Checksum: %+v, %v", res.Changes, err)
	}
	res, err = edit.Add(t.Context(), name, []string{f}, edit.AddOptions{Replace: true})
	if err != nil || res.Changed != 1 {
		t.Errorf("the file: %+v, %v", res.Changes, err)
	}
}

// Everything that writes an archive from files waits until no further write can have the time of
// one of them, and not longer. So it is with git's index (Documentation/technical/racy-git.txt),
// except that an archive has no place for a mark. The clock is that of the bubble.
func TestWaitsForRecentFiles(t *testing.T) {
	writers := map[string]func(ctx context.Context, dir, out string) error{
		"pack": func(ctx context.Context, dir, out string) error {
			_, err := pack.Dir(ctx, dir, out, pack.Options{})
			return err
		},
		"pack an fs.FS": func(ctx context.Context, dir, out string) error {
			_, err := pack.FS(ctx, os.DirFS(dir), out, pack.FSOptions{})
			return err
		},
		"pack to a stream": func(ctx context.Context, dir, _ string) error {
			_, err := pack.Stream(ctx, dir, &bytes.Buffer{}, pack.StreamOptions{})
			return err
		},
		"pack shards": func(ctx context.Context, dir, out string) error {
			out = filepath.Join(filepath.Dir(out), "set.tar.gz") // no archive has its name
			_, err := shard.Pack(ctx, dir, out, shard.PackOptions{Shards: 2})
			return err
		},
		"update": func(ctx context.Context, dir, out string) error {
			_, err := edit.Update(ctx, out, dir, edit.UpdateOptions{})
			return err
		},
		"add": func(ctx context.Context, dir, out string) error {
			_, err := edit.Add(ctx, out, []string{dir}, edit.AddOptions{Into: "x/y"})
			return err
		},
		"append": func(ctx context.Context, dir, out string) error {
			f := filepath.Join(dir, "f")
			_, err := edit.Add(ctx, out, []string{f}, edit.AddOptions{Append: true, Into: "x"})
			return err
		},
	}
	cases := []struct {
		about string
		age   time.Duration // of the file, half a second after a second has begun
		wait  time.Duration
	}{
		{"this second", 0, 500*time.Millisecond + durable.Tick},
		{"its beginning", 500 * time.Millisecond, 500*time.Millisecond + durable.Tick},
		{"the second before", 501 * time.Millisecond, 0},
		{"old", time.Hour, 0},
		{"2 s ahead", -2 * time.Second, 2500*time.Millisecond + durable.Tick},
		{"2.5 s ahead", -2500 * time.Millisecond, 0},
		{"in the future", -time.Hour, 0},
	}
	for kind, write := range writers {
		for _, c := range cases {
			t.Run(kind+"/"+c.about, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(time.Hour + 500*time.Millisecond)
					dir, out := recentTree(t, time.Now().Add(-c.age))
					start := time.Now()
					if err := write(t.Context(), dir, out); err != nil {
						t.Error(err)
					}
					if got := time.Since(start); got != c.wait {
						t.Errorf("waited %s, want %s", got, c.wait)
					}
				})
			})
		}
		t.Run(kind+"/canceled", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir, out := recentTree(t, time.Now())
				stop := errors.New("stop")
				start := time.Now()
				ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, stop)
				defer cancel()
				if err := write(ctx, dir, out); !errors.Is(err, stop) {
					t.Errorf("canceled: %v", err)
				}
				if got := time.Since(start); got != 100*time.Millisecond {
					t.Errorf("ended after %s", got)
				}
			})
		})
		t.Run(kind+"/changed", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir, out := recentTree(t, time.Now())
				before, _ := os.ReadFile(out)
				time.AfterFunc(100*time.Millisecond, func() {
					rewriteAs(t, filepath.Join(dir, "f"), "BBBB", time.Now().Add(-50*time.Millisecond))
				})
				if err := write(t.Context(), dir, out); !errors.Is(err, format.ErrChanged) {
					t.Errorf("changed in the same second: %v", err)
				}
				if after, _ := os.ReadFile(out); !bytes.Equal(after, before) {
					t.Error("the archive has changed")
				}
			})
		})
	}
}

// recentTree returns a directory with a file of this time, and the archive of an empty directory.
func recentTree(t *testing.T, modTime time.Time) (dir, out string) {
	out = tartest.Pack(t, t.TempDir(), pack.Options{})
	dir = tartest.Tree(t, [2]string{"f", "AAAA"})
	rewriteAs(t, filepath.Join(dir, "f"), "AAAA", modTime)
	return dir, out
}

// A time that is clamped is another than that of later writes, so nothing waits for it.
func TestNoWaitForClampedTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, out := recentTree(t, time.Now())
		start := time.Now()
		o := pack.Options{LatestModTime: start.Add(-time.Hour)}
		if _, err := pack.Dir(t.Context(), dir, out, o); err != nil || time.Since(start) != 0 {
			t.Errorf("waited %s, %v", time.Since(start), err)
		}
	})
}
