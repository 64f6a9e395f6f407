package variants_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/internal/filetest"

	codings "github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/edit"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/shard"
	"github.com/tarpack/tpk/tarpack/variants"
)

// all has every coding, at a level that is fast.
var all = codings.Settings{Codings: codings.Codings(0).With(codings.Brotli).With(codings.Zstd).
	With(codings.DictionaryZstd), Level: 4}

// page returns a web page: a frame that all share, and words of its own.
func page(number int) string {
	rng := rand.New(rand.NewPCG(1, uint64(number)))
	var b strings.Builder
	b.WriteString("<!DOCTYPE html><html><head><title>A page of the manual</title>" +
		"<link rel=stylesheet href=../style.css><script src=../search.js></script></head><body>" +
		"<nav class=sidebar><a href=../index.html>Contents</a><a href=../about.html>About</a></nav>")
	for range 60 {
		fmt.Fprintf(&b, "<p class=entry><a href=#w%x>", rng.Uint32N(1<<12))
		fmt.Fprintf(&b, "word %d</a></p>", rng.Uint32N(5000))
	}
	b.WriteString("<footer>Written by nobody. See the license.</footer></body></html>\n")
	return b.String()
}

const pages = 120

// site returns a directory with pages and other files, among them two that are equal.
func site(t testing.TB) string {
	t.Helper()
	files := [][2]string{
		{"empty.txt", ""}, {"tiny.txt", "tiny"}, {"noise.bin", tartest.Noise("noise", 5000)},
		{"script.js", strings.Repeat("function f(x) { return x + 1 }\n", 40)},
		{"copy.js", strings.Repeat("function f(x) { return x + 1 }\n", 40)},
		{"dir/style.css", strings.Repeat("p.entry { margin: 1px 2px }\n", 30)},
	}
	for i := range pages {
		files = append(files, [2]string{fmt.Sprintf("pages/%03d.html", i), page(i)})
	}
	return tartest.Tree(t, files...)
}

func build(t testing.TB, archive string, o variants.Options) variants.Result {
	t.Helper()
	res, err := variants.Build(t.Context(), archive, o)
	if err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(archive), ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("Build has left %q (%v)", left, err)
	}
	return res
}

// wantProblems verifies the variants of an archive, and compares the problems with patterns: each
// must be in one, in the order of paths.
func wantProblems(t testing.TB, archive string, want ...string) variants.VerifyResult {
	t.Helper()
	var got []string
	res, err := variants.Verify(t.Context(), archive, variants.VerifyOptions{
		Problem: func(p *format.Problem) { got = append(got, p.Error()) },
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	if len(got) != len(want) || int(res.Failed) != len(want) {
		t.Fatalf("%d problems: %q, want %q", res.Failed, got, want)
	}
	for i := range got {
		if !strings.Contains(got[i], want[i]) {
			t.Errorf("problem %q, want %q", got[i], want[i])
		}
	}
	return res
}

func TestBuild(t *testing.T) {
	archive := tartest.Pack(t, site(t), pack.Options{})
	res := build(t, archive, variants.Options{Settings: all})
	const contents = pages + 3 // script.js, style.css, noise.bin; copy.js is a hard link
	if res.Contents != contents || res.Reused != 0 || res.Dictionaries != 1 ||
		res.Codings[codings.Brotli].Contents != pages+2 ||
		res.Codings[codings.DictionaryZstd].Contents != pages {
		t.Errorf("%+v", res)
	}
	dcz := res.Codings[codings.DictionaryZstd]
	if dcz.Bytes*100 > dcz.Gzip*95 || dcz.Bytes >= res.Codings[codings.Brotli].Bytes {
		t.Errorf("%+v", res.Codings)
	}
	if v := wantProblems(t, archive); v.Variants == 0 {
		t.Errorf("%+v", v)
	}
	first := tartest.Read(t, res.Name)
	if int64(len(first)) != res.Bytes || res.Name != archive+format.VariantsSuffix {
		t.Errorf("%s: %d bytes, %d", res.Name, len(first), res.Bytes)
	}

	again := build(t, archive, variants.Options{})
	if again.Reused != contents || !bytes.Equal(tartest.Read(t, res.Name), first) {
		t.Errorf("again: %+v", again)
	}
	if _, err := variants.Drop(archive); err != nil {
		t.Fatal(err)
	}
	one := build(t, archive, variants.Options{Settings: all, Workers: 1})
	if one.Reused != 0 || !bytes.Equal(tartest.Read(t, res.Name), first) {
		t.Errorf("with one worker: %+v", one)
	}
}

// TestContents checks that each entry has its own variants, and a hard link those of its target.
func TestContents(t *testing.T) {
	archive := tartest.Pack(t, site(t), pack.Options{})
	res := build(t, archive, variants.Options{Settings: all})
	a := tartest.Open(t, archive)
	x, err := codings.Open(res.Name, codings.Of(a.Index()))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if x.Settings() != all {
		t.Errorf("settings %v", x.Settings())
	}
	for path, want := range map[string]string{
		"script.js": "br, zstd", "copy.js": "br, zstd", "dir/style.css": "br, zstd", "empty.txt": "",
		"tiny.txt": "", "noise.bin": "", "dir": "", "pages/007.html": "br, zstd, dcz",
	} {
		set, err := x.Find(lookup(t, a, path))
		if err != nil {
			t.Fatal(err)
		}
		has := codings.Codings(0)
		for c := range codings.NumCodings {
			if _, ok := set.Get(c); ok {
				has = has.With(c)
			}
		}
		if has.String() != want {
			t.Errorf("%s: %q, want %q", path, has, want)
		}
	}
}

// TestUpdate changes an archive: the variants are stale then, and Build encodes what is new.
func TestUpdate(t *testing.T) {
	for _, sums := range []bool{false, true} {
		t.Run(fmt.Sprintf("sums=%v", sums), func(t *testing.T) {
			dir := site(t)
			archive := tartest.Pack(t, dir, pack.Options{SHA256: sums})
			res := build(t, archive, variants.Options{Settings: all})
			before, err := codings.OpenAny(res.Name)
			if err != nil {
				t.Fatal(err)
			}
			defer before.Close()
			tartest.WriteFile(t, filepath.Join(dir, "pages/005.html"), []byte(page(5000)))
			if err := os.Remove(filepath.Join(dir, "pages/006.html")); err != nil {
				t.Fatal(err)
			}
			if _, err := edit.Update(t.Context(), archive, dir, edit.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
			wantProblems(t, archive, codings.ErrStale.Error())
			after := build(t, archive, variants.Options{})
			if after.Contents != res.Contents-1 || after.Reused != after.Contents-1 ||
				after.Settings != all {
				t.Errorf("%+v", after)
			}
			wantProblems(t, archive)
			now, err := codings.OpenAny(res.Name)
			if err != nil {
				t.Fatal(err)
			}
			defer now.Close()
			if now.Dictionaries()[0].SHA256 != before.Dictionaries()[0].SHA256 {
				t.Error("another dictionary: browsers would have to fetch it")
			}
		})
	}
}

// TestSettings changes what variants there are.
func TestSettings(t *testing.T) {
	archive := tartest.Pack(t, site(t), pack.Options{})
	br := codings.Settings{Codings: codings.Codings(0).With(codings.Brotli), Level: 4}
	first := build(t, archive, variants.Options{Settings: br})
	if first.Dictionaries != 0 || first.Codings[codings.Zstd].Contents != 0 {
		t.Errorf("%+v", first)
	}
	if res := build(t, archive, variants.Options{Settings: all}); res.Reused != 0 {
		t.Errorf("more codings: %+v", res)
	}
	if res := build(t, archive, variants.Options{Settings: br}); res.Reused != res.Contents ||
		res.Codings != first.Codings {
		t.Errorf("fewer codings: %+v", res)
	}
	br.Level = 5
	if res := build(t, archive, variants.Options{Settings: br}); res.Reused != 0 {
		t.Errorf("another level: %+v", res)
	}
	wantProblems(t, archive)
}

// TestFewPages requires no dictionary where it would cost more than it saves.
func TestFewPages(t *testing.T) {
	files := [][2]string{}
	for i := range 30 { // without anything in common
		files = append(files, [2]string{fmt.Sprintf("%02d.html", i),
			tartest.Text(fmt.Sprint("page", i), 3000)})
	}
	few := [][2]string{}
	for i := range 19 {
		few = append(few, [2]string{fmt.Sprintf("%02d.html", i), page(i)})
	}
	for what, files := range map[string][][2]string{"few": few, "different": files} {
		archive := tartest.Pack(t, tartest.Tree(t, files...), pack.Options{})
		if res := build(t, archive, variants.Options{Settings: all}); res.Dictionaries != 0 {
			t.Errorf("%s pages: %+v", what, res)
		}
		wantProblems(t, archive)
	}
}

// TestHiddenPages: nothing of pages that servers hide is in the dictionary.
func TestHiddenPages(t *testing.T) {
	files := [][2]string{}
	for i := range 60 {
		files = append(files, [2]string{fmt.Sprintf("%02d.html", i), page(i)},
			[2]string{fmt.Sprintf("drafts/.secret/%02d.html", i), "secret words, " + page(i)})
	}
	archive := tartest.Pack(t, tartest.Tree(t, files...), pack.Options{})
	res := build(t, archive, variants.Options{Settings: all})
	x, err := codings.OpenAny(res.Name)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if len(x.Dictionaries()) != 1 {
		t.Errorf("%+v", res)
	}
	for _, d := range x.Dictionaries() {
		if bytes.Contains(d.Bytes, []byte("secret words")) {
			t.Error("the dictionary has text of hidden pages")
		}
	}
}

// stopAfter returns a context, and a Progress that ends it after n contents.
func stopAfter(t *testing.T, n int64) (context.Context, func(format.Progress)) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return ctx, func(p format.Progress) {
		if p.Entries == n {
			cancel()
		}
	}
}

// TestResume stops Build, and requires that the next one goes on, with the same bytes in the end.
// Between them the temporary files are damaged.
func TestResume(t *testing.T) {
	archive := tartest.Pack(t, site(t), pack.Options{})
	name := build(t, archive, variants.Options{Settings: all}).Name
	want := tartest.Read(t, name)
	temp := format.TempName(name)
	journal := format.TempName(name + ".journal")
	flip := func(name string, at int) {
		b := tartest.Read(t, name)
		b[(at+len(b))%len(b)] ^= 1
		tartest.WriteFile(t, name, b)
	}
	cut := func(name string, n int) {
		tartest.WriteFile(t, name, tartest.Read(t, name)[:n])
	}
	for what, c := range map[string]struct {
		damage func()
		most   int64 // contents that are not encoded again
		least  int64
	}{
		"nothing":             {func() {}, 124, 50},
		"end of the journal":  {func() { cut(journal, len(tartest.Read(t, journal))-1) }, 124, 49},
		"end of the data":     {func() { cut(temp, len(tartest.Read(t, temp))-3000) }, 124, 1},
		"bit of the journal":  {func() { flip(journal, -100) }, 124, 1},
		"head of the journal": {func() { flip(journal, 20) }, 0, 0},
		"no journal":          {func() { cut(journal, 0) }, 0, 0},
		"bit of the data":     {func() { flip(temp, len(tartest.Read(t, temp))/2) }, 124, 1},
		"no data":             {func() { cut(temp, 0) }, 0, 0},
		"link to elsewhere": {func() {
			filetest.NeedSymlinks(t)
			if err := errors.Join(os.Remove(temp), os.Symlink(archive, temp)); err != nil {
				t.Fatal(err)
			}
		}, 0, 0},
	} {
		sample := []string{"nothing", "bit of the data", "link to elsewhere"}
		if testing.Short() && !slices.Contains(sample, what) {
			continue
		}
		t.Run(what, func(t *testing.T) {
			if _, err := variants.Drop(archive); err != nil {
				t.Fatal(err)
			}
			ctx, progress := stopAfter(t, 50)
			_, err := variants.Build(ctx, archive, variants.Options{Settings: all, Progress: progress})
			if !errors.Is(err, variants.ErrUnfinished) || !errors.Is(err, context.Canceled) {
				t.Fatalf("error %v", err)
			}
			if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the file is there: %v", err)
			}
			c.damage()
			res := build(t, archive, variants.Options{Settings: all})
			if res.Reused > c.most || res.Reused < c.least {
				t.Errorf("%d contents reused", res.Reused)
			}
			if !bytes.Equal(tartest.Read(t, name), want) {
				t.Error("other bytes than in one run")
			}
		})
	}
	if _, err := tarpack.Verify(t.Context(), archive, tarpack.VerifyOptions{}); err != nil {
		t.Error(err)
	}
}

func TestErrors(t *testing.T) {
	archive := tartest.Pack(t, site(t), pack.Options{})
	name := archive + format.VariantsSuffix
	for what, c := range map[string]struct {
		do   func(t *testing.T, archive string) error
		want error
	}{
		"no file": {func(t *testing.T, archive string) error {
			_, err := variants.Build(t.Context(), archive, variants.Options{})
			return err
		}, variants.ErrNone},
		"nothing to verify": {func(t *testing.T, archive string) error {
			_, err := variants.Verify(t.Context(), archive, variants.VerifyOptions{})
			return err
		}, variants.ErrNone},
		"nothing to drop": {func(t *testing.T, archive string) error {
			_, err := variants.Drop(archive)
			return err
		}, variants.ErrNone},
		"no archive": {func(t *testing.T, archive string) error {
			_, err := variants.Build(t.Context(), archive+"x", variants.Options{Settings: all})
			return err
		}, os.ErrNotExist},
		"a directory": {func(t *testing.T, archive string) error {
			if err := os.Mkdir(name, 0o755); err != nil {
				t.Fatal(err)
			}
			defer os.Remove(name)
			_, err := variants.Drop(archive)
			if !errors.Is(err, format.ErrNotRegular) {
				t.Errorf("Drop: %v", err)
			}
			_, err = variants.Build(t.Context(), archive, variants.Options{Settings: all})
			return err
		}, format.ErrNotRegular},
		"a second writer": {func(t *testing.T, archive string) error {
			f, lock, err := durable.LockedTemp(name)
			if err != nil {
				t.Fatal(err)
			}
			defer os.Remove(f.Name())
			defer lock.Close()
			defer f.Close()
			if _, err := variants.Drop(archive); !errors.Is(err, format.ErrLocked) {
				t.Errorf("Drop: %v", err)
			}
			_, err = variants.Build(t.Context(), archive, variants.Options{Settings: all})
			return err
		}, format.ErrLocked},
		"an archive that is replaced": {func(t *testing.T, archive string) error {
			_, err := variants.Build(t.Context(), archive, variants.Options{Settings: all,
				Progress: func(p format.Progress) {
					if p.Entries == 9 {
						tartest.WriteFile(t, archive+".new", tartest.Read(t, archive))
						if err := os.Rename(archive+".new", archive); err != nil {
							t.Error(err)
						}
					}
				}})
			return err
		}, format.ErrChanged},
		"no file to keep": {func(t *testing.T, archive string) error {
			tartest.WriteFile(t, name, []byte("something else"))
			defer os.Remove(name)
			_, err := variants.Build(t.Context(), archive, variants.Options{})
			return err
		}, codings.ErrCorrupt},
	} {
		t.Run(what, func(t *testing.T) {
			if err := c.do(t, archive); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			left, err := filepath.Glob(filepath.Join(filepath.Dir(archive), ".*"))
			if err != nil || len(left) > 0 {
				t.Errorf("left: %q", left)
			}
		})
	}
}

// TestDamagedArchive requires that a content which can't be read fails, by name.
func TestDamagedArchive(t *testing.T) {
	archive := tartest.Pack(t, site(t), pack.Options{})
	b := tartest.Read(t, archive)
	b[len(b)/2] ^= 1
	tartest.WriteFile(t, archive, b)
	_, err := variants.Build(t.Context(), archive, variants.Options{Settings: all})
	if !errors.Is(err, format.ErrCorrupt) || !strings.Contains(fmt.Sprint(err), "pages/") {
		t.Errorf("error %v", err)
	}
}

func TestSet(t *testing.T) {
	dir := site(t)
	out := filepath.Join(t.TempDir(), "out.tar.gz")
	set, err := shard.Pack(t.Context(), dir, out, shard.PackOptions{Shards: 2})
	if err != nil {
		t.Fatal(err)
	}
	res := build(t, out, variants.Options{Settings: all})
	if filepath.Base(res.Name) != "out-of-00002.tar.gz.tps.tpv" || len(set.Shards) != 2 ||
		res.Codings[codings.DictionaryZstd].Contents != pages {
		t.Errorf("%+v", res)
	}
	wantProblems(t, set.Shards[0].Name)
	if size, err := variants.Drop(out); err != nil || size != res.Bytes {
		t.Errorf("Drop: %d, %v", size, err)
	}
}

// TestLink requires that the file lies where a symbolic link leads.
func TestLink(t *testing.T) {
	archive := tartest.Pack(t, site(t), pack.Options{})
	link := filepath.Join(t.TempDir(), "link.tar.gz")
	filetest.NeedSymlinks(t)
	if err := os.Symlink(archive, link); err != nil {
		t.Fatal(err)
	}
	res := build(t, link, variants.Options{Settings: all})
	if res.Name != archive+format.VariantsSuffix {
		t.Error(res.Name)
	}
	wantProblems(t, link)
}
