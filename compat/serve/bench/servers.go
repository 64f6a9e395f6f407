package main

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
)

// server is one that is measured.
type server struct {
	name    string
	address string
	most    float64 // of its cost that tpk may cost; 0: only shown
	cmd     *exec.Cmd
}

type bench struct {
	options
	work    string
	lua     string
	servers []*server
}

const largeSize = 1 << 30

// prepare packs the tree, and makes the copy that others serve.
func (b *bench) prepare() error {
	if b.tpk == "" {
		b.tpk = filepath.Join(b.work, "tpk")
		if err := command("go", "build", "-o", b.tpk, "./cmd/tpk"); err != nil {
			return err
		}
	}
	www := filepath.Join(b.work, "www")
	steps := [][]string{
		{b.tpk, "pack", b.tree, filepath.Join(b.work, "site.tar.gz")},
		{"cp", "-a", b.tree, www},
		{"sh", "-c", `find "$0" -type f ! -name '*.gz' -print0 | xargs -0 -P2 -n 500 gzip -kf6`, www},
		{"mkdir", filepath.Join(b.work, "big")},
	}
	for _, s := range steps {
		if err := command(s[0], s[1:]...); err != nil {
			return err
		}
	}
	large, err := os.Create(filepath.Join(b.work, "big", "large.bin"))
	if err != nil {
		return err
	}
	_, err = io.CopyN(large, rand.Reader, largeSize)
	if err := cmp.Or(err, large.Close()); err != nil {
		return err
	}
	if err := command(b.tpk, "pack", filepath.Join(b.work, "big"), filepath.Join(b.work, "big.tar.gz")); err != nil {
		return err
	}
	paths, err := sample(b.tree, 5000)
	if err != nil || len(paths) == 0 {
		return fmt.Errorf("%d files in %s: %w", len(paths), b.tree, err)
	}
	b.lua = filepath.Join(b.work, "paths.lua")
	return os.WriteFile(b.lua, []byte("local u, i, h = {\""+strings.Join(paths, "\",\"")+"\"}, 0, {[\"Accept-Encoding\"] = \"gzip\"}\n"+
		"request = function() i = i % #u + 1; return wrk.format(\"GET\", u[i], h) end\n"), 0o644)
}

const nginxConf = `worker_processes 2; daemon off; pid %[1]s/nginx.pid%[2]d; error_log stderr;
events { worker_connections 4096; }
http { include /etc/nginx/mime.types; access_log off; keepalive_requests 100000000; %[3]s
 server { listen %[4]s; root %[5]s; gzip_static on; } }`

// startAll starts tpk and its peers.
func (b *bench) startAll() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	www := filepath.Join(b.work, "www")
	conf := func(n int, address, root, extra string) string {
		name := filepath.Join(b.work, fmt.Sprintf("nginx%d.conf", n))
		_ = os.WriteFile(name, fmt.Appendf(nil, nginxConf, b.work, n, extra, address, root), 0o644) // nginx says if it is missing
		return name
	}
	list := []struct {
		name string
		most float64
		args func(address string) []string
	}{
		{"tpk", 0, func(a string) []string {
			return []string{b.tpk, "serve", "--listen", a, filepath.Join(b.work, "site.tar.gz")}
		}},
		{"nginx gzip_static + open_file_cache", 0.85, func(a string) []string {
			return []string{"nginx", "-c", conf(1, a, www, "open_file_cache max=100000;")}
		}},
		{"nginx gzip_static", 0, func(a string) []string { return []string{"nginx", "-c", conf(2, a, www, "")} }},
		{"fasthttp, 3 KB from memory", 0, func(a string) []string { return []string{self, "-hello", a} }},
		{"caddy file_server precompressed", 0.15, func(a string) []string {
			name := filepath.Join(b.work, "Caddyfile")
			_ = os.WriteFile(name, fmt.Appendf(nil, "{\n admin off\n auto_https off\n}\nhttp://%s {\n root * %s\n file_server {\n precompressed gzip\n }\n}\n", a, www), 0o644)
			return []string{"caddy", "run", "--config", name, "--adapter", "caddyfile"}
		}},
	}
	for _, l := range list {
		s := &server{name: l.name, most: l.most}
		if s.address, err = freeAddress(); err != nil {
			return err
		}
		if err := s.start(l.args(s.address)); err != nil {
			if l.name == "tpk" || strings.HasPrefix(l.name, "nginx") {
				return err
			}
			fmt.Printf("without %s: %v\n", l.name, err)
			continue
		}
		b.servers = append(b.servers, s)
	}
	return nil
}

// start starts a server and waits until it answers.
func (s *server) start(args []string) error {
	s.cmd = exec.Command(args[0], args[1:]...)
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return err
	}
	for time.Since(began) < 20*time.Second {
		if resp, err := http.Get("http://" + s.address + "/"); err == nil {
			_ = resp.Body.Close()
			fmt.Printf("%s answers after %v\n", s.name, time.Since(began).Round(time.Millisecond))
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("%s does not answer", s.name)
}

func (b *bench) stop() {
	for _, s := range b.servers {
		_ = s.cmd.Process.Signal(os.Interrupt)
		_ = s.cmd.Wait()
	}
}

// cost is the CPU time of a server for a request, in µs.
func (b *bench) cost(s *server) (float64, error) {
	before := s.cpu()
	out, err := exec.Command("wrk", "-t1", "-c32", "-d"+strconv.Itoa(b.seconds)+"s", "-s", b.lua, "http://"+s.address).Output()
	if err != nil {
		return 0, err
	}
	m := regexp.MustCompile(`(\d+) requests in`).FindSubmatch(out)
	if m == nil || strings.Contains(string(out), "Non-2xx") {
		return 0, fmt.Errorf("wrk: %s", out)
	}
	n, _ := strconv.ParseFloat(string(m[1]), 64)
	return float64((s.cpu() - before).Microseconds()) / n, nil
}

// cpu is what the server's process and its children have used.
func (s *server) cpu() (total time.Duration) {
	pids := []string{strconv.Itoa(s.cmd.Process.Pid)}
	children, _ := os.ReadFile("/proc/" + pids[0] + "/task/" + pids[0] + "/children")
	for _, pid := range append(pids, strings.Fields(string(children))...) {
		threads, _ := filepath.Glob("/proc/" + pid + "/task/*/schedstat")
		for _, t := range threads {
			b, _ := os.ReadFile(t)
			var ns int64
			_, _ = fmt.Sscan(string(b), &ns)
			total += time.Duration(ns)
		}
	}
	return total
}

// largeFile is the speed of a stored file of 1 GiB from tpk and of the same from nginx by sendfile, in GB/s: the best of
// some runs of each.
func (b *bench) largeFile() (best [2]float64, err error) {
	for i, args := range []func(a string) []string{
		func(a string) []string {
			return []string{b.tpk, "serve", "--listen", a, filepath.Join(b.work, "big.tar.gz")}
		},
		func(a string) []string {
			name := filepath.Join(b.work, "nginx3.conf")
			_ = os.WriteFile(name, fmt.Appendf(nil, nginxConf, b.work, 3, "sendfile on;", a, filepath.Join(b.work, "big")), 0o644)
			return []string{"nginx", "-c", name}
		},
	} {
		s := &server{name: "large"}
		if s.address, err = freeAddress(); err != nil {
			return best, err
		}
		if err := s.start(args(s.address)); err != nil {
			return best, err
		}
		b.servers = append(b.servers, s)
		for range b.rounds {
			out, err := exec.Command("curl", "-sS", "-o", os.DevNull, "-w", "%{speed_download}", "http://"+s.address+"/large.bin").Output()
			if err != nil {
				return best, err
			}
			speed, _ := strconv.ParseFloat(string(out), 64)
			best[i] = max(best[i], speed/1e9)
		}
	}
	return best, nil
}

// serveHello answers everything with the same 3 KB: what fasthttp costs before anything is looked up.
func serveHello(address string) error {
	body := []byte(strings.Repeat("hello, world\n", 231))
	return fasthttp.ListenAndServe(address, func(ctx *fasthttp.RequestCtx) { ctx.Response.SetBodyRaw(body) })
}

func command(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}

func freeAddress() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

// plainName tells if a path needs no escaping, and is not hidden.
func plainName(p string) bool {
	return regexp.MustCompile(`^(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+$`).MatchString(p)
}

func compareHash(a, b string) int {
	hash := func(s string) uint64 {
		h := fnv.New64a()
		_, _ = io.WriteString(h, s)
		return h.Sum64()
	}
	return cmp.Compare(hash(a), hash(b))
}
