package edit

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
)

// TestTruncatedForeign gives truncated files of other programs to every command. Each fails with
// one line that does not advise what fails as well, changes nothing, and leaves nothing behind.
func TestTruncatedForeign(t *testing.T) {
	work, files := tools.Dir(t), tools.Dir(t)
	tree := filepath.Join(files, "tree")
	content := strings.Repeat("a line that can be compressed\n", 10_000)
	for name, content := range map[string]string{"a": content, "b": content[:1000], "c": ""} {
		if err := os.MkdirAll(tree, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(tree, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ok := filepath.Join(files, "ok.tar.gz")
	must(t, "pack", tree, ok)
	commands := []string{
		"ls F", "ls --json F", "cat F tree/a", "info F", "verify F", "extract -C OUT F", "diff F OK",
		"diff OK F", "export F OUT.zip", "export F OUT.tar.gz", "serve --listen 127.0.0.1:0 F",
		"convert F OUT.tar.gz", "update F TREE", "add F TREE", "rm F a", "index F", "compact F",
		"repair F", "repair F OUT.tar.gz", "merge OUT.tar.gz F OK", "split --shards 2 F",
		"pack --base F TREE OUT.tar.gz", "ls --no-convert F",
	}
	for _, f := range []struct{ name, program, command string }{
		{"f.tar", "tar", "tar c tree"},
		{"f.tar.gz", "gzip", "tar c tree | gzip"},
		{"f.tar.xz", "xz", "tar c tree | xz"},
		{"f.tar.bz2", "bzip2", "tar c tree | bzip2"},
		{"f.tar.zst", "zstd", "tar c tree | zstd"},
		{"f.tar.lz4", "lz4", "tar c tree | lz4"},
		{"f.tar.lzma", "xz", "tar c tree | xz --format=lzma"},
		{"f.zip", "zip", "zip -qr - tree"},
		{"f.7z", "7z", "7z a -bso0 -bsp0 f.7z tree && cat f.7z && rm f.7z"},
		{"f.cpio", "bsdtar", "bsdtar -cf - --format cpio tree"},
	} {
		t.Run(f.name, func(t *testing.T) {
			tools.Path(t, f.program)
			cmd := exec.Command("bash", "-c", "set -o pipefail; "+f.command)
			cmd.Dir = files
			made := tools.Run(t, cmd)
			if made.Code != 0 {
				t.Fatal(made)
			}
			name := filepath.Join(files, f.name)
			for _, size := range []int{len(made.Out) / 2, 100} {
				cut := made.Out[:size]
				if err := os.WriteFile(name, cut, 0o600); err != nil {
					t.Fatal(err)
				}
				for _, command := range commands {
					args := strings.Fields(strings.NewReplacer("F", name, "OK", ok, "OUT",
						filepath.Join(work, "out"), "TREE", tree).Replace(command))
					wantOneLine(t, work, args...)
				}
				if now, err := os.ReadFile(name); err != nil || !bytes.Equal(now, cut) {
					t.Errorf("%d bytes: the file was changed: %v", size, err)
				}
			}
		})
	}
}

// wantOneLine runs a command that must fail with one line and leave nothing in work, where its
// cache and its temporary files are as well.
func wantOneLine(t *testing.T, work string, args ...string) {
	t.Helper()
	cmd := exec.Command(tools.TPK(t), args...)
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+work, "TMPDIR="+work)
	r := tools.Run(t, cmd)
	want := 1
	if args[0] == "diff" {
		want = 2
	}
	var lines []string
	for line := range strings.Lines(string(r.Err)) {
		if !strings.Contains(line, ": converting it ") {
			lines = append(lines, line)
		}
	}
	said := fmt.Sprint(lines)
	// The first command converts the file if that is possible.
	wrongAdvice := args[0] == "ls" && args[1] != "--no-convert" &&
		strings.Contains(said, "'tpk convert' makes")
	if r.Code != want || len(lines) != 1 || wrongAdvice || strings.Contains(said, "goroutine") {
		t.Error(r)
	}
	var left []string
	err := filepath.WalkDir(work, func(name string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			left = append(left, name)
		}
		return err
	})
	if err != nil || len(left) > 0 {
		t.Errorf("%q leaves %q: %v", args, left, err)
	}
}
