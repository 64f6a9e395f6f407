//go:build unix

package serve

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/tools"
)

// notifications returns a socket for the messages of a service, and hears, which returns the lines
// of the next message that begins with a state.
func notifications(t *testing.T) (name string, hears func(state string) []string) {
	t.Helper()
	socket, err := net.ListenUnixgram("unixgram",
		&net.UnixAddr{Name: filepath.Join(t.TempDir(), "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	return socket.LocalAddr().String(), func(state string) []string {
		t.Helper()
		_ = socket.SetDeadline(time.Now().Add(20 * time.Second))
		b := make([]byte, 4096)
		for {
			n, err := socket.Read(b)
			if err != nil {
				t.Fatalf("%s: %v", state, err)
			}
			if lines := strings.Split(string(b[:n]), "\n"); strings.HasPrefix(lines[0], state) {
				return lines
			}
		}
	}
}

// TestServiceManager: the server tells systemd when it is ready, that it lives, and when it reloads
// and ends.
func TestServiceManager(t *testing.T) {
	socket, hears := notifications(t)
	cmd := exec.Command(tools.TPK(t), "serve", "--quiet", "--listen", "127.0.0.1:0",
		packTree(t, tree()))
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+socket,
		"WATCHDOG_USEC=300000")
	p := launch(t, cmd)
	status := hears("READY=1")[1]
	base, ok := strings.CutPrefix(status, "STATUS=Serving on ")
	if resp, body := ask(t, "GET", base+"file", nil); !ok || body != tree()["file"] {
		t.Errorf("%s: %s %q", status, resp.Status, body)
	}
	for range 3 {
		hears("WATCHDOG=1")
	}
	_ = p.Process.Signal(syscall.SIGHUP)
	if lines := hears("RELOADING=1"); !slices.ContainsFunc(lines, func(line string) bool {
		return strings.HasPrefix(line, "MONOTONIC_USEC=")
	}) {
		t.Errorf("%q", lines)
	}
	hears("READY=1")
	p.stops(t)
	hears("STOPPING=1")
}

// TestReopenedLog: after a log was renamed, SIGUSR1 and SIGHUP make the server go on in a new file.
func TestReopenedLog(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "access.log")
	p := launch(t, exec.Command(tools.TPK(t), "serve", "--listen", "127.0.0.1:0",
		"--access-log", name, packTree(t, tree())))
	base := p.url(t)
	logged(t, base, "first", name)
	for id, sig := range map[string]syscall.Signal{"usr1": syscall.SIGUSR1, "hup": syscall.SIGHUP} {
		older := name + "." + id
		if err := os.Rename(name, older); err != nil {
			t.Fatal(err)
		}
		logged(t, base, "before-"+id, older)
		_ = p.Process.Signal(sig)
		until(t, name)
		logged(t, base, "after-"+id, name)
	}
	// Where no file can be made, it goes on in the one it has.
	older := name + ".last"
	if err := os.Rename(name, older); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(name, 0o755); err != nil {
		t.Fatal(err)
	}
	_ = p.Process.Signal(syscall.SIGUSR1)
	p.says(t, "the access log goes on as before: ")
	logged(t, base, "no-file", older)
	p.stops(t)
}

// logged asks for a path and waits for its line in a log.
func logged(t *testing.T, base, path, log string) {
	t.Helper()
	ask(t, "GET", base+path, nil)
	var b []byte
	for range 400 {
		if b, _ = os.ReadFile(log); strings.Contains(string(b), path) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s is not in %s:\n%s", path, log, b)
}

// until waits until a file is there.
func until(t *testing.T, name string) {
	t.Helper()
	for range 400 {
		if _, err := os.Stat(name); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s is not there", name)
}

// TestUnusedSignal: SIGUSR1 does not end a server without a log.
func TestUnusedSignal(t *testing.T) {
	p := launch(t, exec.Command(tools.TPK(t), "serve", "--listen", "127.0.0.1:0",
		packTree(t, tree())))
	p.says(t, "serving on")
	_ = p.Process.Signal(syscall.SIGUSR1)
	_ = p.Process.Signal(syscall.SIGHUP)
	p.says(t, "archives reloaded")
	p.stops(t)
}
