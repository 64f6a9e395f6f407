// Package tools finds and runs the programs that tpk is held against, and tpk itself. It is support
// for tests only.
//
// A test that needs a program asks for it with [Path]. Where the program is missing the test is
// skipped, with its name, or fails when the environment variable COMPAT is "require", as it is
// where tests must be complete.
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

// Nobody is the user id and group id that tests use for another user than root.
const Nobody = 65534

// Timeout ends a program that hangs. Tests that take long change it.
var Timeout = 2 * time.Minute

// Path returns where the program name is, or skips the test.
func Path(t testing.TB, name string) string {
	t.Helper()
	p, err := exec.LookPath(name)
	if err != nil {
		Missing(t, name)
	}
	return p
}

// Missing ends a test that lacks something of the machine: it skips, or fails where all must be
// there.
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

// repo returns the root of the module.
var repo = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	return filepath.Dir(string(bytes.TrimSpace(out))), err
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
	// Several test programs may build at once; each builds a file of its own and puts it in place.
	own := fmt.Sprintf("%s.%d", name, os.Getpid())
	cmd := exec.Command("go", "build", "-o", own, "./cmd/tpk")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build ./cmd/tpk: %w\n%s", err, out)
	}
	return name, os.Rename(own, name)
})

// TPK returns the path of the tpk command, built from the module, or that of COMPAT_TPK.
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

// removeAll is os.RemoveAll that gets at what stands in directories without permissions.
func removeAll(dir string) error {
	if err := os.RemoveAll(dir); err == nil {
		return nil
	}
	cmd := exec.Command("chmod", "-R", "u+rwX", dir)
	return errors.Join(cmd.Run(), os.RemoveAll(dir))
}

// Result is what a program left behind.
type Result struct {
	Code   int // exit status; -1 when a signal ended it
	Signal syscall.Signal
	Out    []byte // standard output
	Err    []byte // standard error
	Args   []string
}

// String is for messages of tests.
func (r Result) String() string {
	return fmt.Sprintf("%q: exit %d\n%s%s", r.Args, r.Code, clip(r.Out), clip(r.Err))
}

func clip(b []byte) []byte {
	if len(b) <= 1200 {
		return b
	}
	return append(append(append([]byte{}, b[:600]...), " … "...), b[len(b)-600:]...)
}

// Run runs cmd to its end. It fails the test only when cmd cannot be started or hangs.
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

// Must runs cmd and fails the test unless it exits 0. It returns what it printed on standard
// output.
func Must(t testing.TB, cmd *exec.Cmd) []byte {
	t.Helper()
	r := Run(t, cmd)
	if r.Code != 0 {
		t.Fatal(r)
	}
	return r.Out
}

// As makes cmd run as the user and group id, without further groups.
func As(cmd *exec.Cmd, id uint32) *exec.Cmd {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
	cmd.Env = append(os.Environ(), "HOME=/nonexistent")
	return cmd
}
