package main

import (
	"archive/tar"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tarpack/tpk/tarpack/bundle"
)

var update = flag.Bool("update", false, "write the current output of the commands into the scripts")

func TestMain(m *testing.M) {
	if bundle.Marked() { // bundles are made of this program
		main()
	}
	testscript.Main(m, map[string]func(){"tpk": main})
}

// TestScript runs testdata/script/*.txtar. Besides the commands of testscript, they use:
//
//	exit CODE PROGRAM ARG...    run it and expect this exit code
//	said [LINE]                 expect exactly LINE, or nothing, on its standard error
//	nobody CODE PROGRAM ARG...  exit, run as an ordinary user
//	poke FILE OFFSET HEX        overwrite bytes; a negative offset counts from the end
//	flip FILE OFFSET            invert a byte
//	xattr FILE NAME HEX         set an extended attribute
//	web DIR                     serve the files of DIR, and set $URL
//	only DIR NAME...            expect these names in DIR and no others
//	tar FILE NAME...            write a tar with files of these names, which contain their names
//
// $WORK is replaced in LINE. The conditions are [root] and [has:PROGRAM]. With COMPAT=require the
// test fails if one of them does not hold.
func TestScript(t *testing.T) {
	letOthersIn(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exit": exitScript, "said": saidScript, "nobody": nobodyScript,
			"poke": pokeScript, "flip": flipScript, "only": onlyScript, "xattr": xattrScript,
			"web": webScript, "tar": tarScript,
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("TZ", "UTC")
			env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, "cache"))
			env.Setenv("LONG", strings.Repeat("a-long-directory/", 30)+"end")
			env.Setenv("GOCOVERDIR", os.Getenv("GOCOVERDIR"))
			return makeOld(env.WorkDir)
		},
		Condition:          condition,
		RequireUniqueNames: true,
		UpdateScripts:      *update,
	})
}

// makeOld makes the files of a script a day old. Packing files of the current second takes until
// that is over.
func makeOld(dir string) error {
	day := time.Now().AddDate(0, 0, -1)
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		return os.Chtimes(name, day, day)
	})
}

// letOthersIn makes the tpk that testscript has put into $PATH executable for other users.
func letOthersIn(t *testing.T) {
	tpk, err := exec.LookPath("tpk")
	if err != nil {
		t.Fatal(err)
	}
	for dir := filepath.Dir(tpk); dir != os.TempDir() && len(dir) > 1; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// condition evaluates our conditions. With COMPAT=require, one that does not hold is an error.
func condition(name string) (bool, error) {
	if name == "root" {
		if os.Getuid() != 0 && os.Getenv("COMPAT") == "require" {
			return false, errors.New("not root, and COMPAT=require")
		}
		return os.Getuid() == 0, nil
	}
	program, ok := strings.CutPrefix(name, "has:")
	if !ok {
		return false, fmt.Errorf("unknown condition %q", name)
	}
	_, err := exec.LookPath(program)
	if err != nil && os.Getenv("COMPAT") == "require" {
		return false, fmt.Errorf("%s is missing, and COMPAT=require", program)
	}
	return err == nil, nil
}

func exitScript(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var failed *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &failed) {
		got = failed.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func saidScript(ts *testscript.TestScript, _ bool, args []string) {
	want := ""
	if len(args) > 0 {
		want = strings.Join(args, " ") + "\n"
	}
	got := ts.ReadFile("stderr")
	if runtime.GOOS == "windows" { // where paths have backslashes
		got, want = filepath.ToSlash(got), filepath.ToSlash(want)
	}
	if got != want {
		ts.Fatalf("said %q\nwant %q", got, want)
	}
}

func nobodyScript(ts *testscript.TestScript, neg bool, args []string) {
	if os.Getuid() == 0 {
		ts.Check(os.Chmod(filepath.Dir(ts.Getenv("WORK")), 0o755))
		nobody := []string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}
		args = slices.Concat(args[:1], nobody, args[1:])
	}
	exitScript(ts, neg, args)
}

func pokeScript(ts *testscript.TestScript, _ bool, args []string) {
	b, err := hex.DecodeString(args[2])
	ts.Check(err)
	change(ts, args[0], args[1], func(at []byte) { copy(at, b) })
}

func flipScript(ts *testscript.TestScript, _ bool, args []string) {
	change(ts, args[0], args[1], func(at []byte) { at[0] ^= 0xff })
}

func change(ts *testscript.TestScript, name, offset string, with func([]byte)) {
	at, err := strconv.Atoi(offset)
	ts.Check(err)
	name = ts.MkAbs(name)
	content, err := os.ReadFile(name)
	ts.Check(err)
	if at < 0 {
		at += len(content)
	}
	with(content[at:])
	ts.Check(os.WriteFile(name, content, 0o666))
}

func xattrScript(ts *testscript.TestScript, _ bool, args []string) {
	value, err := hex.DecodeString(args[2])
	ts.Check(err)
	ts.Check(setxattr(ts.MkAbs(args[0]), args[1], value))
}

func onlyScript(ts *testscript.TestScript, _ bool, args []string) {
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if fmt.Sprint(got) != fmt.Sprint(args[1:]) {
		ts.Fatalf("%s holds %q, want %q", args[0], got, args[1:])
	}
}

func tarScript(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	w := tar.NewWriter(f)
	for _, name := range args[1:] {
		h := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(name) + 1), ModTime: time.Unix(1e9, 0)}
		ts.Check(w.WriteHeader(h))
		_, err := fmt.Fprintln(w, name)
		ts.Check(err)
	}
	ts.Check(errors.Join(w.Close(), f.Close()))
}

// TestScriptsExpectCodes requires that a script expects an exit code from a command that fails.
func TestScriptsExpectCodes(t *testing.T) {
	bad := regexp.MustCompile(`(?m)^! (exec )?tpk.*`)
	err := filepath.WalkDir("testdata/script", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		for _, line := range bad.FindAllString(string(text), -1) {
			t.Errorf("%s: %s: use exit CODE", name, line)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
