package python

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/tools"
)

// system is Debian's Python, for which compat/install.sh installs fsspec and xxhash.
const system = "/usr/bin/python3"

func TestMain(m *testing.M) {
	tools.Timeout = 10 * time.Minute // it runs many tests at once
	os.Exit(m.Run())
}

// interpreter returns Debian's Python, or skips the test.
func interpreter(t *testing.T) string {
	t.Helper()
	return tools.Path(t, system)
}

// command returns a run of Python in the folder of the package, with tpk to pack archives.
func command(t *testing.T, program string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = filepath.Join(tools.Repo(t), "python")
	cmd.Env = append(os.Environ(), "TPK="+tools.TPK(t), "PYTHONDONTWRITEBYTECODE=1", "PYTHONPATH=")
	if testing.Short() {
		cmd.Env = append(cmd.Env, "TPK_TEST_STEP=5") // change every fifth byte of an archive, not each
	}
	return cmd
}

var (
	ran     = regexp.MustCompile(`(?m)^Ran (\d+) tests? in `)
	skipped = regexp.MustCompile(`(?m)skipped '(.*)'`)
)

// TestUnits runs the unit tests. Warnings, such as of a file that is not closed, are errors.
func TestUnits(t *testing.T) {
	t.Parallel()
	r := tools.Run(t, command(t, interpreter(t), "-W", "error", "-m", "unittest", "discover", "-v",
		"-s", ".", "-t", "."))
	if r.Code != 0 {
		t.Fatalf("exit %d\n%s%s", r.Code, r.Out, r.Err)
	}
	if m := ran.FindSubmatch(r.Err); m == nil || number(m[1]) < 70 {
		t.Errorf("it ran %q", m)
	}
	for _, m := range skipped.FindAllSubmatch(r.Err, -1) {
		tools.Missing(t, string(m[1]))
	}
}

func number(b []byte) int {
	n, _ := strconv.Atoi(string(b)) // digits
	return n
}

// TestTypes: the package passes mypy in its strict mode, for the oldest Python that it is for.
func TestTypes(t *testing.T) {
	t.Parallel()
	cmd := command(t, tools.Path(t, "mypy"), "--strict", "-p", "tpk", "--cache-dir",
		filepath.Join(tools.Repo(t), ".work", "mypy"))
	if r := tools.Run(t, cmd); r.Code != 0 || !bytes.HasPrefix(r.Out, []byte("Success")) {
		t.Errorf("exit %d\n%s%s", r.Code, r.Out, r.Err)
	}
}

// TestWithoutPackages: the package needs nothing but the standard library, and no syntax that is
// newer than Python 3.9.
func TestWithoutPackages(t *testing.T) {
	t.Parallel()
	python := interpreter(t)
	for _, args := range [][]string{
		{"-S", "-c", "import tpk, sys; sys.exit('xxhash' in sys.modules or 'fsspec' in sys.modules)"},
		{"-c", "import ast, glob\n" +
			"for n in glob.glob('**/*.py', recursive=True):\n" +
			"    ast.parse(open(n, encoding='utf-8').read(), n, feature_version=(3, 9))"},
		{"-S", "-m", "unittest", "tests.test_readers", "tests.test_xxh64"},
	} {
		if r := tools.Run(t, command(t, python, args...)); r.Code != 0 {
			t.Errorf("exit %d\n%s%s", r.Code, r.Out, r.Err)
		}
	}
}
