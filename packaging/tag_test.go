package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTag: a release of a tag is refused before anything is built if the tag is another commit's,
// or if users would not find the public key or the changes in the repository.
func TestTag(t *testing.T) {
	dir := t.TempDir()
	git := func(args ...string) {
		must(t, "git", append([]string{
			"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.org",
			"-c", "commit.gpgSign=false", "-c", "tag.gpgSign=false",
		}, args...)...)
	}
	must(t, "git", "init", "-q", dir)
	must(t, "mkdir", filepath.Join(dir, "packaging"))
	must(t, "cp", "release.sh", filepath.Join(dir, "packaging"))
	commit := func(file, text string) {
		put(t, filepath.Join(dir, file), text)
		git("add", ".")
		git("commit", "-q", "-m", file)
	}
	check := func(want string, args ...string) {
		t.Helper()
		args = append([]string{filepath.Join(dir, "packaging/release.sh")}, args...)
		out, err := exec.Command(program(t, "bash"), args...).CombinedOutput()
		refused := strings.Contains(string(out), "is a tag")
		if err == nil || refused != strings.Contains(want, "is a tag") ||
			!strings.Contains(string(out), want) {
			t.Errorf("%v, want %s in\n%s", err, want, out)
		}
	}
	commit("CHANGELOG.md", "## Unreleased\n")
	check("this commit has no tag")
	check("a version is v1.0.0", "1.0.0")
	git("tag", "v1.0.0")
	check("v1.0.0 is a tag, and its commit has no public key in minisign.pub")
	commit("minisign.pub", "untrusted comment: minisign public key\n"+lockedPublic+"\n")
	check("v1.0.0 is a tag, and the tag of another commit, ", "v1.0.0")
	git("tag", "-a", "-m", "1.0.1", "v1.0.1")
	check("v1.0.1 is a tag, and its CHANGELOG.md has no heading '## 1.0.1'")
	commit("CHANGELOG.md", "## 1.0.2 - 2027-01-15\n")
	git("tag", "v1.0.2")
	check("cannot find main module") // it goes on, and finds no program to build
}
