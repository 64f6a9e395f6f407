package sign

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/sweep"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// signFaults are the calls of tpk sign that write, and what happens in them.
var signFaults = []struct{ call, fault, says string }{
	{"openat", "signal=KILL", ""},
	{"pwrite64", "signal=KILL", ""},
	{"fsync", "signal=KILL", ""},
	{"renameat", "signal=KILL", ""},
	{"unlinkat", "signal=KILL", ""},
	{"pwrite64", "error=ENOSPC", "no space left on device"},
	{"fsync", "error=EIO", "input/output error"},
	{"renameat", "error=EIO", "input/output error"},
	{"ftruncate", "error=EIO", "input/output error"},
	{"fchmod", "error=EIO", "input/output error"},
	{"pread64", "error=EIO", "input/output error"},
}

// TestFaults kills tpk sign at each call that writes, and lets each of these calls fail, where an
// older archive of the same name was signed before. Afterwards the signature is none that is
// accepted, or it is that of the archive that is there. The next run succeeds.
func TestFaults(t *testing.T) {
	tools.Path(t, "strace")
	m, dir := newMaker(t), tools.Dir(t)
	archive := pack(t, trees.Tree{trees.Text("a", 1000)}, dir, "x.tar.gz")
	m.sign(t, archive)
	oldSum, oldSignature := read(t, archive+".sum"), read(t, archive+".sum.minisig")
	pack(t, trees.Tree{trees.Text("a", 2000)}, dir, "x.tar.gz")
	for i, f := range signFaults {
		if testing.Short() && f.call != "renameat" && f.call != "fsync" || !sweep.Takes(t, i) {
			continue
		}
		t.Run(f.call+"/"+f.fault, func(t *testing.T) {
			for when := 1; when < 100; when++ {
				write(t, archive+".sum", oldSum)
				write(t, archive+".sum.minisig", oldSignature)
				r, fired := m.inject(t, archive, f.call, f.fault, when)
				m.checkState(t, archive, oldSum)
				if !fired {
					if when == 1 {
						t.Error("the fault never occurs")
					}
					if r.Code != 0 {
						t.Error(r)
					}
					return
				}
				if f.says != "" && r.Code != 0 && (r.Code != 1 ||
					!strings.Contains(string(r.Err), f.says) || bytes.Count(r.Err, []byte("\n")) != 1) {
					t.Errorf("at %d: %v", when, r)
				}
				if f.says != "" {
					noTemps(t, dir)
				}
				m.sign(t, archive)
				noTemps(t, dir)
				if r := fixture.Run(t, "verify", "-q", "--public-key", m.public, archive); r.Code != 0 {
					t.Errorf("after %d: %v", when, r)
				}
				if t.Failed() {
					t.Fatalf("at call %d", when)
				}
			}
		})
	}
}

// checkState requires that an accepted signature is that of the archive.
func (m *maker) checkState(t *testing.T, archive string, oldSum []byte) {
	t.Helper()
	sum := read(t, archive+".sum")
	r := tools.Run(t, exec.Command(tools.Path(t, "minisign"), "-Vqm", archive+".sum", "-p", m.public))
	if r.Code != 0 {
		return // nobody accepts it
	}
	checked := tools.Run(t, in(filepath.Dir(archive), exec.Command("sha256sum", "-c", archive+".sum")))
	if isOld := bytes.Equal(sum, oldSum); isOld == (checked.Code == 0) {
		t.Errorf("old checksums: %v, and %v", isOld, checked)
	}
}

// noTemps requires that no temporary file is left.
func noTemps(t *testing.T, dir string) {
	t.Helper()
	names, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if strings.HasSuffix(n.Name(), ".tpk-tmp") {
			t.Errorf("%s is left", n.Name())
		}
	}
}

// inject runs tpk sign with a fault in one of its calls that concern the archive's directory. It
// reports whether the fault occurred.
func (m *maker) inject(t *testing.T, archive, call, fault string, when int) (tools.Result, bool) {
	t.Helper()
	names := []string{"", "x.tar.gz", "x.tar.gz.tpi", "x.tar.gz.sum", "x.tar.gz.sum.minisig",
		".x.tar.gz.tpk-tmp", ".x.tar.gz.sum.tpk-tmp", ".x.tar.gz.sum.minisig.tpk-tmp"}
	r, times := tools.Inject(t, filepath.Dir(archive), names, call, fault, when,
		"sign", "-q", "--secret-key", m.secret, archive)
	return r, times > 0
}
