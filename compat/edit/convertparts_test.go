package edit

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
)

// TestConvertParts converts inputs of several parts: a tar, a compressed tar, a zip and an archive,
// two of them in each order, with zeros before and between them. All of both must be there.
func TestConvertParts(t *testing.T) {
	dir := tools.Dir(t)
	for _, name := range []string{"tar", "gz", "zip", "tpk"} {
		if err := os.MkdirAll(filepath.Join(dir, name, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name, name, "f"), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(command string) []byte {
		cmd := exec.Command("sh", "-c", command)
		cmd.Dir = dir
		return tools.Must(t, cmd)
	}
	tools.Path(t, "zip")
	must(t, "pack", filepath.Join(dir, "tpk"), filepath.Join(dir, "tpk.tar.gz"))
	parts := map[string][]byte{
		"tar": run("tar -C tar -c tar"), "gz": run("tar -C gz -cz gz"),
		"zip": run("cd zip && zip -q -r - zip"), "tpk": run("cat tpk.tar.gz"),
	}
	for first, a := range parts {
		for second, b := range parts {
			for _, zeros := range []int{0, 100, 1024} {
				if first == "zip" && second == "zip" {
					continue
				}
				in := slices.Concat(make([]byte, zeros&^511), a, make([]byte, zeros), b)
				name := fmt.Sprintf("%s, %d zeros, %s", first, zeros, second)
				checkParts(t, name, in, first, second)
			}
		}
	}
	all := slices.Concat(parts["zip"], parts["tar"], parts["gz"], parts["tpk"], parts["tar"])
	checkParts(t, "all", all, "gz", "tar", "tpk", "zip")
	work := tools.Dir(t)
	cmd := exec.Command(tools.TPK(t), "convert", "-", filepath.Join(work, "out.tar.gz"))
	cmd.Stdin = bytes.NewReader(slices.Concat(parts["zip"], parts["zip"]))
	if r := tools.Run(t, cmd); r.Code != 1 || strings.Count(string(r.Err), "\n") != 1 {
		t.Errorf("two zips, of which readers see one: %v", r)
	}
	wantOnly(t, work)
}

// checkParts converts in, from a file and from a pipe, and expects a file NAME/f with the content
// NAME for each of the names.
func checkParts(t *testing.T, about string, in []byte, names ...string) {
	t.Helper()
	for _, piped := range []bool{false, true} {
		work := tools.Dir(t)
		out := filepath.Join(work, "out.tar.gz")
		file := filepath.Join(work, "in")
		cmd := exec.Command(tools.TPK(t), "convert", file, out)
		if piped {
			cmd = exec.Command(tools.TPK(t), "convert", "-", out)
			cmd.Stdin = bytes.NewReader(in)
		} else if err := os.WriteFile(file, in, 0o600); err != nil {
			t.Fatal(err)
		}
		if r := tools.Run(t, cmd); r.Code != 0 || len(r.Err) > 0 {
			t.Errorf("%s: %v", about, r)
			continue
		}
		x := extracted(t, out)
		want := 0
		for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
			if r := tpk(t, "cat", out, name+"/f"); string(r.Out) != name {
				t.Errorf("%s: %v", about, r)
			}
			want += 2
		}
		if len(x) < want || len(x) > want+1 { // perhaps with the root
			t.Errorf("%s: %d entries, want %d", about, len(x), want)
		}
	}
}

// TestConvertLinkData converts a hard link that is followed by its content again, as POSIX pax
// writes with -o linkdata. The names are those that bsdtar lists.
func TestConvertLinkData(t *testing.T) {
	work := tools.Dir(t)
	in, out := filepath.Join(work, "in.tar"), filepath.Join(work, "out.tar.gz")
	content := strings.Repeat("content ", 100)
	tar := tarFile("a", '0', content) + tarFile("p", 'x', "13 mtime=500\n") +
		tarBlock("l", '1', len(content), "a") + tarFile("x", '0', content)[512:] +
		tarFile("z", '0', "z") + tarZeros(1024)
	if err := os.WriteFile(in, []byte(tar), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, "convert", in, out)
	want := tools.Must(t, exec.Command(tools.Path(t, "bsdtar"), "-tf", in))
	if r := tpk(t, "ls", out); string(r.Out) != string(want) {
		t.Errorf("entries %q, want %q", r.Out, want)
	}
	if r := tpk(t, "cat", out, "l"); string(r.Out) != content {
		t.Errorf("the link has %q", r.Out)
	}
}

// TestConvertDirWithContent: neither GNU tar nor bsdtar keeps the content of a directory. It is
// refused by name.
func TestConvertDirWithContent(t *testing.T) {
	out := filepath.Join(tools.Dir(t), "out.tar.gz")
	cmd := exec.Command(tools.TPK(t), "convert", "-", out)
	cmd.Stdin = strings.NewReader(tarFile("d/", '0', "content") + tarFile("e", '0', "e") +
		tarZeros(1024))
	r := tools.Run(t, cmd)
	if r.Code != 1 || string(r.Err) != "tpk: standard input: d/: a directory with content\n" {
		t.Error(r)
	}
	if r := tpk(t, "cat", out, "e"); string(r.Out) != "e" {
		t.Error(r)
	}
}

// TestConvertCompressedText converts what is compressed but no tar. The message says that.
func TestConvertCompressedText(t *testing.T) {
	for _, content := range []string{"text\n", strings.Repeat("text\n", 1000), ""} {
		for _, program := range []string{"gzip", "xz", "zstd"} {
			tools.Path(t, program)
			compress := exec.Command("sh", "-c", program+" -c | cat")
			compress.Stdin = strings.NewReader(content)
			work := tools.Dir(t)
			cmd := exec.Command(tools.TPK(t), "convert", "-", filepath.Join(work, "out.tar.gz"))
			cmd.Stdin = bytes.NewReader(tools.Must(t, compress))
			r := tools.Run(t, cmd)
			if r.Code != 1 || strings.Count(string(r.Err), "\n") != 1 ||
				!strings.Contains(string(r.Err), "its content is not a tar") {
				t.Errorf("%d bytes, %s: %v", len(content), program, r)
			}
			wantOnly(t, work)
		}
	}
}
