package patch_test

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/internal/filetest"
	"github.com/tarpack/tpk/tarpack/attributes"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/patch"
	"github.com/tarpack/tpk/tarpack/shard"
)

// version returns the files of a site, of which every page has the version in its footer.
func version(t *testing.T, seed string, at int64) string {
	t.Helper()
	list := [][2]string{{"index.html", "version " + seed}, {"empty", ""}, {"link", "-> index.html"},
		{"a/dup", tartest.Text("same", 3000)}, {"b/dup", tartest.Text("same", 3000)},
		{"big", string(prose(1, 1<<20)) + seed + string(prose(2, 1<<18)) + tartest.Text("t", 1<<20)},
		{"noise", tartest.Noise("n", 1<<20+70_000) + seed}, {"hard", "=> index.html"},
		{"x/y/z/", ""}, {"x/y/l", "-> ../../big"}, {"new-" + seed, string(prose(seed[0], 20_000))},
		{"moved-" + seed + "/page.html", string(prose(3, 30_000))}}
	for i := range 60 {
		list = append(list, [2]string{fmt.Sprintf("many/%02d/f", i),
			string(prose(byte(i), 8000)) + "version " + seed})
	}
	dir := tartest.Tree(t, list...)
	err := filepath.Walk(dir, func(name string, _ os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		return filetest.Lutimes(name, at)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// packed returns two versions of an archive. What is in both is small.
func packed(t *testing.T, o pack.Options) (from, to string) {
	t.Helper()
	return tartest.Pack(t, version(t, "1", 1e9), o), tartest.Pack(t, version(t, "2", 1.2e9), o)
}

// made makes a patch, and returns its name.
func made(t *testing.T, from, to string) (patch.Result, string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "p.tpp")
	res, err := patch.Make(t.Context(), from, to, patch.Options{Out: name})
	if err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(filepath.Dir(name))
	if err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v", left, err)
	}
	return res, name
}

// apply applies a patch to an archive, and returns what it made, what is missing, and the error of
// Apply or else of Check.
func apply(t testing.TB, b []byte, from string) ([]byte, []patch.Span, error) {
	t.Helper()
	p, err := patch.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, nil, err
	}
	old, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	done, err := p.Apply(t.Context(), old, out)
	if err == nil {
		err = p.Check(t.Context(), out)
	}
	return tartest.Read(t, out.Name()), done.Missing, err
}

// Patches of every kind of archive make it again, byte for byte.
func TestMake(t *testing.T) {
	for kind, o := range map[string]pack.Options{
		"plain": {}, "sums": {SHA256: true}, "embedded": {EmbedIndex: true},
		"owners": {Owner: &attributes.Owner{ID: 7, Name: "www"}}, "stored": {Level: pack.NoCompression},
		"fast": {Level: 1}, "best": {Level: 9},
	} {
		t.Run(kind, func(t *testing.T) {
			from, to := packed(t, o)
			res, name := made(t, from, to)
			want, b := tartest.Read(t, to), tartest.Read(t, name)
			got, missing, err := apply(t, b, from)
			if err != nil || len(missing) > 0 || !bytes.Equal(got, want) {
				t.Fatalf("%d bytes of %d, missing %v, %v", len(got), len(want), missing, err)
			}
			if res.Name != name || res.Bytes != int64(len(b)) || res.ArchiveBytes != int64(len(want)) ||
				res.Copied+res.Recompressed+res.Raw != res.ArchiveBytes {
				t.Errorf("%+v, %d bytes", res, len(b))
			}
			// The new page is 20,000 bytes of prose.
			if limit := 20_000; len(b) > limit {
				t.Errorf("%d bytes, want at most %d: %+v", len(b), limit, res)
			}
			if _, again := made(t, from, to); !bytes.Equal(tartest.Read(t, again), b) {
				t.Error("the second patch is another one")
			}
		})
	}
}

// What another encoder or level has compressed travels as it is.
func TestOtherMembers(t *testing.T) {
	page := func(n int) string { return string(prose(1, n)) }
	parts := func(n int) []tartest.ForgedPart {
		return append(tartest.Variety(), tartest.AFile("page", page(n)), foreign(t, "z", page(n+9)),
			tartest.ASegmented("segments", page(2<<20+n), nil)) // of level 1, the others of level 6
	}
	from, to := forged(t, parts(9000)...), forged(t, parts(9100)...)
	res, name := made(t, from, to)
	got, missing, err := apply(t, tartest.Read(t, name), from)
	if err != nil || len(missing) > 0 || !bytes.Equal(got, tartest.Read(t, to)) {
		t.Fatalf("%+v: %v, %v", res, missing, err)
	}
	if res.Raw < 4000 || res.Recompressed < 3000 {
		t.Errorf("%+v", res)
	}
}

// forged writes an archive of parts.
func forged(t *testing.T, parts ...tartest.ForgedPart) string {
	t.Helper()
	a := tartest.ForgeRight(t, parts...)
	return tartest.WriteArchive(t, a, tartest.IndexOf(t, a))
}

// foreign is a file that Go's own encoder has compressed.
func foreign(t *testing.T, path, content string) tartest.ForgedPart {
	t.Helper()
	b := gzmember.AppendTarHeader(nil, tartest.Blocks(tartest.FileHeader(path, len(content))))
	buf := bytes.NewBuffer(gzmember.AppendMemberHeader(b, nil))
	w, err := flate.NewWriter(buf, 6)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b = gzmember.AppendMemberTrailer(buf.Bytes(), crc32.ChecksumIEEE([]byte(content)),
		int64(len(content)))
	return tartest.Raw(gzmember.AppendZeros(b, format.Padding(int64(len(content))), nil))
}

// What needs an encoder that this release does not have is missing, and nothing else.
func TestOtherEncoder(t *testing.T) {
	from, to := packed(t, pack.Options{})
	res, name := made(t, from, to)
	b, want := tartest.Read(t, name), tartest.Read(t, to)
	b[12]++
	patch.Vouch(b)
	got, missing, err := apply(t, b, from)
	if !errors.Is(err, patch.ErrResult) || len(missing) == 0 || len(got) != len(want) {
		t.Fatalf("%d bytes, missing %d, %v", len(got), len(missing), err)
	}
	n := fill(got, missing, want)
	if !bytes.Equal(got, want) || n > res.Recompressed+res.Raw || n < res.Recompressed {
		t.Errorf("%d bytes were missing, %+v", n, res)
	}
}

// fill writes what is missing, and returns how much that was.
func fill(got []byte, missing []patch.Span, want []byte) (n int64) {
	for _, s := range missing {
		n += int64(copy(got[s.Off:s.Off+s.Len], want[s.Off:]))
	}
	return n
}

// Where the old archive is damaged, what is made of it is missing, or the result is found wrong.
func TestDamagedOld(t *testing.T) {
	from, to := packed(t, pack.Options{})
	_, name := made(t, from, to)
	b, want, old := tartest.Read(t, name), tartest.Read(t, to), tartest.Read(t, from)
	missed, wrong := 0, 0
	for at := 0; at < len(old); at += len(old) / 12 {
		damaged := bytes.Clone(old)
		damaged[at] ^= 0x10
		bad := filepath.Join(t.TempDir(), "old")
		tartest.WriteFile(t, bad, damaged)
		got, missing, err := apply(t, b, bad)
		switch {
		case err == nil && !bytes.Equal(got, want):
			t.Fatalf("byte %d: another archive was taken for the new one", at)
		case err != nil && !errors.Is(err, patch.ErrResult):
			t.Fatalf("byte %d: %v", at, err)
		case len(missing) > 0:
			missed++
			if fill(got, missing, want); !bytes.Equal(got, want) {
				wrong++ // what was copied is damaged, too
			}
		case err != nil:
			wrong++
		}
	}
	if missed == 0 || wrong == 0 {
		t.Errorf("%d were missed, %d wrong", missed, wrong)
	}
	tartest.WriteFile(t, from, old[:len(old)/2])
	if _, _, err := apply(t, b, from); err == nil {
		t.Error("no error of an old archive that was cut off")
	}
}

// The errors of Make, after which nothing is left.
func TestMakeErrors(t *testing.T) {
	from, to := packed(t, pack.Options{})
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	tartest.WriteFile(t, text, []byte("some text"))
	shards, err := shard.Pack(t.Context(), version(t, "1", 1e9), filepath.Join(dir, "s.tar.gz"),
		shard.PackOptions{Shards: 2})
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out.tpp")
	stopped := errors.New("stopped")
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(stopped)
	for _, c := range []struct {
		ctx            context.Context
		from, to, name string
		want           error
	}{
		{t.Context(), from, from, out, patch.ErrSame},
		{t.Context(), text, to, out, format.ErrNotArchive},
		{t.Context(), from, filepath.Join(dir, "none"), out, fs.ErrNotExist},
		{t.Context(), shards.Shards[0].Name, to, out, format.ErrPart},
		{t.Context(), from, to, dir, format.ErrNotRegular},
		{t.Context(), from, to, filepath.Join(dir, "none", "x.tpp"), fs.ErrNotExist},
		{ended, from, to, out, stopped},
	} {
		_, err := patch.Make(c.ctx, c.from, c.to, patch.Options{Out: c.name})
		if !errors.Is(err, c.want) {
			t.Errorf("%s, %s: %v, want %v", c.from, c.to, err, c.want)
		}
	}
	list, err := filepath.Glob(filepath.Join(dir, "*out*"))
	hidden, err2 := filepath.Glob(filepath.Join(dir, ".*"))
	if len(list)+len(hidden) > 0 || err != nil || err2 != nil {
		t.Errorf("left %v %v", list, hidden)
	}
}

// Only a patch is replaced, under any name, and nothing takes a name that belongs to an archive.
func TestTarget(t *testing.T) {
	filetest.NeedSymlinks(t)
	from, to := packed(t, pack.Options{})
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	before := map[string][]byte{}
	for _, name := range []string{from, to} {
		for _, suffix := range []string{"", format.SidecarSuffix} {
			before[name+suffix] = tartest.Read(t, name+suffix)
		}
	}
	tartest.WriteFile(t, at("text"), []byte("some text"))
	tartest.WriteFile(t, at("short"), []byte("TPK"))
	before[at("text")], before[at("short")] = []byte("some text"), []byte("TPK")
	for _, err := range []error{
		os.Symlink(from, at("symlink")), os.Link(to, at("hard")), os.Symlink(dir, at("here")),
		os.Symlink(filepath.Dir(from), at("dir")), os.Symlink(to+format.SidecarSuffix, at("index")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{
		from, to, from + ".tpi", to + ".tpi", from + ".sum", to + ".sum.minisig", at("text"),
		at("short"), at("symlink"), at("hard"), at("index"), at("here/hard"),
		at("dir/" + filepath.Base(from) + ".sum"),
	} {
		_, err := patch.Make(t.Context(), from, to, patch.Options{Out: name})
		if !errors.Is(err, patch.ErrTarget) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, suffix := range []string{".tpi", ".sum"} { // those of the file that a link leads to
		_, err := patch.Make(t.Context(), at("symlink"), to, patch.Options{Out: from + suffix})
		if !errors.Is(err, patch.ErrTarget) {
			t.Errorf("%s: %v", suffix, err)
		}
	}
	for name, want := range before {
		if !bytes.Equal(tartest.Read(t, name), want) {
			t.Errorf("%s was replaced", name)
		}
	}
	for range 2 { // the second replaces the first
		_, err := patch.Make(t.Context(), from, to, patch.Options{Out: at("p.tpp")})
		if err != nil {
			t.Error(err)
		}
	}
}

// Every field of Options has its effect.
func TestOptions(t *testing.T) {
	from, to := packed(t, pack.Options{})
	var done, total int64
	notices := 0
	if err := os.Remove(from + format.SidecarSuffix); err != nil {
		t.Fatal(err)
	}
	checks := map[string]func() bool{
		"Out": func() bool { _, name := made(t, from, to); return strings.HasSuffix(name, "p.tpp") },
		"Workers": func() bool {
			_, err := patch.Make(t.Context(), from, to, patch.Options{Workers: 1})
			return err == nil
		},
		"Notice": func() bool {
			res, err := patch.Make(t.Context(), from, to, patch.Options{Notice: func(error) { notices++ }})
			return err == nil && notices == 1 && strings.HasPrefix(res.Name, to+".from-") &&
				strings.HasSuffix(res.Name, patch.Suffix)
		},
		"Progress": func() bool {
			_, err := patch.Make(t.Context(), from, to, patch.Options{Progress: func(d, n int64) {
				if d < done {
					t.Errorf("%d after %d", d, done)
				}
				done, total = d, n
			}})
			return err == nil && done == total && total == int64(len(tartest.Read(t, to)))
		},
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[patch.Options]()) {
		if check := checks[f.Name]; check == nil || !check() {
			t.Errorf("%s has no effect, or no test", f.Name)
		}
	}
}

// A patch that version 1 has made makes the same archive with any later release.
func TestVersion1(t *testing.T) {
	name := func(s string) string { return filepath.Join("testdata", s) }
	if *update {
		for k, n := range []int{9000, 9100} {
			page := tartest.AFile("page", string(prose(1, n)))
			to := name([]string{"old.tar.gz", "new.tar.gz"}[k])
			a := tartest.ForgeRight(t, append(tartest.Variety(), page)...)
			tartest.WriteFile(t, to, a)
		}
		o := patch.Options{Out: name("version1.tpp")}
		if _, err := patch.Make(t.Context(), name("old.tar.gz"), name("new.tar.gz"), o); err != nil {
			t.Fatal(err)
		}
	}
	want := tartest.Read(t, name("new.tar.gz"))
	got, missing, err := apply(t, tartest.Read(t, name("version1.tpp")), name("old.tar.gz"))
	if len(got) != len(want) || err != nil && !errors.Is(err, patch.ErrResult) {
		t.Fatalf("%d bytes of %d, %v", len(got), len(want), err)
	}
	if patch.EncoderNumber == 1 && (err != nil || len(missing) > 0) {
		t.Errorf("missing %v, %v", missing, err)
	}
	if fill(got, missing, want); !bytes.Equal(got, want) {
		t.Error("another archive")
	}
}
