//go:build unix

package mount

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
)

// TestGit: git finds a repository as it was packed, and reads its history.
func TestGit(t *testing.T) {
	git := tools.Path(t, "git")
	base := tools.Dir(t)
	repo := filepath.Join(base, "repo")
	write(t, filepath.Join(repo, "src/a.txt"), "one\n")
	write(t, filepath.Join(repo, "src/b.txt"), "one\n")
	run := func(dir string, args ...string) string {
		t.Helper()
		cmd := exec.Command(git, append([]string{"-C", dir, "-c", "user.name=n", "-c", "user.email=e",
			"-c", "safe.directory=*", "-c", "commit.gpgsign=false"}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_OPTIONAL_LOCKS=0")
		return string(tools.Must(t, cmd))
	}
	run(base, "init", "-q", repo)
	run(repo, "add", ".")
	run(repo, "commit", "-qm", "first")
	write(t, filepath.Join(repo, "src/a.txt"), "two\n")
	run(repo, "commit", "-qam", "second")
	run(repo, "gc", "-q")
	write(t, filepath.Join(repo, "src/new"), "new\n")
	archive := filepath.Join(base, "repo.tar.gz")
	fixture.Pack(t, repo, archive)
	m := mount(t, archive)
	if got := run(m.dir, "status", "--porcelain"); got != "?? src/new\n" {
		t.Errorf("status: %q", got)
	}
	if got := run(m.dir, "log", "-p", "--format=%s"); got != run(repo, "log", "-p", "--format=%s") ||
		!strings.Contains(got, "+two") {
		t.Errorf("log: %s", got)
	}
	run(m.dir, "fsck", "--strict")
	m.quiet(t)
}

// TestPython imports a package from the mount, which has no place for compiled files.
func TestPython(t *testing.T) {
	python := tools.Path(t, "python3")
	base := tools.Dir(t)
	dir := filepath.Join(base, "lib")
	write(t, filepath.Join(dir, "pkg/__init__.py"), "from . import part\nVALUE = part.value() + 1\n")
	write(t, filepath.Join(dir, "pkg/part.py"),
		"import json\ndef value():\n\treturn json.loads('41')\n")
	archive := filepath.Join(base, "lib.tar.gz")
	fixture.Pack(t, dir, archive)
	m := mount(t, archive)
	cmd := exec.Command(python, "-c", "import pkg; print(pkg.VALUE, pkg.__file__)")
	cmd.Env = append(os.Environ(), "PYTHONPATH="+m.dir)
	if got := string(tools.Must(t, cmd)); got != "42 "+m.path("pkg/__init__.py")+"\n" {
		t.Errorf("%q", got)
	}
	m.quiet(t)
}

// TestMake builds a program whose sources are in the mount, and does nothing the second time: times
// are right.
func TestMake(t *testing.T) {
	build, gcc := tools.Path(t, "make"), tools.Path(t, "gcc")
	base := tools.Dir(t)
	dir := filepath.Join(base, "src")
	write(t, filepath.Join(dir, "Makefile"),
		"$(OUT)/hello: main.c inc/h.h\n\t"+gcc+" -Iinc -o $@ main.c\n")
	write(t, filepath.Join(dir, "inc/h.h"), "#define TEXT \"hello\"\n")
	write(t, filepath.Join(dir, "main.c"),
		"#include <stdio.h>\n#include \"h.h\"\nint main(void) { puts(TEXT); return 0; }\n")
	archive := filepath.Join(base, "src.tar.gz")
	fixture.Pack(t, dir, archive)
	m := mount(t, archive)
	out := filepath.Join(base, "out")
	if err := os.Mkdir(out, 0o755); err != nil {
		t.Fatal(err)
	}
	tools.Must(t, exec.Command(build, "-C", m.dir, "OUT="+out))
	if got := tools.Must(t, exec.Command(filepath.Join(out, "hello"))); string(got) != "hello\n" {
		t.Errorf("%q", got)
	}
	again := string(tools.Must(t, exec.Command(build, "-C", m.dir, "OUT="+out)))
	if !strings.Contains(again, "up to date") {
		t.Errorf("the second time: %s", again)
	}
	m.quiet(t)
}

// TestExecute runs a program from the mount, which maps it.
func TestExecute(t *testing.T) {
	base := tools.Dir(t)
	dir, archive := filepath.Join(base, "bin"), filepath.Join(base, "bin.tar.gz")
	write(t, filepath.Join(dir, "hello"), "#!/bin/sh\necho hello\n")
	program, err := os.ReadFile(tools.Path(t, "true"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "true"), string(program))
	for _, name := range []string{"hello", "true"} {
		if err := os.Chmod(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	fixture.Pack(t, dir, archive)
	m := mount(t, archive)
	if got := tools.Must(t, exec.Command(m.path("hello"))); string(got) != "hello\n" {
		t.Errorf("%q", got)
	}
	tools.Must(t, exec.Command(m.path("true")))
	m.quiet(t)
}
