package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestApk reads the packages for Alpine as apk does: as two gzip members, each a part of one tar.
// The first has a description, with the sum of the second. The second has the files, each with its
// sum. There is no script, and no unit of systemd.
func TestApk(t *testing.T) {
	r := fakeRelease(t)
	if err := r.linuxPackages(t.Context()); err != nil {
		t.Fatal(err)
	}
	for arch, name := range map[string]string{
		"amd64": "x86_64", "arm64": "aarch64", "riscv64": "riscv64",
	} {
		t.Run(arch, func(t *testing.T) {
			b, err := os.ReadFile(filepath.Join(r.out, "tpk_1.2.3_rc1-r1_"+name+".apk"))
			if err != nil {
				t.Fatal(err)
			}
			control, size := member(t, b)
			files := entries(t, control, false)
			if len(files) != 1 || files[".PKGINFO"] == "" {
				t.Errorf("control has %q", files)
			}
			info := files[".PKGINFO"]
			for _, line := range []string{
				"pkgname = tpk", "pkgver = 1.2.3_rc1-r1", "arch = " + name, "license = MIT",
				"pkgdesc = archives that are served and read as they are",
				fmt.Sprintf("datahash = %x", sha256.Sum256(b[size:])),
			} {
				if !strings.Contains(info, line+"\n") {
					t.Errorf("no %q in\n%s", line, info)
				}
			}
			for line := range strings.Lines(info) {
				if line[0] != '#' && !regexp.MustCompile(`^[a-z_]+ = \S.*\n$`).MatchString(line) {
					t.Errorf("line %q of .PKGINFO", line)
				}
			}
			data, rest := member(t, b[size:])
			if size+rest != len(b) {
				t.Errorf("%d bytes of %d are two members", size+rest, len(b))
			}
			content := entries(t, data, true)
			checkApkFiles(t, content, arch)
			// No end of a tar between the two, or apk would see no file.
			if all := entries(t, append(control, data...), false); len(all) != len(content)+1 {
				t.Errorf("as one tar, the package has %d files, want %d", len(all), len(content)+1)
			}
		})
	}
}

// checkApkFiles checks the names of the files in a package, and its program.
func checkApkFiles(t *testing.T, files map[string]string, arch string) {
	t.Helper()
	if files["usr/bin/tpk"] != "binary for linux/"+arch {
		t.Errorf("program %q", files["usr/bin/tpk"])
	}
	for _, name := range []string{
		"usr/share/licenses/tpk/LICENSE", "usr/share/man/man1/tpk.1.gz",
		"usr/share/zsh/site-functions/_tpk", "usr/share/bash-completion/completions/tpk",
		"usr/share/fish/vendor_completions.d/tpk.fish",
		"usr/share/doc/tpk/THIRD-PARTY-LICENSES.gz",
	} {
		if files[name] == "" {
			t.Errorf("no %s", name)
		}
	}
	for name := range files {
		if !strings.HasPrefix(name, "usr/") || strings.Contains(name, "systemd") {
			t.Errorf("%s is in it", name)
		}
	}
}

// member returns the content of the first gzip member of b, and its length in b.
func member(t *testing.T, b []byte) ([]byte, int) {
	t.Helper()
	in := bytes.NewReader(b) // a ByteReader, so that gzip does not read ahead
	z, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	z.Multistream(false)
	content, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return content, len(b) - in.Len()
}

// entries returns the files of a tar by name. Those of a package have their sums as apk wants them,
// and belong to root.
func entries(t *testing.T, b []byte, sums bool) map[string]string {
	t.Helper()
	files := map[string]string{}
	for in := tar.NewReader(bytes.NewReader(b)); ; {
		h, err := in.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeDir {
			continue
		}
		content, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		files[h.Name] = string(content)
		if !sums {
			continue
		}
		sum := h.PAXRecords["APK-TOOLS.checksum.SHA1"]
		if want := fmt.Sprintf("%x", sha1.Sum(content)); sum != want {
			t.Errorf("%s: sum %q, want %s", h.Name, sum, want)
		}
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "root" || h.Gname != "root" {
			t.Errorf("%s: %d:%d %s:%s, want root", h.Name, h.Uid, h.Gid, h.Uname, h.Gname)
		}
	}
}
