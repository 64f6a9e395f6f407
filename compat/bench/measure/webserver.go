package measure

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// A WebServer is nginx, which counts what it sends.
type WebServer struct {
	b       *Bench
	root    string
	Address string // host and port
	cmd     *exec.Cmd
	errors  bytes.Buffer
}

// NewWebServer returns a server of a directory that is not started yet. Its address stays the same.
func NewWebServer(b *Bench, root string) (*WebServer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return &WebServer{b: b, root: root, Address: l.Addr().String()}, l.Close()
}

// Start starts the server with an empty log, and waits until it answers.
func (w *WebServer) Start() error {
	user := ""
	if os.Getuid() == 0 { // so that its workers can read files of root
		user = "user root;"
	}
	// The first request, below, is for /, which is not logged.
	conf, temp := w.b.Path("web.conf"), w.b.Path("web")
	if err := os.WriteFile(conf, fmt.Appendf(nil,
		`%s worker_processes 1; daemon off; pid %s.pid; error_log stderr;
events { worker_connections 1024; }
http {
 log_format bytes '$uri $request_length $bytes_sent'; access_log %[2]s.log bytes;
 client_body_temp_path %[2]s.body; proxy_temp_path %[2]s.proxy;
 fastcgi_temp_path %[2]s.fastcgi; uwsgi_temp_path %[2]s.uwsgi; scgi_temp_path %[2]s.scgi;
 server { listen %[3]s; root %[4]s; location = / { access_log off; return 204; } }
}
`, user, temp, w.Address, w.root), 0o644); err != nil {
		return err
	}
	if err := os.RemoveAll(temp + ".log"); err != nil {
		return err
	}
	w.errors.Reset()
	w.cmd = exec.Command("nginx", "-c", conf)
	w.cmd.Stderr = &w.errors
	if err := w.cmd.Start(); err != nil {
		return err
	}
	for began := time.Now(); time.Since(began) < 20*time.Second; time.Sleep(2 * time.Millisecond) {
		if resp, err := http.Get("http://" + w.Address + "/"); err == nil {
			return resp.Body.Close()
		}
	}
	_ = w.cmd.Process.Kill()
	_ = w.cmd.Wait()
	return fmt.Errorf("nginx does not answer: %s", w.errors.Bytes())
}

// Stop ends the server after its last response, and returns how many bytes and requests
// clients have received and sent.
func (w *WebServer) Stop() ([]Value, error) {
	_ = w.cmd.Process.Signal(syscall.SIGQUIT) // it reports its end itself
	if err := w.cmd.Wait(); err != nil {
		return nil, fmt.Errorf("nginx: %w: %s", err, w.errors.Bytes())
	}
	text, err := os.ReadFile(w.b.Path("web.log"))
	if err != nil {
		return nil, err
	}
	requests, received, sent, index := 0, 0.0, 0.0, 0.0
	for line := range strings.Lines(string(text)) {
		var uri string
		var up, down float64
		if _, err := fmt.Sscan(line, &uri, &up, &down); err != nil {
			return nil, fmt.Errorf("the log of nginx: %w: %s", err, line)
		}
		requests++
		sent += up
		received += down
		if strings.HasSuffix(uri, ".tpi") {
			index += down
		}
	}
	values := []Value{{Of: received, Unit: "B"}, {Of: sent, Unit: "sent-B"},
		{Of: float64(requests), Unit: "requests"}}
	if index > 0 {
		values = append(values, Value{Of: index, Unit: "index-B"})
	}
	return values, nil
}
