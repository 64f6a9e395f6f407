package edit

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// goTars are the archives of archive/tar's tests for which tpk and GNU tar differ, with the reason.
// From the result of converting any other, GNU tar must extract what it extracts from the original.
var goTars = map[string]struct {
	skipped, refused, other string
	malformed               bool // GNU tar exits with 2, and extracts all
}{
	"gnu-sparse-big":        {skipped: "60 GB of zeros: a minute each"},
	"pax-sparse-big":        {skipped: "60 GB of zeros: a minute each"},
	"writer-big-long":       {refused: "a header of 16 GiB without them"},
	"writer-big":            {refused: "a header of 16 GiB without them"},
	"gnu-sparse-many-zeros": {refused: "archive/tar does not take a file of a million holes"},
	"issue10968":            {refused: "damaged"},
	"issue11169":            {refused: "damaged"},
	"issue12435":            {refused: "damaged"},
	"neg-size":              {refused: "a negative size"},
	"pax-bad-hdr-file":      {malformed: true},
	"pax-bad-hdr-large":     {refused: "a pax header of megabytes"},
	"pax-nul-xattrs":        {malformed: true},
	"pax-path-hdr":          {refused: "nothing follows an extended header; bsdtar: damaged"},
	"invalid-go17":          {other: "GNU tar ignores the ustar prefix in GNU headers, from old Go"},
	"pax-global-records":    {other: "GNU tar wants global headers to be of a form of its own"},
	"sparse-formats":        {other: "GNU tar fails at its fourth entry, of sparse format 0.1"},
}

// TestConvertGoTestdata converts the archives of archive/tar's tests, and compares what GNU tar
// extracts from the original and the result.
func TestConvertGoTestdata(t *testing.T) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		tools.Missing(t, "go")
	}
	names, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(root)),
		"src/archive/tar/testdata/*.tar*"))
	if err != nil || len(names) < 40 {
		t.Fatalf("%d archives, %v", len(names), err)
	}
	seen := map[string]bool{}
	for _, in := range names {
		name, _, _ := strings.Cut(filepath.Base(in), ".")
		seen[name] = true
		t.Run(name, func(t *testing.T) {
			if goTars[name].skipped != "" {
				return
			}
			work := tools.Dir(t)
			if strings.HasSuffix(in, ".base64") { // encoded for the sake of virus scanners
				in = decoded(t, in, filepath.Join(work, "decoded"))
			}
			out := filepath.Join(work, "out.tar.gz")
			r := tpk(t, "convert", in, out)
			if goTars[name].refused != "" {
				if r.Code != 1 || strings.Count(string(r.Err), "\n") != 1 {
					t.Error(r)
				}
				_ = os.Remove(filepath.Join(work, "decoded"))
				wantOnly(t, work)
				return
			}
			malformed := goTars[name].malformed
			if r.Code != map[bool]int{true: 1}[malformed] {
				t.Fatal(r)
			}
			must(t, "verify", out)
			if goTars[name].other != "" {
				return
			}
			x := filepath.Join(work, "x")
			if err := os.Mkdir(x, 0o755); err != nil {
				t.Fatal(err)
			}
			gnu := tools.Run(t, exec.Command("tar", "-xf", in, "-C", x))
			if gnu.Code != map[bool]int{true: 2}[malformed] {
				t.Error(gnu)
			}
			want, err := trees.Read(x)
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range trees.Diff(want, extracted(t, out),
				trees.Rules{Merged: true, IgnoreDirTime: true}) {
				t.Error(line)
			}
		})
	}
	for name := range goTars {
		if !seen[name] {
			t.Errorf("there is no %s any more", name)
		}
	}
}

func decoded(t *testing.T, in, out string) string {
	t.Helper()
	b := tools.Must(t, exec.Command("base64", "-d", in))
	if err := os.WriteFile(out, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return out
}
