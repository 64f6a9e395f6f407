package main

import (
	"archive/zip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestUsage: wrong arguments are refused before anything is made.
func TestUsage(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	for _, c := range []struct{ args, want string }{
		{"", "usage:"},
		{"sing x", "usage:"},
		{"build", "usage:"},
		{"build -source .. -out " + out + " -version 1.0.0", `version "1.0.0"`},
		{"build -source .. -out " + out + " -version v1.0", `version "v1.0"`},
		{"build -source .. -out " + out + " -version v1.0.0/x", `version "v1.0.0/x"`},
		{"build -source .. -out " + out + " -version v1.0.0 -platforms linux/arm", "linux/arm"},
		{"build -source .. -out " + out + " -version v1.0.0 x", "usage:"},
	} {
		err := run(t.Context(), strings.Fields(c.args), io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.args, err, c.want)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a directory was made")
	}
}

// TestSize: a binary may have 32 MB, and not a byte more.
func TestSize(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tpk-linux-amd64", "tpk")
	put(t, file, "")
	for size, good := range map[int64]bool{maxBinary: true, maxBinary + 1: false} {
		if err := os.Truncate(file, size); err != nil {
			t.Fatal(err)
		}
		if n, err := checkSize(file); (err == nil) != good {
			t.Errorf("%d bytes: %d, %v", size, n, err)
		}
	}
}

// TestZip: the archive for Windows has one directory with the program and all documents.
func TestZip(t *testing.T) {
	r := fakeRelease(t)
	r.platforms = []platform{{"windows", "arm64"}}
	if err := r.archives(t.Context()); err != nil {
		t.Fatal(err)
	}
	z, err := zip.OpenReader(filepath.Join(r.out, "tpk-1.2.3-rc.1-windows-arm64.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var names []string
	for _, f := range z.File {
		names = append(names, strings.TrimPrefix(f.Name, "tpk-1.2.3-rc.1-windows-arm64/"))
		if !f.Modified.Equal(r.time) {
			t.Errorf("%s: %v, want %v", f.Name, f.Modified, r.time)
		}
	}
	want := "CHANGELOG.md LICENSE README.md THIRD-PARTY-LICENSES completions/bash/tpk " +
		"completions/fish/tpk.fish completions/zsh/_tpk man/man1/tpk.1 tpk.exe"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// TestLicence: a module without a licence is an error, and the text of another is kept.
func TestLicence(t *testing.T) {
	m := module{Path: "example.org/m", Version: "v1.0.0", Dir: t.TempDir()}
	var out strings.Builder
	if err := m.licence(&out); err == nil {
		t.Error("no error without a licence")
	}
	put(t, filepath.Join(m.Dir, "LICENSE.txt"), "Do what you like.\n")
	if err := m.licence(&out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "example.org/m v1.0.0: LICENSE.txt\n\nDo what you like.\n") {
		t.Error(out.String())
	}
}
