package serve

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/internal/filetest"
)

// tpkServer starts tpk serve and returns its address and process.
func tpkServer(t *testing.T, args ...string) (string, *exec.Cmd) {
	t.Helper()
	cmd := exec.Command(tools.TPK(t), append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("tpk serve: %v", err)
		}
	})
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		if _, rest, ok := strings.Cut(lines.Text(), "serving on http://"); ok {
			go func() {
				for lines.Scan() {
				}
			}()
			return strings.TrimSuffix(rest, "/"), cmd
		}
	}
	t.Fatal("tpk serve does not come up")
	return "", nil
}

// rss returns the memory of a process without the page cache, in MiB.
func rss(t *testing.T, pid int) float64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		tools.Missing(t, "/proc")
	}
	m := regexp.MustCompile(`RssAnon:\s+(\d+) kB`).FindSubmatch(b)
	kb := 0
	_, _ = fmt.Sscan(string(m[1]), &kb)
	return float64(kb) / 1024
}

// TestTenThousandConnections opens ten thousand connections, sends two requests on each and checks
// the server's memory.
func TestTenThousandConnections(t *testing.T) {
	const want = 10_000
	if filetest.MaxOpenFiles(t) < want+200 {
		tools.Missing(t, fmt.Sprintf("a limit of more than %d open files", want+200))
	}
	address, cmd := tpkServer(t, packTree(t, tree()))
	conns := make([]net.Conn, want)
	var failed atomic.Int64
	each := func(f func(i int) error) {
		var wg sync.WaitGroup
		for w := range 50 {
			wg.Go(func() {
				for i := w; i < want; i += 50 {
					if err := f(i); err != nil && failed.Add(1) < 5 {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
	}
	each(func(i int) (err error) {
		conns[i], err = net.Dial("tcp", address)
		return err
	})
	t.Cleanup(func() {
		for _, c := range conns {
			if c != nil {
				_ = c.Close()
			}
		}
	})
	if t.Failed() {
		return
	}
	for range 2 {
		each(func(i int) error {
			_ = conns[i].SetDeadline(time.Now().Add(30 * time.Second))
			if _, err := io.WriteString(conns[i],
				"GET /page.html HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n"); err != nil {
				return err
			}
			resp, err := http.ReadResponse(bufio.NewReader(conns[i]), nil)
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			n, err := io.Copy(io.Discard, resp.Body)
			if err == nil && (resp.StatusCode != 200 || n != resp.ContentLength) {
				err = fmt.Errorf("%d, %d bytes", resp.StatusCode, n)
			}
			return err
		})
	}
	mb := rss(t, cmd.Process.Pid)
	t.Logf("%d connections: %.0f MiB", want, mb)
	if mb > 300 {
		t.Errorf("%.0f MiB for %d connections", mb, want)
	}
}

// TestThousandRanges asks for a thousand overlapping ranges of a large file, several times at once
// (CVE-2011-3192).
func TestThousandRanges(t *testing.T) {
	address, cmd := tpkServer(t, "--max-header", "65536", packTree(t, tree()))
	spec := "bytes=0-"
	for i := range 1000 {
		spec += fmt.Sprintf(",%d-", i)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, name := range []string{"big.txt", "film.mp4", "mid.txt"} {
				resp, body := ask(t, "GET", "http://"+address+"/"+name, map[string]string{"Range": spec})
				if resp.StatusCode != 200 || len(body) != len(tree()[name]) {
					t.Errorf("%s: %d, %d bytes", name, resp.StatusCode, len(body))
				}
			}
		})
	}
	wg.Wait()
	if mb := rss(t, cmd.Process.Pid); mb > 60 {
		t.Errorf("%.0f MiB", mb)
	}
}

// TestSlowHTTPTest lets slowhttptest hold connections with slow headers, bodies, ranges and reads.
// The server must cut them off, and answer other clients meanwhile.
func TestSlowHTTPTest(t *testing.T) {
	t.Parallel() // it mostly waits
	tool := tools.Path(t, "slowhttptest")
	archive := packTree(t, tree())
	for mode, args := range map[string][]string{
		"slow headers": {"-H"}, "slow body": {"-B"}, "range": {"-R"},
		"slow read": {"-X", "-w", "1", "-y", "2", "-n", "5", "-z", "1"},
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			address, _ := tpkServer(t, "--header-timeout", "1s", "--idle-timeout", "2s", "--write-timeout",
				"1s", archive)
			cmd := exec.CommandContext(t.Context(), tool, append(args, "-c", "300", "-r", "300", "-i", "1",
				"-l", "6", "-p", "3", "-u", "http://"+address+"/film.mp4")...)
			var out strings.Builder
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() {
				_ = cmd.Wait() // its exit status does not depend on the server
				close(ended)
			}()
			other := time.NewTicker(500 * time.Millisecond)
			defer other.Stop()
			for attacked := true; attacked; {
				select {
				case <-other.C:
					others(t, "http://"+address+"/page.html")
				case <-ended:
					attacked = false
				}
			}
			report := lastStatus(out.String())
			if !strings.Contains(report, "service available:") || strings.Contains(report, "NO") {
				t.Errorf("it found the service unavailable:\n%s", report)
			}
		})
	}
}

// others sends a normal request. If the machine stalls for longer than the server's timeouts, that
// may fail too, but not several times in a row.
func others(t *testing.T, url string) {
	t.Helper()
	var errs []error
	for range 4 {
		resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get(url)
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		if err == nil && resp.StatusCode == 200 {
			return
		}
		errs = append(errs, err)
	}
	t.Errorf("others get no answer: %v", errs)
}

// lastStatus returns the last report that slowhttptest printed.
func lastStatus(out string) string {
	if i := strings.LastIndex(out, "slow HTTP test status"); i >= 0 {
		return out[i:]
	}
	return out
}
