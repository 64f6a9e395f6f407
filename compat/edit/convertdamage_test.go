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
// skips to the next header and exits with 2. An entry whose extended header is lost as a whole may
// have another name, and is left out as well.
func TestConvertDamagedTar(t *testing.T) {
	a, b, c := tarFile("a", '0', "content of a"), tarFile("b", '0', ""), tarFile("c", '0', "c")
	d := tarFile("d", '0', strings.Repeat("zeros and more"+tarZeros(1024), 20))
	long := tarFile("p", 'x', "14 path=longer\n") + tarFile("short", '0', "long")
	end := tarZeros(1024)
	bad := func(s string) string { return s[:8] + "x" + s[9:] }
	link := tarWithSum(tarBlock("link", '1', 0, "b"))
	zip := tarFile("z", '0',
		"PK\x03\x04"+strings.Repeat("z", 508)+"PK\x05\x06"+strings.Repeat("z", 508))
	old := func(s string) string {
		return tarWithSum(strings.Replace(s, "ustar\x0000", tarZeros(8), 1))
	}
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
		{"a size of letters", b + withField(a, 124, "zzzzzzz") + c + end, 1, ""},
		{"a size of letters in the first", withField(a, 124, "zzzzzzz") + b + c + end, 1, ""},
		{"a negative size", b + withField(a, 124, strings.Repeat("\xff", 12)) + c + end, 1, ""},
		{"a size of 88 bits", b + withField(d, 124, "\x80"+strings.Repeat("\x7f", 11)) + c + end, 1, ""},
		{"a size of letters behind a damaged one", bad(a) + withField(d, 124, "zzz") + b + end, 1, ""},
		{"an extended one with a size of letters", a + withField(long, 124, "z") + b + end, 2, "short"},
		{"a mode of letters", a + withField(d, 100, "zzzzzzz") + c + end, 1, ""},
		{"an owner of letters", a + withField(d, 108, "zzzzzzz") + c + end, 1, ""},
		{"a group of letters", a + withField(d, 116, "zzzzzzz") + c + end, 1, ""},
		{"a mode, owner, group and time of letters", a + withField(withField(withField(withField(d,
			100, "z"), 108, "z"), 116, "z"), 136, "z") + c + end, 1, ""},
		{"two with a mode of letters", withField(a, 100, "z") + withField(d, 100, "z") + end, 2, ""},
		{"bad numbers in a hard link", b + withField(withField(link, 124, "z"), 100, "z") + c + end,
			1, ""},
		{"the first of a second tar", a + end + bad(b) + c + end, 1, ""},
		{"the first of a second tar behind padding", a + end + tarZeros(8192) + bad(b) + c + end, 1, ""},
		{"the only one of a second tar", b + end + bad(a) + end, 1, ""},
		{"one of an old program in a second tar", b + end + bad(old(a)) + c + end, 1, ""},
		{"one in the middle of a second tar", a + end + b + bad(d) + c + end, 1, ""},
		{"one with a zip in its content", b + end + bad(zip) + c + end, 1, ""},
		{"the second of three tars", a + end + bad(b) + bad(d) + end + c + end, 1, ""},
		{"one in each of two tars", bad(a) + b + end + bad(d) + c + end, 2, ""},
		{"no header behind the end", a + end + strings.Repeat("junk", 128) + b + c + end, 1, ""},
		{"no headers behind the end", a + end + strings.Repeat("junk", 1280) + b + end, 1, ""},
		{"bad extended records", a + strings.Replace(long, "path=", "path:", 1) + c + end, 1, ""},
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
				slices.Sort(want)
				want = slices.DeleteFunc(want, func(s string) bool { return s == f.without })
				got := strings.Fields(string(tpk(t, "ls", out).Out))
				if !slices.Equal(got, want) {
					t.Errorf("the result has %q, want %q", got, want)
				}
			})
		}
	}
}

// withField returns an entry that has another field at an offset, and the right checksum.
func withField(entry string, at int, field string) string {
	size := 8
	if at == 124 || at == 136 {
		size = 12
	}
	b := []byte(entry)
	clear(b[at : at+size])
	copy(b[at:at+size], field)
	return tarWithSum(string(b))
}

// TestConvertOddNumbers converts tars with numbers of unusual forms. The entries are listed as GNU
// tar lists those of the tar, and it exits with 2 if a number can't be read.
func TestConvertOddNumbers(t *testing.T) {
	a, b := tarFile("a", '0', "content of a"), tarFile("b", '0', "b")
	for _, f := range []struct {
		name string
		at   int
		text string
		code int // of convert
	}{
		{"a time of letters", 136, "zzzzzzz", 1},
		{"letters in the time", 136, "0000z00", 1},
		{"a time with an 8", 136, "0000648", 1},
		{"a time of 88 bits", 136, "\x80" + strings.Repeat("\x7f", 11), 1},
		{"a negative time", 136, strings.Repeat("\xff", 11) + "\xf0", 0},
		{"more behind the time", 136, "0644 x", 0},
		{"more behind the mode", 100, "0600 x", 0},
		{"more behind the owner", 108, "0644 x", 0},
		{"more behind the size", 124, "14 x", 0},
		{"no mode", 100, "", 0},
		{"a device number of letters in a file", 329, "zzzzzzz", 0},
	} {
		t.Run(f.name, func(t *testing.T) {
			work := tools.Dir(t)
			in, out := filepath.Join(work, "in.tar"), filepath.Join(work, "out.tar.gz")
			data := b + withField(a, f.at, f.text) + tarZeros(1024)
			if err := os.WriteFile(in, []byte(data), 0o600); err != nil {
				t.Fatal(err)
			}
			if r := tpk(t, "convert", in, out); r.Code != f.code {
				t.Fatal(r)
			}
			list := exec.Command(tools.Path(t, "tar"), "-tf", in)
			if r := tools.Run(t, list); r.Code != 2*f.code {
				t.Errorf("GNU tar: %v", r)
			}
			if got, want := tarListing(t, "-f", out), tarListing(t, "-f", in); !slices.Equal(got, want) {
				t.Errorf("the result has %q, want %q", got, want)
			}
		})
	}
}

// TestConvertUnreadableOwner checks that a file whose owner or mode can't be read is not setuid.
// GNU tar gives it all bits.
func TestConvertUnreadableOwner(t *testing.T) {
	for at, want := range map[int]string{
		100: "-rwx------ 7/8", 108: "-rwxr-xr-x 0/8", 116: "-rwxr-xr-x 7/0", 136: "-rwsr-sr-x 7/8",
	} {
		work := tools.Dir(t)
		in, out := filepath.Join(work, "in.tar"), filepath.Join(work, "out.tar.gz")
		data := withField(withField(tarFile("a", '0', "a"), 100, "0006755"), at, "zzz") + tarZeros(1024)
		if err := os.WriteFile(in, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := tpk(t, "convert", in, out); r.Code != 1 {
			t.Fatal(r)
		}
		if got := tarListing(t, "-f", out); len(got) != 1 || !strings.HasPrefix(got[0], want+" ") {
			t.Errorf("the field at %d: %q, want %s", at, got, want)
		}
	}
}

// TestConvertCutTar checks that the message about a truncated tar names the entry in whose content
// it ends. GNU tar -R names the block of its header.
func TestConvertCutTar(t *testing.T) {
	a, b := tarFile("a", '0', "content of a"), tarFile("b", '0', "content of b")
	for name, data := range map[string]string{
		"the end is missing":     a + tarFile("b", '0', strings.Repeat("long", 1000))[:2000],
		"a size of 8 GiB":        a + withField(b, 124, "77777777777") + tarFile("c", '0', "c"),
		"a size of 4 KiB":        a + withField(b, 124, "00000010000") + tarFile("c", '0', "c"),
		"of a refused file":      a + withField(tarFile("../b", '0', "b"), 124, "00000010000"),
		"of one of other fields": a + withField(withField(b, 124, "00000010000"), 100, "z"),
	} {
		for _, dry := range []bool{false, true} {
			work := tools.Dir(t)
			in := filepath.Join(work, "in.tar")
			if err := os.WriteFile(in, []byte(data), 0o600); err != nil {
				t.Fatal(err)
			}
			r := tpk(t, "convert", fmt.Sprint("--dry-run=", dry), in, filepath.Join(work, "o.tar.gz"))
			if r.Code != 1 || !strings.Contains(string(r.Err),
				"b, whose header is at offset 1024: copy or download it again") {
				t.Errorf("%s: %v", name, r)
			}
			list := exec.Command(tools.Path(t, "tar"), "-tRPf", in)
			if r := tools.Run(t, list); r.Code != 2 || !strings.Contains(string(r.Out), "block 2: ") {
				t.Errorf("%s: GNU tar: %v", name, r)
			}
		}
	}
}
