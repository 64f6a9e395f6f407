//go:build unix

package serve

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// successor waits for the n-th process that takes over, and returns its number.
func (p *process) successor(t *testing.T, n int) int {
	t.Helper()
	p.saysTimes(t, " has taken over", n)
	found := regexp.MustCompile(`process (\d+) has taken over`).
		FindAllStringSubmatch(p.String(), -1)
	pid, err := strconv.Atoi(found[n-1][1])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	return pid
}

// handovers is how often TestHandovers lets a new process take over.
func handovers() int {
	if testing.Short() {
		return 12
	}
	return 100
}

// TestHandovers lets new processes take over again and again while clients ask in all ways. Nothing
// is refused, reset or cut short, and a download goes on over all of it. With -short it does so 12
// times.
func TestHandovers(t *testing.T) {
	dir := t.TempDir()
	archive := packTree(t, map[string]string{"small": "s",
		"page":  string(trees.NoiseBytes("p", 90_000)),
		"large": string(trees.NoiseBytes("large", 40<<20))})
	tools.Must(t, exec.Command(tools.Path(t, "openssl"), "req", "-x509", "-newkey", "ed25519",
		"-nodes", "-keyout", filepath.Join(dir, "key"), "-out", filepath.Join(dir, "cert"),
		"-subj", "/CN=a"))
	socket := filepath.Join(dir, "s")
	p := launch(t, exec.Command(tools.TPK(t), "serve", "--listen", "127.0.0.1:0", "--tls-cert",
		filepath.Join(dir, "cert"), "--tls-key", filepath.Join(dir, "key"), "--socket", socket,
		archive))
	p.says(t, "unix:")
	secure := regexp.MustCompile(`https://(\S+)/`).FindStringSubmatch(p.String())[1]

	c := clients{t: t, plain: func() (net.Conn, error) { return net.Dial("unix", socket) },
		secure: func() (net.Conn, error) {
			return tls.Dial("tcp", secure, &tls.Config{InsecureSkipVerify: true})
		}}
	download, err := c.plain()
	if err != nil {
		t.Fatal(err)
	}
	defer download.Close()
	if _, err := io.WriteString(download, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	body := bufio.NewReader(download)
	if _, err := body.Peek(1); err != nil {
		t.Fatal(err)
	}
	var asking sync.WaitGroup
	for _, dial := range []func() (net.Conn, error){c.plain, c.secure} {
		asking.Go(func() { c.once(dial) })
		asking.Go(func() { c.keepAlive(dial) })
	}
	asking.Go(func() { c.http2(secure) })
	pid, n := p.Process.Pid, handovers()
	for i := range n {
		_ = syscall.Kill(pid, syscall.SIGUSR2)
		pid = p.successor(t, i+1)
	}
	c.enough.Store(true)
	asking.Wait()
	t.Logf("%d answers during %d handovers", c.answers.Load(), n)
	if c.answers.Load() < int64(n) {
		t.Error("there was no load")
	}
	resp, err := http.ReadResponse(body, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, resp.Body); err != nil || n != 40<<20 {
		t.Error("the download:", n, err)
	}
	_ = syscall.Kill(pid, syscall.SIGTERM)
	select {
	case <-p.ended: // all of them, since they share standard error
	case <-time.After(20 * time.Second):
		t.Error("processes are left")
	}
}

// TestHandoverArchives: the archives that the admin server was given are served by the new process.
// One that is gone keeps the old one going, which names it.
func TestHandoverArchives(t *testing.T) {
	first := packTree(t, map[string]string{"first": "1"})
	second := packTree(t, map[string]string{"second": "2"})
	socket := filepath.Join(t.TempDir(), "admin")
	p := launch(t, exec.Command(tools.TPK(t), "serve", "--listen", "127.0.0.1:0", "--admin",
		"unix:"+socket, first))
	p.says(t, "serving on")
	url := regexp.MustCompile(`http://\S+/`).FindString(p.String())
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	control := &http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			return net.Dial("unix", socket)
		}}}
	do := func(c *http.Client, method, url, body string, want int) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s %s: %s, not %d", method, url, resp.Status, want)
		}
	}
	do(control, "POST", "http://localhost/archives", `{"path": "`+second+`", "mount": "/m"}`, 200)
	do(control, "DELETE", "http://localhost/archives?path="+first, "", 200)
	_ = p.Process.Signal(syscall.SIGUSR2)
	pid := p.successor(t, 1)
	do(c, "GET", url+"m/second", "", 200)
	do(c, "GET", url+"first", "", 404)

	if err := os.Remove(second); err != nil {
		t.Fatal(err)
	}
	_ = syscall.Kill(pid, syscall.SIGUSR2)
	p.says(t, "still serving as before")
	if !strings.Contains(p.String(), second+": no such file or directory") {
		t.Error(p.String())
	}
	do(c, "GET", url+"m/second", "", 200)
	do(control, "DELETE", "http://localhost/archives?path="+second+"&mount=/m", "", 200)
	_ = syscall.Kill(pid, syscall.SIGUSR2)
	pid = p.successor(t, 2)
	do(c, "GET", url+"m/second", "", 404)
	_ = syscall.Kill(pid, syscall.SIGTERM)
}

// clients ask until enough is set.
type clients struct {
	t             *testing.T
	plain, secure func() (net.Conn, error)
	enough        atomic.Bool
	answers       atomic.Int64
}

// ask sends a request and reads the answer. It reports whether the connection goes on.
func (c *clients) ask(nc net.Conn, r *bufio.Reader, path, fields string) bool {
	_ = nc.SetDeadline(time.Now().Add(time.Minute))
	_, err := fmt.Fprintf(nc, "GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n", path, fields)
	if err == nil {
		var resp *http.Response
		if resp, err = http.ReadResponse(r, nil); err == nil {
			if _, err = io.Copy(io.Discard, resp.Body); err == nil && resp.StatusCode == 200 {
				c.answers.Add(1)
				return !resp.Close
			}
			c.t.Error(resp.Status)
		}
	}
	c.t.Errorf("%s over %s: %v", path, nc.RemoteAddr().Network(), err)
	c.enough.Store(true)
	return false
}

// once opens a connection for each request.
func (c *clients) once(dial func() (net.Conn, error)) {
	for !c.enough.Load() {
		nc, err := dial()
		if err != nil {
			c.t.Error(err)
			return
		}
		c.ask(nc, bufio.NewReader(nc), "/small", "Connection: close\r\n")
		_ = nc.Close()
	}
}

// keepAlive uses a connection until the server announces its end.
func (c *clients) keepAlive(dial func() (net.Conn, error)) {
	for i := 0; !c.enough.Load(); {
		nc, err := dial()
		if err != nil {
			c.t.Error(err)
			return
		}
		for r := bufio.NewReader(nc); !c.enough.Load(); i++ {
			if !c.ask(nc, r, []string{"/small", "/page"}[i%2], "") {
				break
			}
		}
		_ = nc.Close()
	}
}

// http2 asks over HTTP/2.
func (c *clients) http2(address string) {
	transport := &http.Transport{ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer transport.CloseIdleConnections()
	for !c.enough.Load() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		req, err := http.NewRequestWithContext(ctx, "GET", "https://"+address+"/page", nil)
		if err != nil {
			c.t.Error(err)
		}
		resp, err := transport.RoundTrip(req)
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
		cancel()
		if err != nil || resp.StatusCode != 200 || resp.ProtoMajor != 2 {
			c.t.Error("HTTP/2:", err, resp)
			return
		}
		c.answers.Add(1)
	}
}

// TestFailedHandover: while the new process can't start, the old one goes on. SIGUSR2 to one that
// has handed over, and SIGHUP, do nothing to the new one.
func TestFailedHandover(t *testing.T) {
	archive := packTree(t, tree())
	p := launch(t, exec.Command(tools.TPK(t), "serve", "--listen", "127.0.0.1:0", archive))
	base := p.url(t)
	held, err := net.Dial("tcp", strings.Trim(strings.TrimPrefix(base, "http:"), "/"))
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	aside := archive + ".aside"
	tools.Must(t, exec.Command("mv", archive, aside))
	_ = p.Process.Signal(syscall.SIGUSR2)
	p.says(t, "SIGUSR2: still serving as before: the new process has ended before it was ready")
	p.says(t, filepath.Base(archive)+": no such file or directory")
	tools.Must(t, exec.Command("mv", aside, archive))
	ask(t, "GET", base+"file", nil)
	_ = p.Process.Signal(syscall.SIGUSR2)
	pid := p.successor(t, 1)
	_ = p.Process.Signal(syscall.SIGUSR2)
	p.says(t, "a new process is starting already, or has taken over")
	_ = syscall.Kill(pid, syscall.SIGHUP)
	p.says(t, "archives reloaded")
	ask(t, "GET", base+"file", nil)
	// Without the new process, the old one ends soon, so that a service manager starts another.
	_ = syscall.Kill(pid, syscall.SIGKILL)
	p.says(t, "the process that had taken over has ended")
	if err := <-p.ended; err == nil {
		t.Error("it exits with 0")
	}
}

// TestMainProcess: systemd is told which process is the main one now, and that one is watched. On
// Linux it is a child of systemd, as the old one is: others are killed when they should stop.
func TestMainProcess(t *testing.T) {
	socket, hears := notifications(t)
	cmd := exec.Command(tools.TPK(t), "serve", "--quiet", "--listen", "127.0.0.1:0",
		packTree(t, tree()))
	cmd.Env = append(cmd.Environ(), "NOTIFY_SOCKET="+socket, "WATCHDOG_USEC=300000")
	p := launch(t, cmd)
	hears("READY=1")
	_ = p.Process.Signal(syscall.SIGUSR2)
	main, _ := strings.CutPrefix(hears("MAINPID=")[0], "MAINPID=")
	if pid := p.successor(t, 1); main != strconv.Itoa(pid) {
		t.Errorf("MAINPID=%s, not %d", main, pid)
	}
	if runtime.GOOS == "linux" {
		status, err := os.ReadFile("/proc/" + main + "/status")
		if want := fmt.Sprintf("\nPPid:\t%d\n", os.Getpid()); !strings.Contains(string(status), want) {
			t.Errorf("%v, no %q in\n%s", err, want, status)
		}
	}
	hears("READY=1")
	for range 3 {
		hears("WATCHDOG=1")
	}
}
