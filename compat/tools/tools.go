// Package tools finds and runs tpk and the programs that it is tested with. It is for tests only.
//
// A test that needs a program calls [Path]. If the program is missing the test is skipped, with its
// name; with COMPAT=require in the environment it fails.
package tools

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Nobody is the user and group id of tests that need a user other than root.
const Nobody = 65534

// Timeout is the time after which a program that hangs is killed. Long tests change it.
var Timeout = 2 * time.Minute

// Path returns the path of a program, or skips the test if it is missing.
func Path(t testing.TB, name string) string {
	t.Helper()
	p, err := exec.LookPath(name)
	if err != nil {
		Missing(t, name)
	}
	return p
}

// Missing skips a test because the machine lacks something. With COMPAT=require it fails the test.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("COMPAT") == "require" {
		t.Fatalf("%s is missing, and COMPAT=require", what)
	}
	t.Skipf("%s is missing", what)
}

// Root skips the test unless it runs as root.
func Root(t testing.TB) {
	t.Helper()
	if os.Getuid() != 0 {
		Missing(t, "root")
	}
}

// repo returns the root of the module: the nearest directory above that has a go.mod. Tests run in
// the directory of their package.
var repo = sync.OnceValues(func() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no directory above has a go.mod")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
})

// Repo returns the root of the module.
func Repo(t testing.TB) string {
	t.Helper()
	dir, err := repo()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

var build = sync.OnceValues(func() (string, error) {
	if name := os.Getenv("COMPAT_TPK"); name != "" {
		return name, nil
	}
	dir, err := repo()
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, ".work", "compat", "tpk")
	// Several test programs may build at the same time. Each builds its own file and renames it.
	own := fmt.Sprintf("%s.%d", name, os.Getpid())
	cmd := exec.Command("go", "build", "-o", own, "./cmd/tpk")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build ./cmd/tpk: %w\n%s", err, out)
	}
	return name, os.Rename(own, name)
})

// TPK returns the path of tpk: the value of COMPAT_TPK, or a program built from the module.
func TPK(t testing.TB) string {
	t.Helper()
	name, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// Dir returns a new directory that other users may enter. It is removed after the test.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "compat-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := removeAll(dir); err != nil {
			t.Errorf("cleaning up: %v", err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// removeAll is os.RemoveAll that also removes directories without permissions.
func removeAll(dir string) error {
	if err := os.RemoveAll(dir); err == nil {
		return nil
	}
	cmd := exec.Command("chmod", "-R", "u+rwX", dir)
	return errors.Join(cmd.Run(), os.RemoveAll(dir))
}

// Result is how a program ended and what it printed.
type Result struct {
	Code   int // exit status, or -1 if a signal ended the program
	Signal syscall.Signal
	Out    []byte // standard output
	Err    []byte // standard error
	Args   []string
}

// String returns a short description for messages of tests.
func (r Result) String() string {
	return fmt.Sprintf("%q: exit %d\n%s%s", r.Args, r.Code, clip(r.Out), clip(r.Err))
}

func clip(b []byte) []byte {
	if len(b) <= 1200 {
		return b
	}
	return append(append(append([]byte{}, b[:600]...), " … "...), b[len(b)-600:]...)
}

// Run runs cmd to its end. It fails the test only if cmd cannot be started or hangs.
func Run(t testing.TB, cmd *exec.Cmd) Result {
	t.Helper()
	var out, errs bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &out
	}
	if cmd.Stderr == nil {
		cmd.Stderr = &errs
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%q: %v", cmd.Args, err)
	}
	timer := time.AfterFunc(Timeout, func() { cmd.Process.Kill() })
	err := cmd.Wait()
	if !timer.Stop() {
		t.Fatalf("%q: no end after %v\n%s", cmd.Args, Timeout, clip(errs.Bytes()))
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%q: %v", cmd.Args, err)
	}
	r := Result{Code: cmd.ProcessState.ExitCode(), Out: out.Bytes(), Err: errs.Bytes(), Args: cmd.Args}
	if ws, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		r.Signal = ws.Signal()
	}
	return r
}

// Must runs cmd and returns its standard output. The test fails unless cmd exits with 0.
func Must(t testing.TB, cmd *exec.Cmd) []byte {
	t.Helper()
	r := Run(t, cmd)
	if r.Code != 0 {
		t.Fatal(r)
	}
	return r.Out
}
