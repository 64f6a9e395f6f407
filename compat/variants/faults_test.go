package variants

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/sweep"
	"github.com/tarpack/tpk/compat/tools"
)

// faults are the calls of tpk variants that write, and what happens in them.
var faults = []struct{ call, fault, says string }{
	{"pwrite64", "signal=KILL", ""},
	{"fsync", "signal=KILL", ""},
	{"renameat", "signal=KILL", ""},
	{"unlinkat", "signal=KILL", ""},
	{"openat", "signal=KILL", ""},
	{"pwrite64", "error=ENOSPC", "no space left on device"},
	{"fsync", "error=EIO", "input/output error"},
	{"renameat", "error=EIO", "input/output error"},
	{"ftruncate", "error=EIO", "input/output error"},
}

// TestFaults kills tpk variants at its calls that write, and lets each of these calls fail, where
// older variants were there. Afterwards the file is the old one or the new one, and the next run
// writes the new one. After an error nothing else is left. With -short it is a sample of the calls.
func TestFaults(t *testing.T) {
	tools.Path(t, "strace")
	archive := site(t, 25)
	name := archive + ".tpv"
	build := func(flags ...string) []byte {
		r := fixture.Run(t, append([]string{"variants", "-q", "--level", "2", archive}, flags...)...)
		if r.Code != 0 {
			t.Fatal(r)
		}
		return read(t, name)
	}
	old := build("--br")
	want := build("--br", "--dcz")
	for i, f := range faults {
		if !sweep.Takes(t, i) {
			continue
		}
		t.Run(f.call+"/"+f.fault, func(t *testing.T) {
			step := 1
			if testing.Short() {
				step = 13
			}
			for when := 1; when < 1000; when += step {
				write(t, name, old)
				r, fired := inject(t, archive, f.call, f.fault, when)
				now := read(t, name)
				if !bytes.Equal(now, old) && !bytes.Equal(now, want) {
					t.Errorf("at %d: neither the old file nor the new one", when)
				}
				if !fired {
					if when == 1 {
						t.Error("the fault never occurs")
					}
					if r.Code != 0 || !bytes.Equal(now, want) {
						t.Error(r)
					}
					return
				}
				if f.says != "" && r.Code != 0 && (r.Code != 1 ||
					!strings.Contains(string(r.Err), f.says) || bytes.Count(r.Err, []byte("\n")) != 1) {
					t.Errorf("at %d: %v", when, r)
				}
				if f.says != "" {
					noTemps(t, archive)
				}
				if !bytes.Equal(build("--br", "--dcz"), want) {
					t.Errorf("at %d: the next run has written something else", when)
				}
				noTemps(t, archive)
				if t.Failed() {
					t.Fatalf("at call %d", when)
				}
			}
		})
	}
}

// inject runs tpk variants with a fault in one of its calls that concern the variants file. It
// reports whether the fault occurred.
func inject(t *testing.T, archive, call, fault string, when int) (tools.Result, bool) {
	t.Helper()
	names := []string{"", "x.tar.gz.tpv", ".x.tar.gz.tpv.tpk-tmp", ".x.tar.gz.tpv.journal.tpk-tmp"}
	r, times := tools.Inject(t, filepath.Dir(archive), names, call, fault, when,
		"variants", "-q", "--level", "2", "--br", "--dcz", archive)
	return r, times > 0
}

func noTemps(t *testing.T, archive string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(filepath.Dir(archive), ".*.tpk-tmp"))
	if err != nil || len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
}
