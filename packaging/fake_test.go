package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// fakeRelease returns a release of the repository whose binaries and documents are a few bytes.
func fakeRelease(t *testing.T) *release {
	t.Helper()
	source, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	r := &release{
		source: source, tag: "v1.2.3-rc.1", out: t.TempDir(), platforms: platforms, log: io.Discard,
		work: t.TempDir(), time: time.Unix(1_800_000_000, 0).UTC(), commit: "0123456789abcdef",
		binaries: map[platform]string{},
	}
	for _, p := range platforms {
		r.binaries[p] = filepath.Join(r.work, "bin", r.name(p), p.program())
		put(t, r.binaries[p], "binary for "+p.String())
	}
	for _, name := range append([]string{"THIRD-PARTY-LICENSES", "man/man1/tpk.1"}, texts...) {
		put(t, filepath.Join(r.docs(), name), "text of "+name)
	}
	for _, c := range completions {
		put(t, filepath.Join(r.docs(), c.file), "script for "+c.shell)
	}
	return r
}

// put writes a file.
func put(t *testing.T, path, text string) {
	t.Helper()
	if err := writeFile(path, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// program returns the path of a program. Without it the test is skipped, or fails if all are
// required.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && os.Getenv("COMPAT") == "require" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip(err)
	}
	return path
}

// must runs a program and returns what it prints.
func must(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(program(t, name), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}
