package serve_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve"
)

// duplicates returns listeners as another process would get them.
func duplicates(t *testing.T, listeners []serve.NamedListener) (all []serve.NamedListener) {
	t.Helper()
	for _, l := range listeners {
		var filer interface{ File() (*os.File, error) }
		filer, ok := l.Listener.(interface{ File() (*os.File, error) })
		if !ok {
			t.Fatalf("%s: %T has no file", l.Name, l.Listener)
		}
		f, err := filer.File()
		if err != nil {
			t.Fatal(err)
		}
		ln, err := net.FileListener(f)
		_ = f.Close()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, serve.NamedListener{Name: l.Name, Listener: ln})
	}
	return all
}

// skipHandover skips a test where listeners can't be duplicated.
func skipHandover(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows can't duplicate listeners")
	}
}

// request sends a request and reports whether the answer is the connection's last one.
func request(t *testing.T, c net.Conn, path string) (last bool) {
	t.Helper()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != 200 {
		t.Fatal(resp.Status, err)
	}
	return resp.Close
}

// TestHandOver: another server takes over all listeners. Connections of the former one that wait
// for a request get one more answer, and sockets stay.
func TestHandOver(t *testing.T) {
	skipHandover(t)
	dir := t.TempDir()
	o := serve.Options{Archives: []serve.Archive{{Path: files{"a": "a"}.pack(t,
		filepath.Join(dir, "a.tar.gz"))}}}
	socket, admin := filepath.Join(dir, "s"), filepath.Join(dir, "admin")
	run := serve.RunOptions{Listen: []string{"127.0.0.1:0"}, Sockets: []string{socket},
		Admin: "unix:" + admin}
	older := start(t, o, run)
	dial := func(network, address string) net.Conn {
		t.Helper()
		c, err := net.Dial(network, address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	waits, unused := dial("tcp", older.addresses[0]), dial("unix", socket)
	request(t, waits, "/a")

	failure := errors.New("no such program")
	refuse := func([]serve.NamedListener, []serve.Archive) error { return failure }
	if err := older.HandOver(refuse); err != failure {
		t.Error(err)
	}
	request(t, dial("tcp", older.addresses[0]), "/a") // it goes on

	var newer *running
	if err := older.HandOver(func(listeners []serve.NamedListener, _ []serve.Archive) error {
		run.Former = duplicates(t, listeners)
		newer = start(t, o, run)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if older.addresses[0] != newer.addresses[0] {
		t.Error(older.addresses, newer.addresses)
	}
	if err := older.HandOver(nil); !errors.Is(err, serve.ErrHandedOver) {
		t.Error(err)
	}
	eventually(t, "the last answer", func() bool { return request(t, waits, "/a") })
	if !request(t, unused, "/a") {
		t.Error("the connection goes on")
	}
	if err := older.stop(); err != nil {
		t.Error(err)
	}
	for range 5 {
		if request(t, dial("tcp", newer.addresses[0]), "/a") {
			t.Error("the former server answers")
		}
		request(t, dial("unix", socket), "/a")
		request(t, dial("unix", admin), "/healthz")
	}
	if err := newer.stop(); err != nil {
		t.Error(err)
	}
	for _, path := range []string{socket, admin} {
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Error("the last server leaves its socket:", err)
		}
	}
}

// TestFailedSuccessor: a server that can't open its archives leaves the sockets of the former one.
func TestFailedSuccessor(t *testing.T) {
	skipHandover(t)
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	run := serve.RunOptions{Listen: []string{"127.0.0.1:0"}, Sockets: []string{socket}}
	older := start(t, serve.Options{Archives: []serve.Archive{{Path: files{"a": "a"}.pack(t,
		filepath.Join(dir, "a.tar.gz"))}}}, run)
	err := older.HandOver(func(listeners []serve.NamedListener, _ []serve.Archive) error {
		s, err := serve.New(serve.Options{
			Archives: []serve.Archive{{Path: filepath.Join(dir, "none.tar.gz")}}})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := s.HandOver(nil); !errors.Is(err, serve.ErrNotReady) {
			t.Error(err)
		}
		run.Former = duplicates(t, listeners)
		return s.Run(t.Context(), run)
	})
	if !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	c, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if request(t, c, "/a") {
		t.Error("the connection ends")
	}
}

// testFormer checks RunOptions.Former: a listener is used for the option that has opened it, and
// others are closed.
func testFormer(t *testing.T) {
	open := func() net.Listener {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return ln
	}
	used, systemd, named, other := open(), open(), open(), open()
	r := start(t, serve.Options{}, serve.RunOptions{
		Listen: []string{"127.0.0.1:0"}, Inherit: true,
		Former: []serve.NamedListener{{Name: "listen 127.0.0.1:0", Listener: used},
			{Name: "systemd 0", Listener: systemd}, {Name: "systemd 1 http", Listener: named},
			{Name: "listen :1", Listener: other}},
	})
	want := []string{used.Addr().String(), systemd.Addr().String(), named.Addr().String()}
	if strings.Join(r.addresses, " ") != strings.Join(want, " ") {
		t.Errorf("it listens on %v, not on %v", r.addresses, want)
	}
	if _, err := other.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Error("a listener that is not used:", err)
	}
}

// testDrainTimeout checks that RunOptions.DrainTimeout ends connections after a handover.
func testDrainTimeout(t *testing.T) {
	r := start(t, serve.Options{}, serve.RunOptions{DrainTimeout: time.Millisecond})
	c, err := net.Dial("tcp", r.addresses[0])
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := r.Alive(t.Context()); err != nil {
		t.Fatal(err)
	}
	take := func([]serve.NamedListener, []serve.Archive) error { return nil }
	if err := r.HandOver(take); err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the connection goes on:", err)
	}
}
