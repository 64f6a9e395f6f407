package mirror_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/internal/filetest"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/extract"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/mirror"
	"github.com/tarpack/tpk/tarpack/pack"
)

// open packs files, and opens the archive.
func open(t *testing.T, o pack.Options, files ...[2]string) *tarpack.Archive {
	t.Helper()
	return tartest.Open(t, tartest.Pack(t, tartest.Tree(t, files...), o))
}

// extracted extracts an archive into a new directory.
func extracted(t *testing.T, a *tarpack.Archive) string {
	t.Helper()
	dir := t.TempDir()
	if _, err := extract.Extract(t.Context(), a, dir, extract.Options{}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// write writes a file, and creates its directory.
func write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	tartest.WriteFile(t, name, b)
}

// wantSame compares a directory with what extracting an archive gives.
func wantSame(t *testing.T, dir string, a *tarpack.Archive) {
	t.Helper()
	got, want := tartest.Found(t, dir), tartest.Found(t, extracted(t, a))
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

var (
	before = [][2]string{{"same", "same"}, {"changed", "one"}, {"gone", "gone"}, {"gonedir/a/b", "x"},
		{"file-dir", "a file"}, {"dir-file/x/y", "in a directory"}, {"link-dir", "-> same"},
		{"dir-link/x", "x"}, {"link", "-> same"}, {"hard", "=> same"}, {"no\xffutf8/\xfe", "1"},
		{"no\xffutf8/gone\xfd", "1"}, {"empty/", ""}, {"link-file", "-> same"}, {"big", "1"}}
	after = [][2]string{{"same", "same"}, {"changed", "two"}, {"new/a/b", "x"},
		{"file-dir/x", "in a directory"}, {"dir-file", "a file"}, {"link-dir/x", "x"},
		{"dir-link", "-> same"}, {"link", "-> changed"}, {"hard", "=> same"}, {"no\xffutf8/\xfe", "2"},
		{"empty/", ""}, {"link-file", "a file"}, {"big", strings.Repeat("0", 2<<20)}}
)

// A directory that was extracted from one archive becomes what extracting another gives, also if
// the sums of contents are compared, and if it was changed meanwhile.
func TestUpdate(t *testing.T) {
	for kind, o := range map[string]pack.Options{"plain": {}, "sums": {SHA256: true}} {
		from, to := open(t, o, before...), open(t, o, after...)
		for name, change := range map[string]func(t *testing.T, dir string){
			"as it was": func(*testing.T, string) {},
			"empty": func(t *testing.T, dir string) {
				if err := os.RemoveAll(dir); err != nil {
					t.Fatal(err)
				}
			},
			"changed": func(t *testing.T, dir string) {
				write(t, filepath.Join(dir, "same"), []byte("SAME")) // of the same size
				for _, err := range []error{
					filetest.Lutimes(filepath.Join(dir, "same"), 1700000000),
					os.Chmod(filepath.Join(dir, "changed"), 0o600), os.Chmod(filepath.Join(dir, "empty"), 0o500),
					os.Remove(filepath.Join(dir, "link")),
					os.RemoveAll(filepath.Join(dir, "gonedir")),
				} {
					if err != nil {
						t.Fatal(err)
					}
				}
			},
			"stopped": func(t *testing.T, dir string) { // a run before this one
				write(t, filepath.Join(dir, format.TempName("extract"), "changed"), []byte("tw"))
			},
		} {
			t.Run(kind+", "+name, func(t *testing.T) {
				dir := extracted(t, from)
				change(t, dir)
				res, err := mirror.Update(t.Context(), to, dir, mirror.Options{Former: from.Index()})
				if err != nil || res.Failed > 0 {
					t.Fatalf("%+v, %v", res, err)
				}
				wantSame(t, dir, to)
				res, err = mirror.Update(t.Context(), to, dir, mirror.Options{})
				if err != nil || res != (mirror.Result{}) {
					t.Errorf("the second time: %+v, %v", res, err)
				}
			})
		}
	}
}

// Only what differs is written, under a new inode: who has the old file open goes on reading it,
// and what shares its blocks elsewhere stays.
func TestOnlyChanged(t *testing.T) {
	from := open(t, pack.Options{}, [2]string{"a", "one"}, [2]string{"b", "two"}, [2]string{"c", "x"})
	to := open(t, pack.Options{}, [2]string{"a", "one"}, [2]string{"b", "TWO"})
	dir := extracted(t, from)
	other := filepath.Join(t.TempDir(), "other")
	inode := func(name string) os.FileInfo {
		fi, err := os.Lstat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return fi
	}
	a, b := inode("a"), inode("b")
	if err := os.Link(filepath.Join(dir, "b"), other); err != nil {
		t.Fatal(err)
	}
	res, err := mirror.Update(t.Context(), to, dir, mirror.Options{Former: from.Index()})
	if want := (mirror.Result{Written: 1, Removed: 1}); err != nil || res != want {
		t.Errorf("%+v, %v", res, err)
	}
	if !os.SameFile(a, inode("a")) || os.SameFile(b, inode("b")) ||
		string(tartest.Read(t, other)) != "two" {
		t.Error("the wrong file was written")
	}
}

// What is in neither archive is an error before anything has changed, or deleted.
func TestOther(t *testing.T) {
	from, to := open(t, pack.Options{}, before...), open(t, pack.Options{}, after...)
	dir := extracted(t, from)
	write(t, filepath.Join(dir, "mine"), []byte("mine"))
	write(t, filepath.Join(dir, "mydir", "x"), []byte("mine"))
	write(t, filepath.Join(dir, "gonedir", "mine"), []byte("mine"))
	had := tartest.Found(t, dir)
	_, err := mirror.Update(t.Context(), to, dir, mirror.Options{Former: from.Index()})
	if !errors.Is(err, mirror.ErrOther) || !strings.HasSuffix(err.Error(), ", and 2 more") ||
		!strings.Contains(err.Error(), filepath.Join(dir, "gonedir/mine")+": ") {
		t.Errorf("%v", err)
	}
	// Check has the same error, and none where Update has none.
	checked := mirror.Check(t.Context(), to, dir, mirror.Options{Former: from.Index()})
	if checked == nil || checked.Error() != err.Error() {
		t.Errorf("%v, not %v", checked, err)
	}
	for name, o := range map[string]mirror.Options{
		dir: {Delete: true}, filepath.Join(dir, "none"): {}, t.TempDir(): {},
	} {
		if err := mirror.Check(t.Context(), to, name, o); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := mirror.Check(t.Context(), to, filepath.Join(dir, "mine"), mirror.Options{}); err == nil {
		t.Error("a file is no directory")
	}
	if now := tartest.Found(t, dir); !slices.Equal(now, had) {
		t.Errorf("now %q", now)
	}
	_, err = mirror.Update(t.Context(), to, dir, mirror.Options{})
	if !errors.Is(err, mirror.ErrOther) {
		t.Errorf("without the former archive: %v", err)
	}
	if _, err := mirror.Update(t.Context(), to, dir, mirror.Options{Delete: true}); err != nil {
		t.Fatal(err)
	}
	wantSame(t, dir, to)
}

// Symbolic links in the directory that lead out of it are replaced, and not followed.
func TestLinksOut(t *testing.T) {
	to := open(t, pack.Options{},
		[2]string{"d/f", "new"}, [2]string{"e/g/f", "new"}, [2]string{"h", "new"})
	out := t.TempDir()
	write(t, filepath.Join(out, "f"), []byte("outside"))
	write(t, filepath.Join(out, "g", "f"), []byte("outside"))
	had := tartest.Found(t, out)
	dir := t.TempDir()
	for name, link := range map[string]string{"d": out, "e": "../" + filepath.Base(out),
		"h": filepath.Join(out, "f")} {
		filetest.NeedSymlinks(t)
		if err := os.Symlink(link, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := mirror.Update(t.Context(), to, dir, mirror.Options{}); err != nil {
		t.Fatal(err)
	}
	wantSame(t, dir, to)
	if now := tartest.Found(t, out); !slices.Equal(now, had) {
		t.Errorf("outside: %q", now)
	}
}

// A run that is stopped leaves files that are old or new, and the next one completes it.
func TestStopped(t *testing.T) {
	from, to := open(t, pack.Options{}, before...), open(t, pack.Options{}, after...)
	stopped := errors.New("stopped")
	for at := range 12 {
		dir := extracted(t, from)
		ctx, cancel := context.WithCancelCause(t.Context())
		_, err := mirror.Update(&countdown{ctx, cancel, stopped, 3 * at}, to, dir,
			mirror.Options{Former: from.Index(), Workers: 1})
		cancel(nil)
		if err != nil && !errors.Is(err, stopped) {
			t.Fatalf("%d: %v", at, err)
		}
		if b := string(tartest.Read(t, filepath.Join(dir, "changed"))); b != "one" && b != "two" {
			t.Errorf("%d: %q", at, b)
		}
		if _, err := os.Lstat(filepath.Join(dir, format.TempName("extract"))); err == nil {
			t.Errorf("%d: the hidden directory is left", at)
		}
		o := mirror.Options{Former: from.Index()}
		if _, err := mirror.Update(t.Context(), to, dir, o); err != nil {
			t.Fatalf("%d: %v", at, err)
		}
		wantSame(t, dir, to)
	}
}

// A countdown is a context that ends when Err was called a number of times.
type countdown struct {
	context.Context
	cancel context.CancelCauseFunc
	cause  error
	left   int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		c.cancel(c.cause)
	}
	return c.Context.Err()
}

// Every field of Options has its effect.
func TestOptions(t *testing.T) {
	from := open(t, pack.Options{}, [2]string{"gone", "x"})
	to := open(t, pack.Options{}, [2]string{"new", "xyz"})
	fifo := tartest.OpenForged(t, tartest.Variety()...)
	run := func(a *tarpack.Archive, o mirror.Options) (mirror.Result, error) {
		return mirror.Update(t.Context(), a, extracted(t, from), o)
	}
	checks := map[string]func() bool{
		"Former": func() bool {
			res, err := run(to, mirror.Options{Former: from.Index()})
			return err == nil && res.Removed == 1
		},
		"Delete": func() bool {
			res, err := run(to, mirror.Options{Delete: true})
			return err == nil && res.Removed == 1
		},
		"Special": func() bool {
			without, err := run(fifo, mirror.Options{Delete: true})
			with, err2 := run(fifo, mirror.Options{Delete: true, Special: true})
			return err == nil && err2 == nil && without.Failed == 1 && with.Failed == 0
		},
		"Workers": func() bool {
			_, err := run(to, mirror.Options{Delete: true, Workers: 1})
			return err == nil
		},
		"Problem": func() bool {
			n := 0
			_, err := run(fifo, mirror.Options{Delete: true, Problem: func(*format.Problem) { n++ }})
			return err == nil && n == 1
		},
		"Progress": func() bool {
			var last format.Progress
			_, err := run(to, mirror.Options{Delete: true, Progress: func(p format.Progress) { last = p }})
			return err == nil && last == format.Progress{Entries: 1, Bytes: 3}
		},
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[mirror.Options]()) {
		if check := checks[f.Name]; check == nil || !check() {
			t.Errorf("%s has no effect, or no test", f.Name)
		}
	}
}
