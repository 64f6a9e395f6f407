package tools

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// leanVar is set in the environment of a test program that must run a command instead of its tests.
const leanVar = "COMPAT_LEAN"

// Main runs the tests, or the command if [Memory] has started the program. Every TestMain must call
// it. It returns the exit status.
func Main(m *testing.M) int {
	if os.Getenv(leanVar) == "" {
		return m.Run()
	}
	os.Unsetenv(leanVar)
	cmd := exec.Command(os.Args[1], os.Args[2:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		return 126
	}
	peak, ok := peakMemory(cmd.ProcessState)
	if !ok {
		return 126
	}
	const figures = 3 // the file descriptor that Memory reads
	if _, err := os.NewFile(figures, "figures").WriteString(strconv.FormatInt(peak,
		10)); err != nil {
		return 126
	}
	return cmd.ProcessState.ExitCode()
}

// Memory runs cmd and also returns its peak memory in MiB. A small process starts cmd, because
// Linux counts the memory of the starting process in the peak.
func Memory(t testing.TB, cmd *exec.Cmd) (Result, int) {
	t.Helper()
	lean := exec.Command(os.Args[0], cmd.Args...)
	lean.Env = append(cmd.Environ(), leanVar+"=1")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	lean.ExtraFiles = []*os.File{w}
	res := Run(t, lean)
	w.Close()
	var figures bytes.Buffer
	if _, err := figures.ReadFrom(r); err != nil {
		t.Fatal(err)
	}
	kib, err := strconv.Atoi(figures.String())
	if err != nil {
		t.Fatalf("no figures of %v", res)
	}
	res.Args = cmd.Args
	return res, kib >> 10
}
