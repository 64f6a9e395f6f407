package readers

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
)

// TestLargeOwners: all readers take owners up to 2^32 − 2, which stand in pax records, since the
// octal fields of tar end at 2^21 − 1.
func TestLargeOwners(t *testing.T) {
	tools.Root(t)
	dir := tools.Dir(t)
	file, archive := filepath.Join(dir, "tree", "f"), filepath.Join(dir, "a.tar.gz")
	if err := os.Mkdir(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("f\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(file, 4294967294, 2147483648); err != nil {
		t.Fatal(err)
	}
	fixture.Pack(t, filepath.Dir(file), archive, "--preserve-owner")
	want := regexp.MustCompile(`4294967294[ /]+2147483648`)
	for _, argv := range [][]string{
		{"tar", "tvzf", archive, "--numeric-owner"},
		{"bsdtar", "tvzf", archive, "--numeric-owner"},
		{"busybox", "tar", "tvzf", archive},
		{"python3", "-c", "import sys, tarfile\n" +
			"for m in tarfile.open(sys.argv[1]): print(m.uid, m.gid)", archive},
	} {
		out := tools.Must(t, exec.Command(tools.Path(t, argv[0]), argv[1:]...))
		if !want.Match(out) {
			t.Errorf("%s: %s", argv[0], out)
		}
	}
}
