package verified_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/internal/verified"
)

var odd = map[string]verified.Result{
	"/a":                    {"0123456789abcdef", 5, 4, 3, 2, 1},
	"/b\\n\"\n\t}\u00e9 ,=": {"fedcba9876543210", 1 << 40, 1 << 40, 9, 0, 0},
	"/never":                {"", 7, 0, 0, 0, 1},
	"":                      {"x", 1, 1, 1, 1, 1},
}

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestFile: what is written is read.
func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if all, err := verified.Read(name); err != nil || len(all) != 0 {
		t.Errorf("a file that is not there: %v, %v", all, err)
	}
	for range 2 { // the second replaces the first
		if err := verified.Write(name, odd); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := verified.Read(name); err != nil || !reflect.DeepEqual(all, odd) {
		t.Errorf("%v, %v", all, err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(name), ".tpk*"))
	if err != nil || len(left) != 0 {
		t.Error(left, err)
	}
	if err := verified.Write(filepath.Dir(name), odd); err == nil {
		t.Error("a directory was replaced")
	}
}

// TestForeign: anything else is refused.
func TestForeign(t *testing.T) {
	for _, text := range []string{
		"text\n", "\n", "# HELP up x\n", "tpk_verify_entries 1\n", "tpk_verify_entries{} 1\n",
		`tpk_verify_entries{path="/a"} `, `tpk_verify_entries{path="/a"} -1`,
		`tpk_verify_entries{path="/a"} 1.5`, `tpk_verify_entries{path="/a} 1`,
		`tpk_verify_entries{path="/a",more="b"} 1`, `tpk_verify_other{path="/a"} 1`,
		`tpk_verify_entries{path="\x41"} 1`, `tpk_verify_entries{path="/a\"} 1`,
		"tpk_verify_entries{path=`/a\\`} 1", "tpk_verify_entries{path='a'} 1",
		`tpk_verify_archive{path="/a"} 1`, `tpk_verify_archive{path="/a",digest="a"b"} 1`,
		`tpk_verify_archive{path="/a",digest="} 1`, "\x1f\x8b\x08",
		strings.Repeat("# HELP tpk_verify_entries x\n", 600_000), // too long
	} {
		if all, err := verified.Read(write(t, text)); !errors.Is(err, verified.ErrForeign) {
			t.Errorf("%.60q: %v, %v", text, all, err)
		}
	}
	if _, err := verified.Read(t.TempDir()); !errors.Is(err, verified.ErrForeign) {
		t.Errorf("a directory: %v", err)
	}
}

// TestNote: a success counts for one state of an archive only.
func TestNote(t *testing.T) {
	at := time.Unix(100, 0)
	former := verified.Result{Digest: "a", Checked: 50, Good: 40, Entries: 3}
	for _, c := range []struct {
		name              string
		former, now, want verified.Result
	}{
		{"the first", verified.Result{}, verified.Result{Digest: "a", Entries: 2, Bytes: 7},
			verified.Result{"a", 100, 100, 2, 7, 0}},
		{"one more", former, verified.Result{Digest: "a", Entries: 2},
			verified.Result{"a", 100, 100, 2, 0, 0}},
		{"damaged", former, verified.Result{Digest: "a", Entries: 2, Problems: 1},
			verified.Result{"a", 100, 40, 2, 0, 1}},
		{"replaced and damaged", former, verified.Result{Digest: "b", Problems: 2},
			verified.Result{"b", 100, 0, 0, 0, 2}},
		{"not opened", former, verified.Result{Problems: 1}, verified.Result{"a", 100, 40, 0, 0, 1}},
		{"without an index", former, verified.Result{Entries: 1},
			verified.Result{"", 100, 100, 1, 0, 0}},
	} {
		if got := verified.Note(c.former, c.now, at); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestPath(t *testing.T) {
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"a/../b": filepath.Join(wd, "b"), "\xff": filepath.Join(wd, "\uFFFD")} {
		if got, err := verified.Path(in, false); got != want || err != nil {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	const url = "https://a.example/b.tar.gz"
	if got, err := verified.Path(url, true); got != url || err != nil {
		t.Error(got, err)
	}
}

// FuzzRead: what is read can be written and read again.
func FuzzRead(f *testing.F) {
	f.Add(`tpk_verify_entries{path="/a"} 1` + "\n" +
		`tpk_verify_archive{path="/a\\\"\n",digest="0f"} 1`)
	dir := f.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(in, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		all, err := verified.Read(in)
		if err != nil {
			return
		}
		if err := verified.Write(out, all); err != nil {
			t.Fatal(err)
		}
		if again, err := verified.Read(out); err != nil || fmt.Sprint(again) != fmt.Sprint(all) {
			t.Fatalf("%v, %v, not %v", again, err, all)
		}
	})
}
