package edit

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
)

// sumsTree writes files of all codings, with duplicates and links, some with names that sha256sum
// escapes.
func sumsTree(t *testing.T, dir, seed string) {
	t.Helper()
	const large = 4<<20 + 100 // what a worker does not take as a whole
	for name, content := range map[string][]byte{
		"empty": nil, "small": []byte(seed), "d/text": trees.TextBytes(seed, 90_000),
		"d/segmented": trees.TextBytes(seed, 1<<20+5), "d/e/noise": trees.NoiseBytes(seed, 30_000),
		"d/e/stored": trees.NoiseBytes(seed, large), "d/e/large text": trees.TextBytes(seed, large),
		"same": trees.TextBytes(seed, 90_000), "one MiB": trees.TextBytes(seed, 1<<20),
		`back\slash` + "\nand line\r": []byte("x" + seed), "-": []byte("y" + seed),
	} {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"hard": "small", "d/hard": "d/segmented"} {
		if err := os.Link(filepath.Join(dir, to), filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("small", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
}

// checkSums compares the sums of an archive or a set with those of its contents. Verify must find
// nothing, and rebuilding the index must give the same bytes.
func checkSums(t *testing.T, name string, want bool, sidecars ...string) {
	t.Helper()
	ctx := context.Background()
	a, err := tarpack.Open(ctx, name, &tarpack.OpenOptions{RequireSidecar: true})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	x := a.Index()
	if x.HasSHA256() != want {
		t.Errorf("%s: with sums: %v", name, x.HasSHA256())
		return
	}
	for i := range x.Len() {
		checkEntrySums(t, a, i)
	}
	res, err := tarpack.Verify(ctx, name, tarpack.VerifyOptions{})
	if err != nil || res.Failed > 0 {
		t.Errorf("%s: %v %v", name, res.Problems, err)
	}
	for _, side := range sidecars {
		before := read(t, side)
		if err := os.Remove(side); err != nil {
			t.Fatal(err)
		}
		if _, err := tarpack.Reindex(ctx, name, tarpack.ReindexOptions{}); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(read(t, side), before) {
			t.Errorf("%s: rebuilding gives another index", side)
		}
	}
}

// checkEntrySums compares the sums of entry i with its content.
func checkEntrySums(t *testing.T, a *tarpack.Archive, i int) {
	t.Helper()
	x := a.Index()
	if !x.HasSHA256() {
		return
	}
	path, err := x.Path(i)
	if err != nil {
		t.Fatal(err)
	}
	e, err := x.Entry(i)
	if err != nil {
		t.Fatal(err)
	}
	got, err := x.SHA256(i)
	if err != nil {
		t.Fatal(err)
	}
	if e.Type != sidecar.TypeFile && e.Type != sidecar.TypeHardlink {
		if got != (sidecar.Sum{}) {
			t.Errorf("%s has a sum", path)
		}
		return
	}
	r, err := a.OpenContent(i)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if want := sha256.Sum256(content); got != want {
		t.Errorf("%q: %x, want %x", path, got, want)
	}
	const mib = 1 << 20
	table, err := x.MiBSums(i)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for at := 0; len(content) > mib && at < len(content); at += mib {
		want := sha256.Sum256(content[at:min(at+mib, len(content))])
		if got, err := table.Sum(n); err != nil || got != want {
			t.Errorf("%q, MiB %d: %x, %v; want %x", path, n, got, err, want)
		}
		n++
	}
	if table.Len != n {
		t.Errorf("%q: %d sums of MiBs, want %d", path, table.Len, n)
	}
}

// TestSums: whatever writes an archive with sums gives it the right ones.
func TestSums(t *testing.T) {
	base := tools.Dir(t)
	in := func(name string) string { return filepath.Join(base, name) }
	sumsTree(t, in("tree"), "1")
	run := func(args ...string) {
		t.Helper()
		if r := tools.Run(t, exec.Command(tools.TPK(t), args...)); r.Code != 0 {
			t.Fatal(r)
		}
	}
	check := func(name string) { t.Helper(); checkSums(t, in(name), true, in(name+".tpi")) }
	run("pack", "--sha256", in("tree"), in("a.tar.gz"))
	check("a.tar.gz")
	run("pack", in("tree"), in("plain.tar.gz"))
	checkSums(t, in("plain.tar.gz"), false, in("plain.tar.gz.tpi"))
	with, without := read(t, in("a.tar.gz")), read(t, in("plain.tar.gz"))
	if len(with) != len(without) || !bytes.HasPrefix(without, with[:len(with)-64]) {
		t.Error("the option changes more of the archive than its trailer")
	}

	// What keeps the sums.
	sumsTree(t, in("more"), "2")
	if err := os.Remove(filepath.Join(in("more"), "d/e/large text")); err != nil {
		t.Fatal(err)
	}
	run("update", in("a.tar.gz"), in("more"))
	check("a.tar.gz")
	run("add", "--append", in("a.tar.gz"), in("tree/d"))
	check("a.tar.gz")
	run("add", in("a.tar.gz"), in("tree/small"), "--into", "new")
	check("a.tar.gz")
	run("rm", in("a.tar.gz"), "d/segmented")
	check("a.tar.gz")
	run("compact", in("a.tar.gz"))
	check("a.tar.gz")
	run("merge", in("merged.tar.gz"), in("plain.tar.gz"), in("a.tar.gz"))
	check("merged.tar.gz")
	run("pack", "--base", in("plain.tar.gz"), "--sha256", in("tree"), in("based.tar.gz"))
	check("based.tar.gz")
	run("pack", "--base", in("a.tar.gz"), in("tree"), in("based.tar.gz"))
	checkSums(t, in("based.tar.gz"), false, in("based.tar.gz.tpi"))
	run("compact", "--sha256", in("plain.tar.gz"))
	check("plain.tar.gz")
	same := read(t, in("plain.tar.gz.tpi"))
	run("pack", "--sha256", in("tree"), in("again.tar.gz"))
	if !bytes.Equal(read(t, in("again.tar.gz.tpi")), same) {
		t.Error("compact --sha256 makes another index than pack --sha256")
	}

	testConvertSums(t, in, run)
	testRepairSums(t, in)
	testSetSums(t, in, run)
}

// testConvertSums converts files of each kind.
func testConvertSums(t *testing.T, in func(string) string, run func(...string)) {
	tools.Must(t, exec.Command("tar", "-cf", in("in.tar"), "-C", in("tree"), "."))
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if err := z.AddFS(os.DirFS(in("tree/d"))); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in("in.zip"), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{"in.tar", "in.zip", "plain.tar.gz", "a.tar.gz"} {
		out := "from-" + from + ".tar.gz"
		run("convert", "--sha256", in(from), in(out))
		checkSums(t, in(out), true, in(out+".tpi"))
	}
	run("convert", in("a.tar.gz"), in("kept.tar.gz"))
	checkSums(t, in("kept.tar.gz"), true, in("kept.tar.gz.tpi"))
	run("convert", in("in.tar"), in("without.tar.gz"))
	checkSums(t, in("without.tar.gz"), false, in("without.tar.gz.tpi"))
}

// testRepairSums repairs archives that are damaged in the middle and at the end.
func testRepairSums(t *testing.T, in func(string) string) {
	whole := read(t, in("again.tar.gz"))
	damaged := bytes.Clone(whole)
	copy(damaged[len(damaged)/3:], "damage")
	for i, b := range [][]byte{damaged, whole[:len(whole)-1000]} {
		name := fmt.Sprintf("damaged%d.tar.gz", i)
		if err := os.WriteFile(in(name), b, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(in(name+".tpi"), read(t, in("again.tar.gz.tpi")), 0o644); err != nil {
			t.Fatal(err)
		}
		if r := tools.Run(t, exec.Command(tools.TPK(t), "repair", in(name))); r.Code != 1 {
			t.Fatal(r)
		}
		checkSums(t, in(name), true, in(name+".tpi"))
	}
	testRepairCutIndex(t, in, whole)
}

// testRepairCutIndex repairs archives that are cut off within the index in them. Only a former
// trailer states that they had sums.
func testRepairCutIndex(t *testing.T, in func(string) string, with []byte) {
	name := in("cut.tar.gz")
	for sums, whole := range map[bool][]byte{true: with, false: read(t, in("without.tar.gz"))} {
		if err := os.WriteFile(name, whole, 0o644); err != nil {
			t.Fatal(err)
		}
		must(t, "index", "--embed", name)
		if err := os.Truncate(name, int64(len(whole))+5000); err != nil {
			t.Fatal(err)
		}
		if r := tools.Run(t, exec.Command(tools.TPK(t), "repair", name)); r.Code > 1 {
			t.Fatal(r)
		}
		checkSums(t, name, sums)
	}
}

// testSetSums packs, splits and changes sets.
func testSetSums(t *testing.T, in func(string) string, run func(...string)) {
	list := func(stem string, n int) string {
		return in(fmt.Sprintf("%s-of-%05d.tar.gz.tps", stem, n))
	}
	shard := func(stem string, i, n int) string {
		return in(fmt.Sprintf("%s-%05d-of-%05d.tar.gz", stem, i, n))
	}
	check := func(stem string, n int) {
		t.Helper()
		checkSums(t, shard(stem, 0, n), true, list(stem, n)+".tpi")
		for i := range n {
			before := read(t, shard(stem, i, n)+".tpi")
			x, err := sidecar.OpenBytes(before)
			if err != nil || !x.HasSHA256() {
				t.Fatal(i, err)
			}
		}
	}
	run("pack", "--sha256", "--shards", "4", in("tree"), in("set.tar.gz"))
	check("set", 4)
	run("update", in("set.tar.gz"), in("more"))
	check("set", 4)
	run("compact", in("set.tar.gz"))
	check("set", 4)
	run("split", "--shards", "3", in("again.tar.gz"))
	check("again", 3)
	run("convert", in("set.tar.gz"), in("joined.tar.gz"))
	checkSums(t, in("joined.tar.gz"), true, in("joined.tar.gz.tpi"))

	// A set of shards with and without sums has none.
	run("pack", "--shards", "2", in("tree"), in("mixed.tar.gz"))
	run("compact", "--single", "--sha256", shard("mixed", 1, 2))
	run("index", shard("mixed", 0, 2))
	checkSums(t, shard("mixed", 0, 2), false, list("mixed", 2)+".tpi")
	run("compact", "--sha256", in("mixed.tar.gz"))
	check("mixed", 2)
}

// TestSumsList: sha256sum reads what ls --sha256 prints, whatever the names, and its own lines are
// the same.
func TestSumsList(t *testing.T) {
	base := tools.Dir(t)
	dir, archive := filepath.Join(base, "tree"), filepath.Join(base, "a.tar.gz")
	sumsTree(t, dir, "1")
	tools.Must(t, exec.Command(tools.TPK(t), "pack", "--sha256", dir, archive))
	list := string(tools.Must(t, exec.Command(tools.TPK(t), "ls", "--sha256", archive)))
	check := exec.Command(tools.Path(t, "sha256sum"), "--check", "--strict", "--quiet")
	check.Dir, check.Stdin = dir, strings.NewReader(list)
	if r := tools.Run(t, check); r.Code != 0 || len(r.Out) > 0 {
		t.Error(r)
	}
	for line := range strings.Lines(list) {
		if strings.Contains(line, "./-") {
			continue // sha256sum would read standard input
		}
		_, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		name = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r").Replace(name)
		own := exec.Command(tools.Path(t, "sha256sum"), name)
		own.Dir = dir
		if got := string(tools.Must(t, own)); got != line {
			t.Errorf("%q, sha256sum prints %q", line, got)
		}
	}
	if n := strings.Count(list, "\n"); n != 13 {
		t.Errorf("%d lines for 13 files", n)
	}
}

// TestUpdateChecksumInflatesNothing: with sums, update --checksum doesn't read the contents of the
// archive. They are damaged here, which it would find.
func TestUpdateChecksumInflatesNothing(t *testing.T) {
	base := tools.Dir(t)
	dir, archive := filepath.Join(base, "tree"), filepath.Join(base, "a.tar.gz")
	sumsTree(t, dir, "1")
	for _, args := range [][]string{{}, {"--sha256"}} {
		tools.Must(t, exec.Command(tools.TPK(t), append([]string{"pack", dir, archive}, args...)...))
		a, err := tarpack.Open(context.Background(), archive, nil)
		if err != nil {
			t.Fatal(err)
		}
		b := read(t, archive)
		for row, err := range a.Index().All(0, a.Index().Len()) {
			if err != nil {
				t.Fatal(err)
			}
			if e := row.Entry; e.ContentLen > 0 {
				b[e.ContentOffset()+e.ContentLen-8] ^= 1 // its CRC-32
			}
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(archive, b, 0o644); err != nil {
			t.Fatal(err)
		}
		r := tools.Run(t, exec.Command(tools.TPK(t), "update", "--checksum", archive, dir))
		unchanged := bytes.Equal(read(t, archive), b)
		if r.Code != 0 || unchanged != (len(args) > 0) {
			t.Errorf("%v: the archive is unchanged: %v; %v", args, unchanged, r)
		}
	}
}
