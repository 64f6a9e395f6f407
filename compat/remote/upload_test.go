package remote

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/minio/minio-go/v7"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/tarpack/format"
)

// withKeys gives a command the keys of the gateways, and no others.
func withKeys(cmd *exec.Cmd) *exec.Cmd {
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+accessKey, "AWS_SECRET_ACCESS_KEY="+secretKey,
		"AWS_PROFILE=", "AWS_REGION=", "AWS_DEFAULT_REGION=", "AWS_ENDPOINT_URL=",
		"AWS_ENDPOINT_URL_S3=")
	return cmd
}

// tpk returns a command with the keys of the gateway. Its flags follow the command's name.
func (g *gateway) tpk(t testing.TB, command string, args ...string) *exec.Cmd {
	args = append([]string{command, "-q", "--s3-endpoint", "http://" + g.address}, args...)
	return withKeys(exec.Command(tools.TPK(t), args...))
}

// get returns an object, or nil if there is none.
func (g *gateway) get(t testing.TB, key string) []byte {
	t.Helper()
	o, err := g.client.GetObject(t.Context(), bucket, key, minio.GetObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	b, err := io.ReadAll(o)
	if code := minio.ToErrorResponse(err).Code; code == "NoSuchKey" {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// incomplete returns the number of uploads that were neither completed nor aborted.
func (g *gateway) incomplete(t testing.TB) (n int) {
	t.Helper()
	core := minio.Core{Client: g.client}
	list, err := core.ListMultipartUploads(t.Context(), bucket, "", "", "", "", 100)
	if err != nil {
		t.Fatal(err)
	}
	return len(list.Uploads)
}

// noisy returns a directory whose archive has over 20 MiB.
func noisy(t testing.TB) string {
	t.Helper()
	dir := tools.Dir(t)
	writeTree(t, dir, 200, 1)
	if err := os.WriteFile(filepath.Join(dir, "noise"), random(21<<20, 1), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func mustRead(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// pack and convert write to S3 what they write to files, and the commands that read find it.
func TestUpload(t *testing.T) {
	both(t, func(t *testing.T, g *gateway) {
		dir, name := noisy(t), filepath.Join(tools.Dir(t), "a.tar.gz")
		fixture.Pack(t, dir, name)
		embedded := filepath.Join(tools.Dir(t), "a.tar.gz")
		fixture.Pack(t, dir, embedded, "--embed-index")
		const key = "x/a.tar.gz"
		for i, test := range []struct {
			cmd  *exec.Cmd
			want string
			side bool
		}{
			{g.tpk(t, "pack", "--part-size", "5MiB", dir, "s3://bucket/"+key), name, true},
			{g.tpk(t, "pack", "--embed-index", dir, "s3://bucket/"+key), embedded, false},
			{g.tpk(t, "convert", name, "s3://bucket/"+key), name, true},
			{g.tpk(t, "convert", "--embed-index", name, "s3://bucket/"+key), embedded, false},
		} {
			tools.Must(t, test.cmd)
			if !bytes.Equal(g.get(t, key), mustRead(t, test.want)) {
				t.Errorf("%d: other bytes", i)
			}
			side := g.get(t, key+format.SidecarSuffix)
			if (side != nil) != test.side || test.side && !bytes.Equal(side,
				mustRead(t, name+format.SidecarSuffix)) {
				t.Errorf("%d: the sidecar has %d bytes", i, len(side))
			}
			tools.Must(t, g.tpk(t, "verify", "s3://bucket/"+key))
		}
		if n := g.incomplete(t); n > 0 {
			t.Errorf("%d uploads are left", n)
		}
	})
}

// gate returns a gateway behind a proxy. What hold does with the first request for part 3 comes
// before it is sent on, unless hold returns false.
func gate(t *testing.T, g *gateway, hold func(r *http.Request) bool) *gateway {
	t.Helper()
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: g.address})
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) {
		panic(http.ErrAbortHandler) // the connection ends as that of the server did
	}
	var once sync.Once
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		goOn := true
		if r.URL.Query().Get("partNumber") == "3" {
			once.Do(func() { goOn = hold(r) })
		}
		if goOn {
			proxy.ServeHTTP(w, r) // with the Host that was signed
		}
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return &gateway{address: strings.TrimPrefix(s.URL, "http://"), client: g.client}
}

// After a signal, or if a file can't be read, nothing is visible and no part is left. After kill -9
// there is an upload that was not completed, and nothing else.
func TestUploadStopped(t *testing.T) {
	both(t, func(t *testing.T, g *gateway) {
		dir := noisy(t)
		for _, test := range []struct {
			signal     syscall.Signal
			code, left int
		}{{syscall.SIGINT, 130, 0}, {syscall.SIGTERM, 143, 0}, {syscall.SIGKILL, -1, 1}} {
			held, ended := make(chan bool), make(chan bool)
			proxied := gate(t, g, func(*http.Request) bool { // its body is not read
				close(held)
				<-ended
				return false
			})
			cmd := proxied.tpk(t, "pack", "--part-size", "5MiB", dir, "s3://bucket/a.tar.gz")
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			<-held
			if g.incomplete(t) != 1 {
				t.Errorf("%d uploads", g.incomplete(t))
			}
			if err := cmd.Process.Signal(test.signal); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			close(ended)
			if code := cmd.ProcessState.ExitCode(); code != test.code {
				t.Errorf("%v: code %d: %s", test.signal, code, stderr.Bytes())
			}
			if test.left == 0 && !strings.HasSuffix(stderr.String(), ": nothing was written\n") {
				t.Errorf("%v: %s", test.signal, stderr.Bytes())
			}
			if n := g.incomplete(t); n != test.left {
				t.Errorf("%v: %d uploads are left", test.signal, n)
			}
			if g.get(t, "a.tar.gz") != nil || g.get(t, "a.tar.gz.tpi") != nil {
				t.Errorf("%v: it is visible", test.signal)
			}
		}
		// /proc/self/mem can be opened, but not read from its start.
		if err := os.Symlink("/proc/self/mem", filepath.Join(dir, "zz")); err != nil {
			t.Fatal(err)
		}
		res := tools.Run(t, g.tpk(t, "pack", "-L", "--part-size", "5MiB", dir, "s3://bucket/b.tar.gz"))
		if res.Code != 1 || !strings.Contains(string(res.Err), "zz: input/output error") {
			t.Error(res)
		}
		if n := g.incomplete(t); n != 1 || g.get(t, "b.tar.gz") != nil {
			t.Errorf("%d uploads are left", n)
		}
	})
}

// A server that is stopped and started again while it receives a part.
func TestUploadRestarted(t *testing.T) {
	g, p, again := versitygw(t)
	dir, name := noisy(t), filepath.Join(tools.Dir(t), "a.tar.gz")
	fixture.Pack(t, dir, name)
	proxied := gate(t, g, func(*http.Request) bool {
		p.Stop()
		again()
		return true
	})
	tools.Must(t, proxied.tpk(t, "pack", "--part-size", "5MiB", dir, "s3://bucket/a.tar.gz"))
	if !bytes.Equal(g.get(t, "a.tar.gz"), mustRead(t, name)) || g.incomplete(t) > 0 {
		t.Errorf("%d uploads are left", g.incomplete(t))
	}
}

// A bucket in another region than the one that is tried first, for one request and for parts.
func TestUploadRegion(t *testing.T) {
	g, _, _ := versitygw(t, "--region", "eu-west-1")
	dir, name := noisy(t), filepath.Join(tools.Dir(t), "a.tar.gz")
	fixture.Pack(t, dir, name)
	tools.Must(t, g.tpk(t, "pack", dir, "s3://bucket/a.tar.gz"))
	for _, suffix := range []string{"", format.SidecarSuffix} {
		if !bytes.Equal(g.get(t, "a.tar.gz"+suffix), mustRead(t, name+suffix)) {
			t.Errorf("other bytes: %s", suffix)
		}
	}
}

// An upload takes memory for a few parts, however large it is, and none for parts over 32 MiB.
func TestUploadMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("400 MB")
	}
	g, _, _ := versitygw(t)
	dir := tools.Dir(t)
	if err := os.WriteFile(filepath.Join(dir, "noise"), random(400<<20, 1), 0o644); err != nil {
		t.Fatal(err)
	}
	for size, most := range map[string]int{"8MiB": 130, "48MiB": 80} {
		r, mib := tools.Memory(t, g.tpk(t, "pack", "--part-size", size, dir, "s3://bucket/a.tar.gz"))
		if r.Code != 0 || mib > most {
			t.Errorf("parts of %s: %d MiB: %v", size, mib, r)
		}
	}
}

// What is wrong is one line that names the object and says what to do.
func TestUploadRefused(t *testing.T) {
	g, _, _ := versitygw(t)
	dir := tools.Dir(t)
	if err := os.WriteFile(filepath.Join(dir, "f"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		url, env, want string
	}{
		{"s3://none-such/a.tar.gz", "", "404 NoSuchBucket: .*: check the URL"},
		{"s3://bucket/a.tar.gz", "AWS_SECRET_ACCESS_KEY=wrong",
			"403 SignatureDoesNotMatch: .*: check the credentials"},
	} {
		cmd := g.tpk(t, "pack", dir, test.url)
		cmd.Env = append(cmd.Env, test.env)
		res := tools.Run(t, cmd)
		if res.Code != 1 || bytes.Count(res.Err, []byte("\n")) != 1 ||
			!strings.HasPrefix(string(res.Err), "tpk: "+test.url) {
			t.Error(res)
		}
		for _, part := range strings.Split(test.want, ".*") {
			if !strings.Contains(string(res.Err), part) {
				t.Errorf("no %q: %v", part, res)
			}
		}
	}
}
