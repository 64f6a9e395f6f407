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
// inject, such as error=EIO. It reports whether the fault occurred.
func Inject(
	t testing.TB, dir string, names []string, call, fault string, when int, args ...string,
) (r Result, fired bool) {
	t.Helper()
	log := filepath.Join(Dir(t), "strace")
	options := []string{"-f", "-qq", "-o", log, "-e", "trace=" + call, "-e",
		fmt.Sprintf("inject=%s:%s:when=%d", call, fault, when)}
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
	return r, bytes.Contains(b, []byte("(INJECTED)")) ||
		bytes.Contains(b, []byte("+++ killed by SIGKILL"))
}
