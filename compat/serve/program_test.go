package serve

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// A process is a running tpk serve and what it has written to standard error.
type process struct {
	*exec.Cmd
	mu    sync.Mutex
	said  strings.Builder
	grew  chan struct{} // holds a value after each line, and is closed at the end of the output
	ended chan error    // gets the result of Wait
}

func (p *process) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}

// launch starts a command that serves and collects its standard error.
func launch(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{Cmd: cmd, grew: make(chan struct{}, 1), ended: make(chan error, 1)}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			p.mu.Lock()
			p.said.WriteString(lines.Text() + "\n")
			p.mu.Unlock()
			select {
			case p.grew <- struct{}{}:
			default:
			}
		}
		close(p.grew)
		p.ended <- cmd.Wait()
	}()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return p
}

// url waits until it serves on one address, and returns that, with a slash at its end.
func (p *process) url(t *testing.T) string {
	t.Helper()
	p.says(t, "serving on")
	_, url, _ := strings.Cut(strings.TrimSpace(p.String()), "serving on ")
	return url
}

// says waits for the first line on standard error that contains a text.
func (p *process) says(t *testing.T, text string) {
	t.Helper()
	p.saysTimes(t, text, 1)
}

// saysTimes waits until standard error contains a text n times.
func (p *process) saysTimes(t *testing.T, text string, n int) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for open := true; strings.Count(p.String(), text) < n; {
		if !open {
			t.Fatalf("it ended before it said %q %d times:\n%s", text, n, p)
		}
		select {
		case _, open = <-p.grew:
		case <-deadline:
			t.Fatalf("it never said %q %d times, but\n%s", text, n, p)
		}
	}
}

// stops sends SIGTERM, after which the program must exit with 0.
func (p *process) stops(t *testing.T) {
	t.Helper()
	_ = p.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-p.ended:
		if err != nil {
			t.Errorf("after SIGTERM: %v\n%s", err, p)
		}
	case <-time.After(20 * time.Second):
		t.Errorf("SIGTERM does not end it\n%s", p)
	}
}

// TestSecondSignal sends two signals. After the first the server finishes transfers, whatever it is
// and however often SIGHUP asks it to reload; the second ends it.
func TestSecondSignal(t *testing.T) {
	for _, second := range []syscall.Signal{
		syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT,
	} {
		t.Run(second.String(), func(t *testing.T) {
			t.Parallel() // it mostly waits
			secondSignal(t, second)
		})
	}
}

func secondSignal(t *testing.T, second syscall.Signal) {
	archive := packTree(t, map[string]string{"large": string(trees.NoiseBytes("large", 40<<20))})
	p := launch(t, exec.Command(tools.TPK(t), "serve", "--listen", "127.0.0.1:0", archive))
	p.says(t, "serving on")
	_, address, _ := strings.Cut(strings.TrimSpace(p.String()), "serving on http://")
	c, err := net.Dial("tcp", strings.TrimSuffix(address, "/"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	// the transfer has begun; nothing reads the rest
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	_ = p.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-p.ended:
		t.Fatalf("the first signal ends it: %v\n%s", err, p)
	case <-time.After(1500 * time.Millisecond): // a signal within a second counts as the first
	}
	_ = p.Process.Signal(syscall.SIGHUP)
	select {
	case err := <-p.ended:
		t.Fatalf("SIGHUP ends it: %v\n%s", err, p)
	case <-time.After(200 * time.Millisecond):
	}
	_ = p.Process.Signal(second)
	select {
	case <-p.ended:
		status := p.ProcessState.Sys().(syscall.WaitStatus)
		if status.Signal() != second && status.ExitStatus() != 128+int(second) {
			t.Errorf("it ends with %v\n%s", p.ProcessState, p)
		}
		if lines := strings.Count(p.String(), "\n"); lines != 1 {
			t.Errorf("it writes %d lines\n%s", lines, p)
		}
	case <-time.After(20 * time.Second):
		t.Errorf("a second signal does not end it\n%s", p)
	}
}

// TestSocketActivation passes a listening socket the way systemd does.
func TestSocketActivation(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f, err := ln.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	_ = ln.Close()
	// A request before the server runs waits in the socket's queue and is answered.
	early := make(chan string, 1)
	go func() {
		resp, err := http.Get("http://" + address + "/file")
		if err != nil {
			early <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		early <- resp.Status + " " + string(b)
	}()
	cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"`, "sh", tools.TPK(t),
		"serve", packTree(t, tree()))
	cmd.ExtraFiles = []*os.File{f}
	p := launch(t, cmd)
	_ = f.Close()
	p.says(t, "serving on http://"+address+"/")
	if got := <-early; got != "200 OK "+tree()["file"] {
		t.Errorf("%q", got)
	}
	p.stops(t)
}

// TestNamedSockets passes two sockets whose names are their schemes, as systemd does with
// FileDescriptorName=.
func TestNamedSockets(t *testing.T) {
	var addresses []string
	pair := certificate(t)
	cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=http:https exec "$@"`,
		"sh", tools.TPK(t), "serve", "--tls-cert", pair.CertFile, "--tls-key", pair.KeyFile,
		packTree(t, tree()))
	for range 2 {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		f, err := ln.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		_ = ln.Close()
		addresses = append(addresses, ln.Addr().String())
		cmd.ExtraFiles = append(cmd.ExtraFiles, f)
	}
	p := launch(t, cmd)
	p.says(t, "serving on http://"+addresses[0]+"/")
	p.says(t, "serving on https://"+addresses[1]+"/")
	resp, _ := ask(t, "GET", "http://"+addresses[0]+"/file", nil)
	if want := "https://" + addresses[1] + "/file"; resp.Header.Get("Location") != want {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	p.stops(t)
}

// TestEnvironment sets flags by variables. The command line takes precedence.
func TestEnvironment(t *testing.T) {
	cmd := exec.Command(tools.TPK(t), "serve", "--cache-control", "max-age=7", packTree(t, tree()))
	cmd.Env = append(os.Environ(), "TPK_LISTEN=127.0.0.1:0\n127.0.0.1:0", "TPK_CACHE_CONTROL=no-store",
		"TPK_HEADER=X-A: 1, 2\nX-B: 3", "TPK_SPA=true", "TPK_HIDE=*.png")
	p := launch(t, cmd)
	p.saysTimes(t, "serving on", 2) // one line for each address
	addresses := strings.Fields(strings.ReplaceAll(p.String(), "tpk: serving on ", ""))
	if len(addresses) != 2 {
		t.Fatalf("%q", addresses)
	}
	for _, base := range addresses {
		resp, body := ask(t, "GET", base+"some/route", nil)
		if h := resp.Header; resp.StatusCode != 200 || body != tree()["index.html"] ||
			h.Get("Cache-Control") != "max-age=7" || h.Get("X-A") != "1, 2" || h.Get("X-B") != "3" {
			t.Errorf("%d %v", resp.StatusCode, h)
		}
		if resp, _ := ask(t, "GET", base+"pic.png", nil); resp.StatusCode != 404 {
			t.Errorf("hidden: %d", resp.StatusCode)
		}
	}
	p.stops(t)
	bad := exec.Command(tools.TPK(t), "serve", packTree(t, map[string]string{"x": "x"}))
	bad.Env = append(os.Environ(), "TPK_IDLE_TIMEOUT=soon")
	out, err := bad.CombinedOutput()
	if code := bad.ProcessState.ExitCode(); code != 2 ||
		!strings.Contains(string(out), "TPK_IDLE_TIMEOUT") {
		t.Errorf("%v, exit %d: %s", err, code, out)
	}
}

// TestHangup replaces the archive, first with a good one and then with a bad one, and sends SIGHUP.
func TestHangup(t *testing.T) {
	archive := packTree(t, map[string]string{"x": "old"})
	p := launch(t, exec.Command(tools.TPK(t), "serve", "--listen", "127.0.0.1:0", archive))
	base := p.url(t)
	next := packTree(t, map[string]string{"x": "new"})
	for _, suffix := range []string{"", ".tpi"} {
		if err := os.Rename(next+suffix, archive+suffix); err != nil {
			t.Fatal(err)
		}
	}
	_ = p.Process.Signal(syscall.SIGHUP)
	p.says(t, "archives reloaded")
	if _, body := ask(t, "GET", base+"x", nil); body != "new" {
		t.Errorf("%q", body)
	}
	if err := os.WriteFile(archive+"~", []byte("rubbish"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(archive+"~", archive); err != nil {
		t.Fatal(err)
	}
	_ = p.Process.Signal(syscall.SIGHUP)
	p.says(t, "still served as before: "+archive)
	if _, body := ask(t, "GET", base+"x", nil); body != "new" {
		t.Errorf("%q", body)
	}
	p.stops(t)
}

// TestBadArguments checks the exit status and the one line of wrong calls.
func TestBadArguments(t *testing.T) {
	good := packTree(t, map[string]string{"x": "x"})
	dir := t.TempDir()
	rubbish := filepath.Join(dir, "rubbish")
	if err := os.WriteFile(rubbish, []byte("rubbish"), 0o644); err != nil {
		t.Fatal(err)
	}
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"", 2, "too few arguments"},
		{"--nonsense " + good, 2, "no such flag"},
		{"--mount std=" + good, 2, "--mount"},
		{"--header nocolon " + good, 2, "--header"},
		{"--header Content-Length:1 " + good, 2, "Content-Length"},
		{"--hide [ " + good, 2, "glob"},
		{"--socket-mode 9 " + good, 2, "--socket-mode"},
		{"--access-log-format xml " + good, 2, "combined"},
		{"--tls-cert x " + good, 2, "certificate"},
		{"--tls-cert /nothing --tls-key /nothing " + good, 1, "/nothing"},
		{dir + " " + good, 2, "directory"},
		{"--fallback /nothing " + good, 1, "/nothing"},
		{"--listen 127.0.0.1:0 /nothing.tar.gz", 1, "/nothing.tar.gz"},
		{"--listen 127.0.0.1:0 " + rubbish, 1, rubbish},
		{"--listen " + busy.Addr().String() + " " + good, 1, "in use"},
		{"--listen nowhere " + good, 2, "nowhere"},
	} {
		cmd := exec.Command(tools.TPK(t), append([]string{"serve"}, strings.Fields(c.args)...)...)
		timer := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
		out, _ := cmd.CombinedOutput()
		timer.Stop()
		if code := cmd.ProcessState.ExitCode(); code != c.code ||
			!strings.Contains(string(out), c.says) || strings.Count(string(out), "\n") != 1 {
			t.Errorf("tpk serve %s: exit %d, want %d: %s", c.args, code, c.code, out)
		}
	}
}

// TestStart measures the time to the first answer. The limit is far above the time on a quiet
// machine.
func TestStart(t *testing.T) {
	files := map[string]string{}
	for i := range 3000 {
		files[fmt.Sprintf("d%d/f%d", i%50, i)] = "x"
	}
	archive := packTree(t, files)
	least := time.Hour
	for range 5 {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		f, err := ln.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		_ = ln.Close()
		cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"`, "sh", tools.TPK(t),
			"serve", archive)
		cmd.ExtraFiles = []*os.File{f}
		began := time.Now()
		p := launch(t, cmd)
		_ = f.Close()
		if resp, _ := ask(t, "GET", "http://"+ln.Addr().String()+"/d1/f1", nil); resp.StatusCode != 200 {
			t.Error(resp.Status)
		}
		least = min(least, time.Since(began))
		p.stops(t)
	}
	t.Logf("from the start of the process to the first answer: %v", least)
	if least > time.Second {
		t.Errorf("%v to the first answer", least)
	}
}
