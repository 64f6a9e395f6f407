package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestFormula: the formula has the address and the sum of each archive that Homebrew can use.
func TestFormula(t *testing.T) {
	r := fakeRelease(t)
	for _, p := range platforms {
		put(t, filepath.Join(r.out, r.name(p)+".tar.gz"), p.String())
	}
	if err := r.formula(t.Context()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(r.out, "tpk.rb"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []platform{
		{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"},
	} {
		sum, err := fileSum(filepath.Join(r.out, r.name(p)+".tar.gz"))
		if err != nil {
			t.Fatal(err)
		}
		want := "      url \"" + homepage + "/releases/download/v1.2.3-rc.1/" + r.name(p) +
			".tar.gz\"\n      sha256 \"" + sum + "\"\n"
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in\n%s", want, b)
		}
	}
	if strings.Contains(string(b), "riscv64") || !strings.Contains(string(b), "on_macos do\n") {
		t.Errorf("the formula is\n%s", b)
	}
}

// standIn is a program that does what the test of the formula wants of tpk.
const standIn = `#!/bin/sh
case $1 in
pack) tar -czf "$3" -C "$2" . ;;
cat) tar -xzOf "$2" "./$3" ;;
esac
`

// TestFormulaInstalls: Ruby reads the formula, which installs the program, the manual pages and the
// completions of each system's archive into Homebrew's places. Its test passes with a program that
// does what it should, and fails with others. Homebrew itself is not there: homebrew/try.rb is.
func TestFormulaInstalls(t *testing.T) {
	ruby := program(t, "ruby")
	r := fakeRelease(t)
	for _, c := range []struct {
		program string
		spoil   func()
		want    string
	}{
		{standIn, func() {}, ", tested\n"},
		{"#!/bin/sh\nexit 3\n", func() {}, "pack site site.tar.gz"},
		{strings.Replace(standIn, "tar -x", "echo more; tar -x", 1), func() {}, `"more\nhello"`},
		{standIn, func() {
			put(t, filepath.Join(r.out, r.name(platforms[0])+".tar.gz"), "")
		}, "another sum"},
	} {
		packFormula(t, r, c.program)
		c.spoil()
		out, err := exec.Command(ruby, "homebrew/try.rb",
			filepath.Join(r.out, "tpk.rb"), r.out).CombinedOutput()
		good := c.want == ", tested\n"
		if (err == nil) != good || !strings.Contains(string(out), c.want) {
			t.Errorf("%v, want %s in\n%s", err, c.want, out)
		}
		if err != nil {
			continue
		}
		for _, line := range []string{
			"macos intel: ", "macos arm: ", "linux intel: ", "linux arm: ", "0755 bin/tpk\n",
			"0644 share/man/man1/tpk.1\n", "0644 etc/bash_completion.d/tpk\n",
			"0644 share/zsh/site-functions/_tpk\n", "0644 share/fish/vendor_completions.d/tpk.fish\n",
		} {
			if !strings.Contains(string(out), line) {
				t.Errorf("no %q in\n%s", line, out)
			}
		}
	}
}

// packFormula makes the archives of r with program as the binary, and a formula for them.
func packFormula(t *testing.T, r *release, program string) {
	t.Helper()
	for _, p := range platforms {
		put(t, r.binaries[p], program)
		tree := filepath.Join(r.work, "tree", r.name(p))
		if err := errors.Join(os.RemoveAll(tree), r.fill(tree, p)); err != nil {
			t.Fatal(err)
		}
		must(t, "tar", "-czf", filepath.Join(r.out, r.name(p)+".tar.gz"),
			"-C", filepath.Dir(tree), r.name(p))
	}
	if err := r.formula(t.Context()); err != nil {
		t.Fatal(err)
	}
}
