package serving

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"syscall"

	"github.com/valyala/fasthttp"
)

// servers are tpk and the servers that it is compared with.
func (s site) servers() []*server {
	return []*server{
		s.tpk(),
		s.nginxCache(),
		s.nginx("nginx", "gzip_static on;"),
		s.caddyFiles(),
		{tool: "http-fileserver", command: s.helper("http-fileserver", s.www)},
	}
}

// wireServers are those of servers that are measured over each protocol, tpk and nginx first.
func (s site) wireServers() []*server {
	return []*server{s.tpk(), s.nginxCache(), s.caddyFiles()}
}

func (s site) nginxCache() *server {
	return s.nginx("nginx-cache",
		fmt.Sprintf("gzip_static on; open_file_cache max=%d;", openFiles()))
}

func (s site) caddyFiles() *server {
	return s.caddy("caddy", "root * "+s.www+"\n file_server {\n precompressed gzip\n }")
}

// openFiles is the number of files that nginx may keep open: up to 100,000, and at least enough for
// connections.
func openFiles() uint64 {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 1000
	}
	return min(100_000, limit.Max/4*3)
}

// hellos are engines without files: they answer every request with the same 3 KB.
func (s site) hellos() []*server {
	all := []*server{
		{tool: "hello-fasthttp", command: s.helper("hello-fasthttp", "")},
		{tool: "hello-net-http", command: s.helper("hello-net-http", "")},
		s.nginx("hello-nginx", fmt.Sprintf("location / { default_type text/plain; return 200 %q; }",
			strings.TrimSpace(hello))),
		s.caddy("hello-caddy", fmt.Sprintf("respond %q", strings.TrimSpace(hello))),
	}
	for _, x := range all {
		x.hello = true
	}
	return all
}

// hello is 3 KB, about the size of a compressed page of documentation.
var hello = strings.Repeat("hello, world. ", 214)

func (s site) tpk() *server {
	return &server{tool: "tpk", certificate: s.certificate,
		command: func(address string) ([]string, error) {
			command := []string{s.b.Tpk, "serve", "--listen", address}
			if c := s.certificate; c != nil {
				command = append(command, "--tls-cert", c.chain, "--tls-key", c.key)
			}
			return append(command, s.archive), nil
		}}
}

func (s site) helper(name, argument string) func(string) ([]string, error) {
	return func(address string) ([]string, error) { return s.b.Helper(name, address, argument), nil }
}

// nginx has as many workers as the machine has cores, and logs no requests. Its queue of new
// connections is as long as those of Go's servers.
func (s site) nginx(tool, extra string) *server {
	return &server{tool: tool, certificate: s.certificate,
		command: func(address string) ([]string, error) {
			user := ""
			if os.Getuid() == 0 { // so that its workers can read files of root
				user = "user root;"
			}
			name := s.b.Path(tool + ".conf")
			listen, secure := s.nginxListen(address)
			return []string{"nginx", "-c", name}, os.WriteFile(name, fmt.Appendf(nil,
				`%s worker_processes %d; daemon off; pid %s.pid; error_log stderr;
events { worker_connections 4096; }
http { include /etc/nginx/mime.types; access_log off; keepalive_requests 100000000;
 client_body_temp_path %[3]s.body; proxy_temp_path %[3]s.proxy;
 fastcgi_temp_path %[3]s.fastcgi; uwsgi_temp_path %[3]s.uwsgi; scgi_temp_path %[3]s.scgi;
 server { %[4]s root %[5]s; %[6]s %[7]s } }
`, user, runtime.NumCPU(), s.b.Path(tool), listen, s.www, secure, extra), 0o644)
		}}
}

// nginxListen returns the directives for plain HTTP, or for TLS with HTTP/1.1 and HTTP/2. Go's
// servers prefer AES-128, and OpenSSL's clients AES-256: nginx gets the cheaper one, as the others.
func (s site) nginxListen(address string) (listen, secure string) {
	c := s.certificate
	if c == nil {
		return fmt.Sprintf("listen %s backlog=4096;", address), ""
	}
	return fmt.Sprintf("listen %s ssl http2 backlog=4096;", address),
		fmt.Sprintf(`ssl_certificate %s; ssl_certificate_key %s; ssl_protocols TLSv1.2 TLSv1.3;
 ssl_session_cache shared:tls:10m; ssl_conf_command Ciphersuites %s;
`, c.chain, c.key, cipherSuite)
}

func (s site) caddy(tool, directives string) *server {
	return &server{tool: tool, optional: true, certificate: s.certificate,
		command: func(address string) ([]string, error) {
			name := s.b.Path(tool + ".Caddyfile")
			scheme, secure := "http", ""
			if c := s.certificate; c != nil {
				scheme, secure = "https", fmt.Sprintf("tls %s %s\n ", c.chain, c.key)
			}
			return []string{"caddy", "run", "--config", name, "--adapter", "caddyfile"},
				os.WriteFile(name, fmt.Appendf(nil, "{\n admin off\n auto_https off\n"+
					" servers {\n  protocols h1 h2\n }\n}\n%s://%s {\n %s%s\n}\n",
					scheme, address, secure, directives), 0o644)
		}}
}

// HelloFasthttp is the helper that answers everything with the same: ADDRESS.
func HelloFasthttp(args []string) error {
	body := []byte(hello)
	return fasthttp.ListenAndServe(args[0],
		func(ctx *fasthttp.RequestCtx) { ctx.Response.SetBodyRaw(body) })
}

// HelloNetHTTP is the same with net/http.
func HelloNetHTTP(args []string) error {
	body := []byte(hello)
	return http.ListenAndServe(args[0], http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write(body) // the client has gone
	}))
}

// FileServer is the helper that serves plain files with net/http: ADDRESS DIR.
func FileServer(args []string) error {
	return http.ListenAndServe(args[0], http.FileServer(http.Dir(args[1])))
}
