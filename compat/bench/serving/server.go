package serving

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/tarpack/tpk/compat/bench/measure"
)

// A server is a program to measure.
type server struct {
	tool     string
	command  func(address string) ([]string, error)
	hello    bool // answers the same to every request
	optional bool // if it does not start, the others are measured without it

	certificate *certificate // of a server that speaks TLS; nil: plain HTTP

	address string
	cmd     *exec.Cmd
}

// start starts a server on a free port and waits until it answers.
func (s *server) start(b *measure.Bench) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.address = ln.Addr().String()
	ln.Close()
	command, err := s.command(s.address)
	if err != nil {
		return err
	}
	// 1,000 connections need more descriptors than many shells allow.
	s.cmd = exec.Command("sh", append([]string{"-c", `ulimit -n "$(ulimit -H -n)"; exec "$@"`, "sh"},
		command...)...)
	log, err := os.Create(b.Path("server-" + s.tool + ".log"))
	if err != nil {
		return err
	}
	defer log.Close()
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.cmd.Env = append(os.Environ(), "HOME="+b.Work) // Caddy writes there
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return err
	}
	exited := make(chan struct{})
	cmd := s.cmd
	go func() {
		_ = cmd.Wait() // it was stopped by a signal
		close(exited)
	}()
	client := s.client(s.protocol())
	defer client.CloseIdleConnections()
	for began := time.Now(); time.Since(began) < 20*time.Second; time.Sleep(2 * time.Millisecond) {
		select {
		case <-exited:
			text, _ := os.ReadFile(log.Name())
			return fmt.Errorf("%s has ended: %s", s.tool, text)
		default:
		}
		if resp, err := client.Get(s.url() + "/"); err == nil {
			resp.Body.Close()
			return nil
		}
	}
	return fmt.Errorf("%s does not answer", s.tool)
}

// url returns the address of a server with its scheme.
func (s *server) url() string {
	if s.certificate != nil {
		return "https://" + s.address
	}
	return "http://" + s.address
}

// protocol returns the protocol of HTTP/1.1 clients of a server.
func (s *server) protocol() string {
	if s.certificate != nil {
		return https
	}
	return plainHTTP
}

// client returns a client of one protocol with connections of its own. It asks for no gzip.
func (s *server) client(protocol string) *http.Client {
	t := &http.Transport{DisableCompression: true, Protocols: new(http.Protocols)}
	t.Protocols.SetHTTP1(protocol != http2)
	t.Protocols.SetHTTP2(protocol == http2)
	if s.certificate != nil {
		t.TLSClientConfig = &tls.Config{RootCAs: s.certificate.pool}
	}
	return &http.Client{Transport: t, Timeout: time.Minute}
}

func (s *server) stop() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(os.Interrupt)
	for range 100 { // another goroutine calls Wait
		if s.cmd.Process.Signal(syscall.Signal(0)) != nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	_ = s.cmd.Process.Kill()
	s.cmd = nil
}

// startAll starts servers, and returns those that run.
func startAll(b *measure.Bench, all []*server) (up []*server, err error) {
	for _, s := range all {
		if err := s.start(b); err != nil {
			if !s.optional {
				return up, err
			}
			b.Logf("  without %s: %v", s.tool, err)
			continue
		}
		up = append(up, s)
	}
	return up, nil
}

func stop(all []*server) {
	for _, s := range all {
		s.stop()
	}
}

// processes returns the server's process and its children, such as the workers of nginx.
func (s *server) processes() []string {
	pid := strconv.Itoa(s.cmd.Process.Pid)
	children, _ := os.ReadFile("/proc/" + pid + "/task/" + pid + "/children")
	return append([]string{pid}, strings.Fields(string(children))...)
}

// cpu returns the CPU time of all threads of the server.
func (s *server) cpu() (total time.Duration) {
	for _, pid := range s.processes() {
		threads, _ := filepath.Glob("/proc/" + pid + "/task/*/schedstat")
		for _, t := range threads {
			text, _ := os.ReadFile(t)
			var ns int64
			_, _ = fmt.Sscan(string(text), &ns) // 0 for a thread that has just ended
			total += time.Duration(ns)
		}
	}
	return total
}

// memory returns the memory of the server's processes; shared memory counts once.
func (s *server) memory() (total float64) {
	for _, pid := range s.processes() {
		text, _ := os.ReadFile("/proc/" + pid + "/smaps_rollup")
		if m := regexp.MustCompile(`\nPss:\s+(\d+) kB`).FindSubmatch(text); m != nil {
			kib, _ := strconv.ParseFloat(string(m[1]), 64)
			total += kib * 1024
		}
	}
	return total
}
