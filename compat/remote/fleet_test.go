package remote

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
)

// fleetKey is the archive that the servers of a fleet serve.
const fleetKey = "site.tar.gz"

// A fleet is three times tpk serve on an archive in a bucket, and a proxy in front of them.
type fleet struct {
	storage *gateway
	gateway *fixture.Server // of storage
	again   func() *fixture.Server
	wire    *wire    // between the servers and the storage
	servers []string // addresses
	admins  []string
	front   string // the URL of the proxy
}

// newFleet starts three servers, as the recipe for Kubernetes does, with more flags.
func newFleet(t *testing.T, s *site, flags ...string) *fleet {
	t.Helper()
	f := &fleet{}
	f.storage, f.gateway, f.again = versitygw(t)
	s.put(t, f.storage, 0)
	f.wire = newWire(t, f.storage.address)
	args := recipeCommand(t)
	for range 3 {
		address, admin := fixture.FreeAddress(t), fixture.FreeAddress(t)
		cmd := exec.Command(tools.TPK(t), replaced(t, args, map[string]string{
			":8080": address, ":9090": admin, "10s": "50ms", "/cache/tpk": tools.Dir(t),
			"8GiB": "1GiB", "s3://bucket/site.tar.gz": "s3://" + bucket + "/" + fleetKey,
		})...)
		cmd.Args = append(append(cmd.Args, "--s3-endpoint", "http://"+f.wire.address,
			"--unlimited", "127.0.0.1"), flags...)
		cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+accessKey,
			"AWS_SECRET_ACCESS_KEY="+secretKey)
		fixture.StartServer(t, address, cmd)
		f.servers, f.admins = append(f.servers, address), append(f.admins, admin)
		until(t, "a server is ready", func() bool {
			status, _ := get(t, "http://"+admin+"/readyz", "")
			return status == 200
		})
	}
	return f
}

// fleetRecipe returns a file of contrib/fleet.
func fleetRecipe(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(tools.Repo(t), "contrib", "fleet", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// recipeCommand returns the arguments of tpk in the recipe for Kubernetes.
func recipeCommand(t *testing.T) (args []string) {
	t.Helper()
	_, list, _ := strings.Cut(fleetRecipe(t, "kubernetes.yaml"), "            - tpk\n")
	for line := range strings.SplitSeq(list, "\n") {
		arg, ok := strings.CutPrefix(line, "            - ")
		if !ok {
			return args
		}
		args = append(args, arg)
	}
	return args
}

// replaced returns words in which parts are replaced, each of which must be there once.
func replaced(t *testing.T, words []string, parts map[string]string) []string {
	t.Helper()
	text := strings.Join(words, "\x00")
	for old, part := range parts {
		if strings.Count(text, old) != 1 {
			t.Fatalf("%q is not there once in %q", old, text)
		}
		text = strings.Replace(text, old, part, 1)
	}
	return strings.Split(text, "\x00")
}

// nginx starts nginx with the recipe in front of the servers.
func (f *fleet) nginx(t *testing.T) {
	t.Helper()
	address := fixture.FreeAddress(t)
	parts := map[string]string{"listen 80;": "listen " + address + ";"}
	for i, s := range f.servers {
		parts[fmt.Sprintf("tpk-%d.example.com:8080", i)] = s
	}
	recipe := replaced(t, []string{fleetRecipe(t, "nginx.conf")}, parts)[0]
	fixture.Nginx(t, tools.Dir(t), address, recipe)
	f.front = "http://" + address
}

// haproxy starts HAProxy with the recipe in front of the servers.
func (f *fleet) haproxy(t *testing.T) {
	t.Helper()
	tool, err := exec.LookPath("/usr/sbin/haproxy")
	if err != nil {
		tool = tools.Path(t, "haproxy")
	}
	address := fixture.FreeAddress(t)
	parts := map[string]string{"bind :80": "bind " + address}
	for i, s := range f.servers {
		_, port, _ := strings.Cut(f.admins[i], ":")
		parts[fmt.Sprintf("tpk-%d.example.com:8080 port 9090", i)] = s + " port " + port
	}
	conf := filepath.Join(tools.Dir(t), "haproxy.cfg")
	text := replaced(t, []string{fleetRecipe(t, "haproxy.cfg")}, parts)[0]
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	fixture.StartServer(t, address, exec.Command(tool, "-db", "-f", conf))
	f.front = "http://" + address
}

// until waits for an event.
func until(t testing.TB, what string, happened func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !happened(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited for long until %s", what)
		}
	}
}

var client = &http.Client{Transport: &http.Transport{DisableCompression: true,
	MaxIdleConnsPerHost: 64}}

// get requests a URL. status is 0 if there was no complete answer.
func get(t testing.TB, url, coding string) (status int, body []byte) {
	status, body, _ = request(t, url, coding)
	return status, body
}

func request(t testing.TB, url, coding string) (status int, body []byte, h http.Header) {
	t.Helper()
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", coding)
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, nil
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil {
		return 0, nil, nil
	}
	return resp.StatusCode, body, resp.Header
}

// A wire forwards requests to the storage, counts the bytes of the answers, and can do something
// before a request.
type wire struct {
	address string
	bytes   atomic.Int64
	mu      sync.Mutex
	before  func(r *http.Request) // nil: nothing
}

func newWire(t *testing.T, storage string) *wire {
	w := &wire{}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: storage})
	proxy.ModifyResponse = func(resp *http.Response) error {
		resp.Body = &counted{resp.Body, &w.bytes}
		return nil
	}
	proxy.ErrorHandler = func(rw http.ResponseWriter, _ *http.Request, _ error) {
		rw.WriteHeader(http.StatusBadGateway)
	}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		before := w.before
		w.mu.Unlock()
		if before != nil {
			before(r)
		}
		proxy.ServeHTTP(rw, r)
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	w.address = server.Listener.Addr().String()
	return w
}

// do sets what happens before each request.
func (w *wire) do(before func(r *http.Request)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.before = before
}

type counted struct {
	io.ReadCloser
	n *atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// The recipes send each path to one server only, so each file is fetched once, and the blocks of
// small ones by all three servers, but not those of a long one between them. Bytes from the
// storage are no more than 1.1 for each byte that is served warm: here they are none at all.
func TestFleetRecipes(t *testing.T) {
	s := newSite(t, 300, false)
	for name, start := range map[string]func(*fleet, *testing.T){
		"nginx": (*fleet).nginx, "haproxy": (*fleet).haproxy,
	} {
		t.Run(name, func(t *testing.T) {
			f := newFleet(t, s)
			start(f, t)
			until(t, "the proxy knows a server", func() bool {
				status, _ := get(t, f.front+s.path(1), "gzip")
				return status == 200
			})
			cold := f.wire.bytes.Load()
			for range 2 {
				for i := range s.files {
					s.mustHave(t, f.front, i, 0)
				}
			}
			warm := f.wire.bytes.Load()
			if size := int64(len(s.archive(t, 0))); warm-cold > size*5/4 {
				t.Errorf("%d bytes were fetched of an archive of %d", warm-cold, size)
			}
			for i := range s.files {
				s.mustHave(t, f.front, i, 0)
			}
			if n := f.wire.bytes.Load() - warm; n > 1<<20 { // --poll has a request for a byte each
				t.Errorf("%d bytes were fetched of what is in the caches", n)
			}
			// Without the storage the fleet goes on.
			f.gateway.Stop()
			for i := range s.files {
				s.mustHave(t, f.front, i, 0)
			}
		})
	}
}
