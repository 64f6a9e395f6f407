package main

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goreleaser/nfpm/v2/files"
)

// TestDeb: dpkg reads the package, which has all files for their places, with the modes and the
// time of the release, and keeps the settings.
func TestDeb(t *testing.T) {
	r := fakeRelease(t)
	if err := r.linuxPackages(t.Context()); err != nil {
		t.Fatal(err)
	}
	deb := filepath.Join(r.out, "tpk_1.2.3~rc.1-1_arm64.deb")
	fields := must(t, "dpkg-deb", "--field", deb)
	for _, line := range []string{
		"Package: tpk", "Version: 1.2.3~rc.1-1", "Architecture: arm64", "Section: utils",
		"Description: archives that are served and read as they are",
	} {
		if !strings.Contains(fields, line+"\n") {
			t.Errorf("no %q in\n%s", line, fields)
		}
	}
	control, tree := t.TempDir(), t.TempDir()
	must(t, "dpkg-deb", "--control", deb, control)
	must(t, "dpkg-deb", "--extract", deb, tree)
	for _, script := range []string{"postinst", "prerm", "postrm"} {
		must(t, "sh", "-n", filepath.Join(control, script))
	}
	settings, err := os.ReadFile(filepath.Join(control, "conffiles"))
	if want := "/etc/logrotate.d/tpk\n/etc/tpk/serve.conf\n"; err != nil || string(settings) != want {
		t.Errorf("conffiles: %v\n%s", err, settings)
	}
	list := must(t, "dpkg-deb", "--contents", deb)
	for _, file := range append(units(t),
		"etc/tpk/serve.conf", "etc/logrotate.d/tpk", "usr/share/man/man1/tpk.1.gz",
		"usr/share/bash-completion/completions/tpk", "usr/share/zsh/vendor-completions/_tpk",
		"usr/share/fish/vendor_completions.d/tpk.fish", "usr/share/doc/tpk/copyright",
		"usr/share/doc/tpk/changelog.Debian.gz", "usr/share/doc/tpk/THIRD-PARTY-LICENSES.gz",
	) {
		line := `(?m)^-rw-r--r-- root/root +\d+ 2027-01-15 .* \./` + regexp.QuoteMeta(file) + `$`
		if !regexp.MustCompile(line).MatchString(list) {
			t.Errorf("no %s, of root and with the release's time, in\n%s", file, list)
		}
	}
	if !regexp.MustCompile(`(?m)^-rwxr-xr-x root/root .* \./usr/bin/tpk$`).MatchString(list) {
		t.Errorf("no program in\n%s", list)
	}
	binary, err := os.ReadFile(filepath.Join(tree, "usr/bin/tpk"))
	if err != nil || string(binary) != "binary for linux/arm64" {
		t.Errorf("%v, binary %q", err, binary)
	}
}

// units returns the units of contrib/systemd, by their places in a package.
func units(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("../contrib/systemd")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		switch filepath.Ext(e.Name()) {
		case ".md", ".conf":
		default:
			all = append(all, "usr/lib/systemd/system/"+e.Name())
		}
	}
	return all
}

// TestDirectories: an .rpm has each directory that is named after it, so that none is left behind.
func TestDirectories(t *testing.T) {
	r := fakeRelease(t)
	list, err := r.packageContents(filepath.Join(r.work, "packages"), platforms[0], "rpm")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]string{}
	for _, c := range list {
		kinds[c.Destination] = c.Type
	}
	for _, c := range list {
		dir := path.Dir(c.Destination)
		if path.Base(dir) == "tpk" && kinds[dir] != files.TypeDir {
			t.Errorf("%s is in %s, which the package does not have", c.Destination, dir)
		}
	}
}

// TestPackagesTwice: the same files make the same packages, and each platform of Linux has three.
func TestPackagesTwice(t *testing.T) {
	r := fakeRelease(t)
	if err := r.linuxPackages(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := sums(t, r.out)
	if n := strings.Count(first, "\n"); n != 9 {
		t.Errorf("%d packages, want 9:\n%s", n, first)
	}
	r.out = t.TempDir()
	if err := r.linuxPackages(t.Context()); err != nil {
		t.Fatal(err)
	}
	if second := sums(t, r.out); second != first {
		t.Errorf("first\n%s\nthen\n%s", first, second)
	}
}

// sums returns the sums of all files in dir.
func sums(t *testing.T, dir string) string {
	t.Helper()
	if err := writeSums(dir); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, sumsFile))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestScripts: shells understand the scripts of all packages, which know each unit that can be
// enabled.
func TestScripts(t *testing.T) {
	scripts := []string{"deb/postinst", "deb/prerm", "deb/postrm", "rpm/post", "rpm/preun"}
	for _, unit := range units(t) {
		name := filepath.Base(unit)
		text, err := os.ReadFile(filepath.Join("../contrib/systemd", name))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "\n[Install]\n") {
			continue
		}
		for _, script := range scripts {
			b, err := os.ReadFile(script)
			if err != nil || !strings.Contains(string(b), name) {
				t.Errorf("%s doesn't name %s (%v)", script, name, err)
			}
		}
	}
	for _, pattern := range []string{"deb/p*", "rpm/*"} {
		scripts, err := filepath.Glob(pattern)
		if err != nil || len(scripts) != 3 {
			t.Errorf("%s: %q, %v", pattern, scripts, err)
		}
		for _, s := range scripts {
			must(t, "sh", "-n", s)
		}
	}
}
