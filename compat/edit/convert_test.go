package edit

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// sample returns a tree that most archive formats can hold.
func sample() trees.Tree {
	return trees.Tree{
		trees.File("empty", ""), trees.File("a", "same"), trees.File("b", "same"),
		trees.Text("text", 300_000), trees.Noise("noise", 200_000),
		trees.Text("big/segmented", 5<<20), trees.Noise("big/stored", 4<<20+1),
		trees.Dir("d").Perm(0o700), trees.File("d/script", "#!/bin/sh\n").Perm(0o755),
		trees.File("d/with space", "x"), trees.File("d/Grüße", "y"),
		trees.File(strings.Repeat("long/", 30)+strings.Repeat("n", 90), "deep"),
		trees.Symlink("link", "d/script"), trees.Symlink("dangling", strings.Repeat("x", 150)),
		trees.Hardlink("hard", "text"),
		trees.Dir("nothing"),
	}
}

// A maker packs the tree in the current directory into the file out.
type maker struct {
	name    string
	program string
	command string // for sh, with $out
	rules   trees.Rules
	lacks   []string // paths, or their beginnings, that the format or program can't hold
}

var makers = []maker{
	{name: "GNU tar v7", command: "tar --format=v7 -cf $out .", lacks: []string{"long/", "dangling"}},
	{name: "GNU tar oldgnu", command: "tar --format=oldgnu -cf $out ."},
	{name: "GNU tar gnu", command: "tar --format=gnu -cf $out ."},
	{name: "GNU tar gnu sparse", command: "tar --format=gnu --sparse -cf $out ."},
	{name: "GNU tar ustar", command: "tar --format=ustar -cf $out .", lacks: []string{"dangling"}},
	{name: "GNU tar posix", command: "tar --format=posix -cf $out ."},
	{name: "GNU tar posix sparse", command: "tar --format=posix --sparse -cf $out *"},
	{name: "GNU tar without directories",
		command: "find . ! -type d | tar --no-recursion -T - -cf $out", lacks: []string{"nothing"},
		rules: trees.Rules{IgnoreDirTime: true, DirModeMask: 0o777}},
	{name: "GNU tar backwards", command: "find . | sort -r | tar --no-recursion -T - -cf $out",
		rules: trees.Rules{IgnoreLinks: true}},
	{name: "tar.gz", command: "tar -czf $out ."},
	{name: "tar.gz of several members",
		command: "tar -cf - . | split -b 100000 --filter='gzip -1' - > $out"},
	{name: "tar.zst", program: "zstd", command: "tar -cf - . | zstd > $out"},
	{name: "tar.xz", program: "xz", command: "tar -cf - . | xz -0 > $out"},
	{name: "tar.bz2", program: "bzip2", command: "tar -cf - . | bzip2 > $out"},
	{name: "bsdtar pax", program: "bsdtar", command: "LC_ALL=C.UTF-8 bsdtar --format pax -cf $out ."},
	{name: "bsdtar ustar", program: "bsdtar",
		command: "LC_ALL=C.UTF-8 bsdtar --format ustar -cf $out .", lacks: []string{"dangling"}},
	{name: "bsdtar gnutar", program: "bsdtar",
		command: "LC_ALL=C.UTF-8 bsdtar --format gnutar -cf $out ."},
	{name: "bsdtar zip", program: "bsdtar", command: "LC_ALL=C.UTF-8 bsdtar --format zip -cf $out .",
		rules: trees.Rules{IgnoreLinks: true, IgnoreSymlinkTime: true}},
	{name: "busybox tar", program: "busybox", command: "busybox tar cf $out ."},
	{name: "Python tarfile ustar", program: "python3", command: pythonTar("USTAR_FORMAT"),
		lacks: []string{"dangling"}},
	{name: "Python tarfile gnu", program: "python3", command: pythonTar("GNU_FORMAT")},
	{name: "Python tarfile pax", program: "python3", command: pythonTar("PAX_FORMAT")},
	{name: "zip", program: "zip", command: "zip -qryX $out.zip . && mv $out.zip $out",
		rules: trees.Rules{IgnoreLinks: true, IgnoreTime: true}},
	{name: "zip stored", program: "zip", command: "zip -qry0 $out.zip . && mv $out.zip $out",
		rules: trees.Rules{IgnoreLinks: true, IgnoreSymlinkTime: true}},
	{name: "7z zip", program: "7z",
		command: "7z a -tzip -snl $out.zip . >/dev/null && mv $out.zip $out",
		rules:   trees.Rules{IgnoreLinks: true, IgnoreTime: true}},
	{name: "7z tar", program: "7z",
		command: "7z a -ttar -snl -snh $out.tar . >/dev/null && mv $out.tar $out",
		rules:   trees.Rules{IgnoreLinks: true, IgnoreTime: true, ModeMask: 0o7777}},
}

func pythonTar(format string) string {
	wanted := "True"
	if format == "USTAR_FORMAT" {
		wanted = `n != "dangling"`
	}
	return `python3 -c 'import sys, os, tarfile
t = tarfile.open(sys.argv[1], "w", format=tarfile.` + format + `)
for n in sorted(os.listdir(".")):
    if ` + wanted + `: t.add(n)
t.close()' $out`
}

// TestConvert converts archives that other programs have made of a tree, and extracts them with GNU
// tar.
func TestConvert(t *testing.T) {
	base := tools.Dir(t)
	dir := filepath.Join(base, "tree")
	if err := sample().Write(dir); err != nil {
		t.Fatal(err)
	}
	want, err := trees.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range makers {
		t.Run(m.name, func(t *testing.T) {
			if m.program != "" {
				tools.Path(t, m.program)
			}
			work := tools.Dir(t)
			in, out := filepath.Join(work, "in"), filepath.Join(work, "out.tar.gz")
			cmd := exec.Command("sh", "-c", m.command)
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "out="+in)
			made := tools.Run(t, cmd) // some exit with 1 if the format can't hold a file
			if r := tpk(t, "convert", in, out); r.Code != 0 || len(r.Err) > 0 {
				t.Fatalf("%v\nafter %v", r, made)
			}
			lacks := func(p string, _ trees.State) bool {
				for _, l := range m.lacks {
					if strings.HasPrefix(p+"/", l+"/") || strings.HasPrefix(p, l) {
						return true
					}
				}
				return strings.HasPrefix("long/", p+"/") && len(m.lacks) > 0
			}
			got := extracted(t, out).Without(lacks)
			for _, line := range trees.Diff(want.Without(lacks), got,
				m.rules.Or(trees.Rules{Merged: true})) {
				t.Error(line)
			}
			for _, args := range [][]string{{"verify", out}, {"convert", "-", out + "2"}} {
				cmd := exec.Command(tools.TPK(t), args...)
				f, err := os.Open(in)
				if err != nil {
					t.Fatal(err)
				}
				cmd.Stdin = f
				if r := tools.Run(t, cmd); r.Code != 0 {
					t.Error(r)
				}
				f.Close()
			}
			if !bytes.Equal(read(t, out), read(t, out+"2")) {
				t.Error("converted from standard input, it is another archive")
			}
			wantOnly(t, work, "in", "out.tar.gz", "out.tar.gz.tpi", "out.tar.gz2", "out.tar.gz2.tpi")
		})
	}
}

// TestConvertNPM converts a package that npm has packed.
func TestConvertNPM(t *testing.T) {
	npm := tools.Path(t, "npm")
	dir := tools.Dir(t)
	for name, content := range map[string]string{"package.json": `{"name":"x","version":"1.0.0"}`,
		"index.js": "module.exports = 1\n", "lib/a.js": "2\n"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(npm, "pack", "--offline", "--silent")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+dir)
	if r := tools.Run(t, cmd); r.Code != 0 {
		t.Fatal(r)
	}
	out := filepath.Join(dir, "out.tar.gz")
	if r := tpk(t, "convert", filepath.Join(dir, "x-1.0.0.tgz"), out); r.Code != 0 {
		t.Fatal(r)
	}
	got := extracted(t, out)
	for _, p := range []string{"package", "package/package.json", "package/index.js", "package/lib",
		"package/lib/a.js"} {
		if _, ok := got[p]; !ok {
			t.Errorf("%s is missing", p)
		}
	}
}
