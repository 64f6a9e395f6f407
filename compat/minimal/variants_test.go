package minimal

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"aead.dev/minisign"

	"github.com/tarpack/tpk/compat/tools"
)

// checkVariants runs commands for an archive with variants, which the program can't bring up to
// date: those that change archives do nothing at all.
func checkVariants(t *testing.T, tpk string) {
	// Other commands leave the archive as it is, and what is beside it: variants, text index,
	// checksums and signature.
	const refused = "tpk: A.tpv: this build has no brotli and Zstandard: change the archive with a " +
		"full build of tpk, or remove this file first\n"
	for _, test := range []struct {
		args string
		code int
		want string
	}{
		{"add A D", 1, refused},
		{"compact A", 1, refused},
		{"index --embed A", 1, refused},
		{"index --no-embed A", 1, refused},
		{"merge A B A", 1, refused},
		{"rm A main.go", 1, refused},
		{"update A D", 1, refused},
		{"update --dry-run A D", 1, refused},
		{"verify A", 1, "tpk: A: A.tpv: this build has no brotli and Zstandard\ntpk: A: 1 problem " +
			"found: the archive is in order; a full build of tpk checks its variants, too\n"},
		{"ls A", 0, ""},
		{"index A", 0, ""},
		{"repair A", 0, ""},
		{"convert A O", 0, ""},
		{"merge M B A", 0, ""},
		{"split --shards 2 A", 0, ""},
		{"cat A index.html", 0, ""},
	} {
		dir := tools.Dir(t)
		writeSigned(t, dir)
		before := contents(t, dir)
		args := strings.Fields(test.args)
		for i, a := range args[1:] {
			if len(a) == 1 && a != "2" {
				args[i+1] = filepath.Join(dir, map[string]string{"A": "a.tar.gz", "D": "site"}[a])
				if a != "A" && a != "D" {
					args[i+1] = filepath.Join(dir, strings.ToLower(a)+".tar.gz")
				}
			}
		}
		r := tools.Run(t, exec.Command(tpk, args...))
		want := strings.ReplaceAll(test.want, "A", filepath.Join(dir, "a.tar.gz"))
		if r.Code != test.code || string(r.Err) != want {
			t.Errorf("%v, want %d and %q", r, test.code, want)
		}
		after := contents(t, dir)
		maps.DeleteFunc(after, func(name, _ string) bool { _, was := before[name]; return !was })
		if !maps.Equal(before, after) {
			t.Errorf("%s: files beside the archive have changed", test.args)
		}
	}
}

// checkWithoutVariants changes an archive after its variants were removed, and packs one again
// that has some.
func checkWithoutVariants(t *testing.T, tpk string) {
	dir := tools.Dir(t)
	writeSigned(t, dir)
	site, archive := filepath.Join(dir, "site"), filepath.Join(dir, "a.tar.gz")
	r := tools.Run(t, exec.Command(tpk, "pack", site, archive))
	want := "tpk: " + archive + ": its variants are of the archive before: a full build of tpk " +
		"builds the variants again, or remove the file\n"
	if r.Code != 0 || string(r.Err) != want {
		t.Errorf("%v, want %q", r, want)
	}
	if err := os.Remove(archive + ".tpv"); err != nil {
		t.Fatal(err)
	}
	tools.Must(t, exec.Command(tpk, "rm", archive, "main.go"))
	tools.Must(t, exec.Command(tpk, "verify", archive))
}

// writeSigned writes a directory site, an archive of it with all files that can lie beside one, and
// another archive.
func writeSigned(t *testing.T, dir string) {
	t.Helper()
	site := filepath.Join(dir, "site")
	if err := os.Mkdir(site, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"index.html": "<p>" + strings.Repeat("one page of text ", 200),
		"main.go":    strings.Repeat("package main\n", 100),
	} {
		if err := os.WriteFile(filepath.Join(site, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_, secret, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := secret.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(dir, "key")
	if err := os.WriteFile(key, text, 0o600); err != nil {
		t.Fatal(err)
	}
	full, archive := tools.TPK(t), filepath.Join(dir, "a.tar.gz")
	for _, args := range [][]string{
		{"pack", "-q", "--sha256", "--br", "--zstd", site, archive},
		{"index", "-q", "--text", archive},
		{"sign", "-q", "--secret-key", key, archive},
		{"pack", "-q", site, filepath.Join(dir, "b.tar.gz")},
	} {
		tools.Must(t, exec.Command(full, args...))
	}
}

// contents returns the contents of the files in a directory.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		if e.Type().IsRegular() {
			b, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			all[e.Name()] = string(b)
		}
	}
	return all
}
