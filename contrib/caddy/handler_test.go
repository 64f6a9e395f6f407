package caddytpk

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/quic-go/quic-go/http3"

	"github.com/tarpack/tpk/tarpack/pack"
)

// program is Caddy with this module, which TestMain builds.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "caddy")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "caddy")
	build := exec.Command("go", "build", "-o", program, "./cmd/caddy")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		panic(err)
	}
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// A site is a running Caddy, and the directory it runs in.
type site struct {
	dir, address, secure string
	cmd                  *exec.Cmd
}

// text is a file of every site.
var text = bytes.Repeat([]byte("a line of text\n"), 1000)

// start packs an archive, site.tar.gz, and starts Caddy with handlers in a Caddyfile.
func start(t *testing.T, handlers string) *site {
	t.Helper()
	s := &site{dir: t.TempDir(), address: free(t), secure: free(t)}
	s.pack(t, "site.tar.gz", string(text))
	s.configure(t, handlers)
	s.cmd = s.command("run", "--config", "Caddyfile")
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.cmd.Process.Signal(os.Interrupt)
		_ = s.cmd.Wait()
	})
	lines := bufio.NewScanner(stderr)
	var said strings.Builder
	for lines.Scan() {
		fmt.Fprintln(&said, lines.Text())
		if strings.Contains(lines.Text(), "serving initial configuration") {
			go func() { _, _ = io.Copy(io.Discard, stderr) }()
			return s
		}
	}
	t.Fatalf("Caddy has ended:\n%s", said.String())
	return nil
}

// pack packs a file a.txt and a folder.
func (s *site) pack(t *testing.T, name, content string) {
	t.Helper()
	tree := filepath.Join(s.dir, "tree")
	for path, content := range map[string]string{
		"index.html": "<h1>home</h1>", "a.txt": content, "folder/b.txt": "b",
	} {
		path = filepath.Join(tree, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(s.dir, name)
	if _, err := pack.Dir(context.Background(), tree, out, pack.Options{}); err != nil {
		t.Fatal(err)
	}
}

// configure writes a Caddyfile with handlers for HTTP, HTTPS and HTTP/3.
func (s *site) configure(t *testing.T, handlers string) {
	t.Helper()
	_, port, _ := net.SplitHostPort(s.secure)
	caddyfile := "{\nadmin unix/" + s.dir + "/admin\nhttps_port " + port +
		"\nauto_https disable_redirects\nskip_install_trust\n}\n" +
		"http://" + s.address + " https://localhost:" + port + " {\n" +
		"tls internal\n" + handlers + "\n}\n"
	if err := os.WriteFile(filepath.Join(s.dir, "Caddyfile"), []byte(caddyfile), 0o600); err != nil {
		t.Fatal(err)
	}
}

// command returns a command of Caddy that keeps its files in the site's directory.
func (s *site) command(args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "HOME="+s.dir, "XDG_DATA_HOME="+s.dir+"/data",
		"XDG_CONFIG_HOME="+s.dir+"/config", "SITE=site")
	return cmd
}

// free returns a loopback address that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// get requests a path over HTTP.
func (s *site) get(t *testing.T, path string) (*http.Response, []byte) {
	t.Helper()
	return s.do(t, http.DefaultTransport, "GET", "http://"+s.address+path)
}

// do requests a URL without a content coding. The fields are pairs of names and values.
func (s *site) do(t *testing.T, via http.RoundTripper, method, url string, fields ...string) (
	*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "identity")
	for i := 0; i < len(fields); i += 2 {
		req.Header.Set(fields[i], fields[i+1])
	}
	resp, err := via.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}

// inflated returns the content of a body with Content-Encoding: gzip.
func inflated(t *testing.T, resp *http.Response, body []byte) []byte {
	t.Helper()
	if got := resp.Header["Content-Encoding"]; len(got) != 1 || got[0] != "gzip" {
		t.Fatalf("Content-Encoding is %q", got)
	}
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestServes: bodies are the members of the archive, also behind encode and over HTTP/3, and the
// entity tags lead to 304.
func TestServes(t *testing.T) {
	s := start(t, "encode zstd gzip\ntpk {env.SITE}.tar.gz {\nmount /x site.tar.gz\n}")
	over3 := &http3.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer over3.Close()
	_, port, _ := net.SplitHostPort(s.secure)
	until(t, "Caddy has a certificate", func() bool {
		c, err := tls.Dial("tcp", s.secure,
			&tls.Config{InsecureSkipVerify: true, ServerName: "localhost"})
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	archive, err := os.ReadFile(filepath.Join(s.dir, "site.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		via  http.RoundTripper
		base string
	}{
		{"HTTP/1.1", http.DefaultTransport, "http://" + s.address},
		{"HTTP/3", over3, "https://localhost:" + port},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, path := range []string{"/a.txt", "/x/a.txt"} {
				resp, body := s.do(t, c.via, "GET", c.base+path, "Accept-Encoding", "gzip, zstd")
				if !bytes.Equal(inflated(t, resp, body), text) || !bytes.Contains(archive, body) {
					t.Errorf("%s: the body is not the member in the archive", path)
				}
				if got := resp.Header["Server"]; len(got) != 1 || got[0] != "Caddy" {
					t.Errorf("Server is %q", got)
				}
				again, _ := s.do(t, c.via, "GET", c.base+path, "Accept-Encoding", "gzip, zstd",
					"If-None-Match", resp.Header.Get("ETag"))
				if again.StatusCode != 304 {
					t.Errorf("%s: %d for its entity tag", path, again.StatusCode)
				}
				if resp, body := s.do(t, c.via, "GET", c.base+path); !bytes.Equal(body, text) {
					t.Errorf("%s: without a coding: %s, %d bytes", path, resp.Status, len(body))
				}
				resp, body = s.do(t, c.via, "GET", c.base+path, "Range", "bytes=5-9")
				if resp.StatusCode != 206 || !bytes.Equal(body, text[5:10]) {
					t.Errorf("%s: a range: %s %q", path, resp.Status, body)
				}
			}
			if resp, _ := s.do(t, c.via, "GET", c.base+"/none"); resp.StatusCode != 404 {
				t.Errorf("a path that is not there: %s", resp.Status)
			}
			resp, body := s.do(t, c.via, "GET", c.base+"/folder/?list&format=json")
			if !bytes.Contains(body, []byte(`"b.txt"`)) {
				t.Errorf("list: %s %s", resp.Status, body)
			}
		})
	}
}

// TestPassThru: the next handler answers what no archive has, without a field of tpk's answer.
func TestPassThru(t *testing.T) {
	s := start(t, "tpk site.tar.gz {\npass_thru\n}\nheader X-Next yes\nroot plain\nfile_server")
	if err := os.Mkdir(filepath.Join(s.dir, "plain"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"a.txt": "hidden", "only.txt": "plain"} {
		if err := os.WriteFile(filepath.Join(s.dir, "plain", name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if resp, body := s.get(t, "/a.txt"); !bytes.Equal(body, text) {
		t.Errorf("a.txt: %s, %d bytes", resp.Status, len(body))
	}
	resp, body := s.get(t, "/only.txt")
	if string(body) != "plain" || resp.Header.Get("Content-Security-Policy") != "" {
		t.Errorf("only.txt: %s %q %v", resp.Status, body, resp.Header)
	}
	resp, body = s.get(t, "/none")
	if resp.StatusCode != 404 || len(body) != 0 || resp.Header.Get("ETag") != "" {
		t.Errorf("none: %s %q %v", resp.Status, body, resp.Header)
	}
	resp, _ = s.do(t, http.DefaultTransport, "PUT", "http://"+s.address+"/a.txt")
	if resp.StatusCode != 405 || strings.Contains(resp.Header.Get("Allow"), "OPTIONS") {
		t.Errorf("PUT: %s, Allow %q: not from the next handler", resp.Status, resp.Header.Get("Allow"))
	}
}

// TestFollows: a replaced archive is opened again, and a reload of the configuration closes what
// the former one has opened.
func TestFollows(t *testing.T) {
	s := start(t, "tpk site.tar.gz")
	until(t, "the archive is served", func() bool {
		_, body := s.get(t, "/a.txt")
		return bytes.Equal(body, text)
	})
	s.pack(t, "site.tar.gz", "new")
	until(t, "the new archive is served", func() bool {
		_, body := s.get(t, "/a.txt")
		return string(body) == "new"
	})
	open := func() int {
		entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.cmd.Process.Pid))
		if err != nil {
			t.Skip("no /proc: open files can't be counted")
		}
		n := 0
		for _, e := range entries {
			target, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", s.cmd.Process.Pid, e.Name()))
			if strings.Contains(target, "site.tar.gz") || strings.Contains(target, "inotify") {
				n++
			}
		}
		return n
	}
	reload := func(handlers string) {
		s.configure(t, handlers)
		out, err := s.command("reload", "--force", "--address", "unix/"+s.dir+"/admin").CombinedOutput()
		if err != nil {
			t.Fatalf("reload: %v\n%s", err, out)
		}
	}
	before := open()
	for i := range 5 {
		reload(fmt.Sprintf("header X-Round %d\ntpk site.tar.gz", i))
	}
	until(t, "the former archives are closed", func() bool { return open() <= before })
	if _, body := s.get(t, "/a.txt"); string(body) != "new" {
		t.Errorf("after reloads: %q", body)
	}
}

// TestWrong: Caddy does not start, and says which archive is wrong, or keeps its configuration.
func TestWrong(t *testing.T) {
	s := start(t, "tpk site.tar.gz")
	if err := os.WriteFile(filepath.Join(s.dir, "text.tar.gz"), []byte("hello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for handlers, want := range map[string]string{
		"tpk none.tar.gz":                       "none.tar.gz",
		"tpk text.tar.gz":                       "text.tar.gz",
		"tpk {env.NOT_SET}.tar.gz":              "NOT_SET",
		"tpk site.tar.gz {\ncors nowhere\n}":    "nowhere",
		"tpk site.tar.gz {\npublic_key none\n}": "none",
	} {
		s.configure(t, handlers)
		out, err := s.command("reload", "--address", "unix/"+s.dir+"/admin").CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v\n%s", handlers, err, out)
		}
	}
	if resp, body := s.get(t, "/a.txt"); !bytes.Equal(body, text) {
		t.Errorf("after the failures: %s, %d bytes", resp.Status, len(body))
	}
	if err := s.cmd.Process.Signal(syscall.Signal(0)); err != nil {
		t.Error(err)
	}
}

// until waits for an event.
func until(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !happened(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited for long until %s", what)
		}
	}
}

// TestExample: Caddy takes the example.
func TestExample(t *testing.T) {
	s := &site{dir: t.TempDir()}
	for _, name := range []string{"docs.tar.gz", "std.tar.gz", "site.tar.gz"} {
		s.pack(t, name, name)
	}
	example, err := os.ReadFile("Caddyfile")
	if err != nil {
		t.Fatal(err)
	}
	here := bytes.ReplaceAll(example, []byte("/srv/"), []byte(s.dir+"/"))
	if err := os.WriteFile(filepath.Join(s.dir, "Caddyfile"), here, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := s.command("validate", "--config", "Caddyfile").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := s.command("fmt", "--diff", "Caddyfile").CombinedOutput(); err != nil {
		t.Errorf("it is not formatted: %v\n%s", err, out)
	}
}
