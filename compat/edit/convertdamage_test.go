package edit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
)

// TestConvertDamagedTar converts tars with damaged headers, as they are and compressed. Each
// damage is one line, and the exit code is 1. The rest of the entries is what GNU tar lists, which
// skips to the next header and exits with 2. An entry whose name may be wrong is left out as well.
func TestConvertDamagedTar(t *testing.T) {
	a, b, c := tarFile("a", '0', "content of a"), tarFile("b", '0', ""), tarFile("c", '0', "c")
	d := tarFile("d", '0', strings.Repeat("zeros and more"+tarZeros(1024), 20))
	long := tarFile("p", 'x', "14 path=longer\n") + tarFile("short", '0', "long")
	end := tarZeros(1024)
	bad := func(s string) string { return s[:8] + "x" + s[9:] }
	for _, f := range []struct {
		name, tar string
		lines     int    // on standard error
		without   string // an entry that GNU tar gives another name
	}{
		{"the first", bad(a) + b + c + end, 1, ""},
		{"one in the middle", a + bad(b) + c + end, 1, ""},
		{"one with a content", b + bad(a) + c + end, 1, ""},
		{"one with zeros in its content", b + bad(d) + c + end, 1, ""},
		{"two that follow each other", a + bad(b) + bad(d) + c + end, 1, ""},
		{"two", a + bad(b) + c + bad(a) + d + end, 2, ""},
		{"the last", b + c + bad(a) + end, 1, ""},
		{"the last, and no end", b + c + bad(a), 1, ""},
		{"the last, cut off", b + c + bad(a)[:700], 1, ""},
		{"no header", a + strings.Repeat("junk", 128) + b + end, 1, ""},
		{"the entry of an extended one", a + long[:1024] + bad(long[1024:]) + b + end, 1, ""},
		{"an extended one", a + bad(long) + b + end, 2, "short"},
	} {
		for _, gzipped := range []bool{false, true} {
			t.Run(fmt.Sprint(f.name, " gzip ", gzipped), func(t *testing.T) {
				work := tools.Dir(t)
				plain, in := filepath.Join(work, "in.tar"), filepath.Join(work, "in.tar")
				if err := os.WriteFile(plain, []byte(f.tar), 0o600); err != nil {
					t.Fatal(err)
				}
				if gzipped {
					gzip := exec.Command(tools.Path(t, "gzip"), "-k", plain)
					if r := tools.Run(t, gzip); r.Code != 0 {
						t.Fatal(r)
					}
					in += ".gz"
				}
				out := filepath.Join(tools.Dir(t), "out.tar.gz")
				r := tpk(t, "convert", in, out)
				if r.Code != 1 || strings.Count(string(r.Err), "\n") != f.lines ||
					!strings.Contains(string(r.Err), "damaged header") {
					t.Fatal(r)
				}
				must(t, "verify", out)
				list := exec.Command(tools.Path(t, "tar"), "-itf", plain)
				want := strings.Fields(string(tools.Run(t, list).Out))
				want = slices.DeleteFunc(want, func(s string) bool { return s == f.without })
				got := strings.Fields(string(tpk(t, "ls", out).Out))
				if !slices.Equal(got, want) {
					t.Errorf("the result has %q, want %q", got, want)
				}
			})
		}
	}
}
