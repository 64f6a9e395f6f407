//go:build unix

package serve

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/tools"
)

// unitFile returns a file of contrib/systemd, with texts replaced that must be in it.
func unitFile(t *testing.T, name string, oldNew ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(tools.Repo(t), "contrib", "systemd", name))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(oldNew); i += 2 {
		if !bytes.Contains(b, []byte(oldNew[i])) {
			t.Fatalf("%s has no %q", name, oldNew[i])
		}
	}
	return strings.NewReplacer(oldNew...).Replace(string(b))
}

// TestUnits: systemd understands the units, and finds the service well confined.
func TestUnits(t *testing.T) {
	analyze := tools.Path(t, "systemd-analyze")
	dir := t.TempDir()
	service := filepath.Join(dir, "tpk.service")
	socket := filepath.Join(dir, "tpk.socket")
	check, timer := filepath.Join(dir, "tpk-verify.service"), filepath.Join(dir, "tpk-verify.timer")
	for name, text := range map[string]string{
		check:   unitFile(t, "tpk-verify.service", "/usr/bin/tpk", tools.TPK(t)),
		timer:   unitFile(t, "tpk-verify.timer"),
		service: unitFile(t, "tpk.service", "/usr/bin/tpk", tools.TPK(t)),
		socket:  unitFile(t, "tpk.socket"),
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(analyze, "verify", service, socket, check, timer).CombinedOutput()
	if err != nil ||
		bytes.Contains(out, []byte("tpk.")) {
		t.Errorf("%v\n%s", err, out)
	}
	for _, unit := range []string{service, check} {
		out := tools.Must(t, exec.Command(analyze, "security", "--offline=true", "--threshold=20",
			unit))
		t.Logf("%s", out[max(0, len(out)-80):])
	}
}

// TestSystemCalls: the unit's filter allows all calls that a server makes.
func TestSystemCalls(t *testing.T) {
	strace := tools.Path(t, "strace")
	unit := unitFile(t, "tpk.service")
	allowed := map[string]bool{}
	for _, line := range regexp.MustCompile(`(?m)^SystemCallFilter=(~?)(.*)$`).
		FindAllStringSubmatch(unit, -1) {
		for _, set := range strings.Fields(line[2]) {
			for _, call := range systemCalls(t, set) {
				allowed[call] = line[1] == ""
			}
		}
	}
	if !allowed["read"] || allowed["mount"] || allowed["setpriority"] {
		t.Fatal("this is not the unit's filter")
	}
	log := filepath.Join(t.TempDir(), "calls")
	p := launch(t, exec.Command(strace, "-f", "-qq", "-o", log, tools.TPK(t), "serve", "--watch",
		"--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--cache", t.TempDir(), "--access-log",
		filepath.Join(t.TempDir(), "log"), zipOf(t, tree())))
	base := p.url(t)
	for _, path := range []string{"file", "?list", "?list&q=f", "?list&download=zip", "none"} {
		ask(t, "GET", base+path, nil)
	}
	signal := func(sig string, parent int) {
		t.Helper()
		if err := exec.Command("pkill", "-"+sig, "-P", fmt.Sprint(parent)).Run(); err != nil {
			t.Fatal(err)
		}
	}
	signal("USR2", p.Process.Pid)
	if err := syscall.Kill(p.successor(t, 1), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end")
	}
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\d+ +(\w+)\(`).FindAllSubmatch(b, -1) {
		made[string(m[1])] = true
	}
	if !made["accept4"] || !made["epoll_pwait"] {
		t.Errorf("these are not the calls of a server: %v", made)
	}
	for call := range made {
		if !allowed[call] {
			t.Errorf("the filter refuses %s", call)
		}
	}
}

// systemCalls returns the calls of a set of systemd, as @system-service, and of sets in it.
func systemCalls(t *testing.T, set string) (calls []string) {
	t.Helper()
	out := tools.Must(t, exec.Command(tools.Path(t, "systemd-analyze"), "syscall-filter", set))
	lines := strings.Split(string(out), "\n")
	for _, line := range lines[1:] {
		switch name := strings.TrimSpace(line); {
		case name == "" || name[0] == '#':
		case name[0] == '@':
			calls = append(calls, systemCalls(t, name)...)
		default:
			calls = append(calls, name)
		}
	}
	return calls
}

// TestLogrotate: logrotate renames the log and makes the server go on in a new one.
func TestLogrotate(t *testing.T) {
	logrotate := tools.Path(t, "logrotate")
	dir := t.TempDir()
	name := filepath.Join(dir, "access.log")
	p := launch(t, exec.Command(tools.TPK(t), "serve", "--listen", "127.0.0.1:0",
		"--access-log", name, packTree(t, tree())))
	base := p.url(t)
	logged(t, base, "before", name)
	config := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(config, []byte(unitFile(t, "logrotate.conf", "/var/log/tpk", dir,
		"systemctl kill --signal=SIGUSR1 tpk.service", fmt.Sprintf("kill -USR1 %d", p.Process.Pid))),
		0o644); err != nil {
		t.Fatal(err)
	}
	tools.Must(t, exec.Command(logrotate, "--force", "--state", config+".state", config))
	until(t, name)
	logged(t, base, "after", name)
	if b, err := os.ReadFile(name + ".1"); err != nil || !strings.Contains(string(b), "before") ||
		strings.Contains(string(b), "after") {
		t.Errorf("%v: %s", err, b)
	}
	p.stops(t)
}

// zipOf returns a zip file of a tree.
func zipOf(t *testing.T, files map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, text := range files {
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "tree.zip")
	if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}
