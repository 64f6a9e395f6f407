package tools

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Inject runs tpk under strace with a fault in its call number when of that name, of those that
// concern the files of these names in dir; "" is dir itself. fault is an action of strace's -e
// inject, such as error=EIO. It returns how often the fault occurred. strace counts the calls of
// each thread, and Go continues after a long call in another one, so that may be more than once.
func Inject(
	t testing.TB, dir string, names []string, call, fault string, when int, args ...string,
) (r Result, times int) {
	t.Helper()
	return inject(t, dir, names, call, fmt.Sprintf("%s:when=%d", fault, when), args)
}

// InjectFrom is Inject for the call number when of each thread, and all later ones.
func InjectFrom(
	t testing.TB, dir string, names []string, call, fault string, when int, args ...string,
) (r Result, times int) {
	t.Helper()
	return inject(t, dir, names, call, fmt.Sprintf("%s:when=%d+", fault, when), args)
}

func inject(
	t testing.TB, dir string, names []string, call, action string, args []string,
) (r Result, times int) {
	t.Helper()
	log := filepath.Join(Dir(t), "strace")
	options := []string{"-f", "-qq", "-o", log, "-e", "trace=" + call, "-e",
		"inject=" + call + ":" + action}
	for _, name := range names {
		options = append(options, "-P", filepath.Join(dir, name))
	}
	cmd := exec.Command(Path(t, "strace"), append(append(options, TPK(t)), args...)...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	r = Run(t, cmd)
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	times = bytes.Count(b, []byte("(INJECTED)"))
	if bytes.Contains(b, []byte("+++ killed by SIGKILL")) {
		times = max(times, 1)
	}
	return r, times
}
