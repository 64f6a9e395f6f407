package remote

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/tarpack/format"
)

// A shell runs tpk with an environment that has nothing of the machine's: no credentials, no
// proxies, an empty cache.
type shell struct {
	t    *testing.T
	home string
	env  []string
}

func newShell(t *testing.T, env ...string) *shell {
	home := tools.Dir(t)
	return &shell{t, home, append([]string{"HOME=" + home, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=" + filepath.Join(home, "none"),
		"AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(home, "credentials")}, env...)}
}

// cat prints the file d1/f1 of an archive of writeTree, and returns what tpk says.
func (s *shell) cat(args ...string) tools.Result {
	s.t.Helper()
	args = append([]string{"cat", "--cache", tools.Dir(s.t)}, append(args, "d1/f1")...)
	cmd := exec.Command(tools.TPK(s.t), args...)
	cmd.Env = s.env
	return tools.Run(s.t, cmd)
}

// works expects that the file is printed, and nothing else.
func (s *shell) works(args ...string) {
	s.t.Helper()
	if r := s.cat(args...); r.Code != 0 || string(r.Out) != "1 of 1" || len(r.Err) > 0 {
		s.t.Error(r)
	}
}

// fails expects one line on standard error with these words.
func (s *shell) fails(words []string, args ...string) {
	s.t.Helper()
	r := s.cat(args...)
	if r.Code != 1 || len(r.Out) > 0 || bytes.Count(r.Err, []byte("\n")) != 1 {
		s.t.Error(r)
	}
	for _, w := range words {
		if !strings.Contains(string(r.Err), w) {
			s.t.Errorf("no %q: %v", w, r)
		}
	}
}

// files writes an archive and its index to a directory.
func files(t *testing.T, dir string) {
	t.Helper()
	_, g := pack(t, 30, 1)
	replace(t, filepath.Join(dir, "a.tar.gz"), g.archive, time.Now())
	replace(t, filepath.Join(dir, "a.tar.gz"+format.SidecarSuffix), g.side, time.Now())
}

// The certificates of --cacert are trusted, and no others.
func TestCommandCertificates(t *testing.T) {
	url, root, cert := nginx(t, "")
	files(t, root)
	other, _ := fixture.Certificate(t, tools.Dir(t))
	s := newShell(t)
	s.works("--cacert", cert, url+"/a.tar.gz")
	refused := []string{url + "/a.tar.gz: ", "certificate is not trusted", "--cacert"}
	s.fails(refused, url+"/a.tar.gz")
	s.fails(refused, "--cacert", other, url+"/a.tar.gz")
	s.fails([]string{"/none", "no such file"}, "--cacert", "/none", url+"/a.tar.gz")
	plain := strings.Replace(url, "https:", "http:", 1)
	s.fails([]string{plain + "/a.tar.gz: "}, "--cacert", cert, plain+"/a.tar.gz")
}

// Passwords come from the URL, from netrc files or from --http-header, and messages have none.
func TestCommandPasswords(t *testing.T) {
	dir := tools.Dir(t)
	files(t, dir)
	web := http.FileServer(http.Dir(dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); (user != "me" || password != "secret") &&
			r.Header.Get("X-Key") != "secret" {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("ETag", `"1"`)
		web.ServeHTTP(w, r)
	}))
	defer server.Close()
	url := server.URL + "/a.tar.gz"
	s := newShell(t)
	s.fails([]string{url + ": permission denied: 401", "check the credentials"}, url)
	s.works(strings.Replace(url, "//", "//me:secret@", 1))
	s.works("--http-header", "X-Key: secret", url)
	r := s.cat(strings.Replace(url, "//", "//me:wrong@", 1))
	if r.Code != 1 || bytes.Contains(r.Err, []byte("wrong")) {
		t.Error(r)
	}
	netrc := func(name, password string) string {
		name = filepath.Join(s.home, name)
		text := "machine 127.0.0.1 login me password " + password + "\n"
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	netrc(".netrc", "secret")
	s.works(url)
	s.env = append(s.env, "NETRC="+netrc("other", "wrong"))
	s.fails([]string{"401"}, url)
}

// What is sent to a server does not follow a redirect to another one.
func TestCommandRedirect(t *testing.T) {
	dir := tools.Dir(t)
	files(t, dir)
	var mu sync.Mutex
	var leaked []string
	web := http.FileServer(http.Dir(dir))
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		for _, field := range []string{"Authorization", "X-Key", "Cookie", "Referer"} {
			if v := r.Header.Get(field); v != "" {
				leaked = append(leaked, field+": "+v)
			}
		}
		mu.Unlock()
		w.Header().Set("ETag", `"1"`)
		web.ServeHTTP(w, r)
	}))
	defer other.Close()
	asked := 0
	first := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password == "secret" && r.Header.Get("X-Key") == "key" {
			mu.Lock()
			asked++
			mu.Unlock()
		}
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer first.Close()
	s := newShell(t)
	s.works("--http-header", "X-Key: key", "--http-header", "Cookie: c",
		strings.Replace(first.URL, "//", "//me:secret@", 1)+"/a.tar.gz")
	if asked == 0 || len(leaked) > 0 {
		t.Errorf("the first server was asked %d times, and the second one got %q", asked, leaked)
	}
}

// forward is a proxy that leads every request to one address, and counts those that it got.
func forward(t *testing.T, address string) (url string, got func() []string) {
	var mu sync.Mutex
	var list []string
	direct := &http.Transport{DialContext: (&net.Dialer{}).DialContext}
	p := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		list = append(list, r.Method+" "+r.Host)
		mu.Unlock()
		if r.Method != http.MethodConnect {
			r.URL.Host, r.RequestURI = address, ""
			resp, err := direct.RoundTrip(r)
			if err != nil {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			defer resp.Body.Close()
			for name, v := range resp.Header {
				w.Header()[name] = v
			}
			w.WriteHeader(resp.StatusCode)
			_, _ = io.Copy(w, resp.Body)
			return
		}
		there, err := net.Dial("tcp", address)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer there.Close()
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer here.Close()
		fmt.Fprint(here, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			_, _ = io.Copy(there, here)
			there.Close()
		}()
		_, _ = io.Copy(here, there)
	}))
	t.Cleanup(p.Close)
	return p.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		l := list
		list = nil
		return l
	}
}

// The proxies of the environment are used, except for hosts in NO_PROXY. archive.test exists for
// them only.
func TestCommandProxies(t *testing.T) {
	url, root, cert := nginx(t, "")
	files(t, root)
	secure, tunnelled := forward(t, strings.TrimPrefix(url, "https://"))
	server := httptest.NewServer(http.FileServer(http.Dir(root)))
	defer server.Close()
	plain, forwarded := forward(t, strings.TrimPrefix(server.URL, "http://"))
	const host = "archive.test"
	s := newShell(t, "HTTPS_PROXY="+secure, "HTTP_PROXY="+plain)
	s.works("--cacert", cert, "https://"+host+"/a.tar.gz")
	if got := tunnelled(); len(got) == 0 || got[0] != "CONNECT "+host+":443" {
		t.Errorf("%q", got)
	}
	if r := s.cat("http://" + host + "/a.tar.gz"); r.Code != 0 || string(r.Out) != "1 of 1" {
		t.Error(r) // it warns that there is no ETag
	}
	if got := forwarded(); len(got) == 0 || got[0] != "GET "+host {
		t.Errorf("%q", got)
	}
	s.env = append(s.env, "NO_PROXY=other, .test")
	for _, scheme := range []string{"https://", "http://"} {
		s.fails([]string{scheme + host + "/a.tar.gz: "}, scheme+host+"/a.tar.gz")
	}
	if got := append(tunnelled(), forwarded()...); len(got) > 0 {
		t.Errorf("%q", got)
	}
	s.env = append(s.env, "NO_PROXY=", "HTTPS_PROXY=http://me:secret@\x7f")
	if r := s.cat("https://" + host + "/a.tar.gz"); r.Code != 1 ||
		bytes.Contains(r.Err, []byte("secret")) {
		t.Error(r)
	}
}

// Each place from which credentials for S3 come, in its order, and none.
func TestCommandS3(t *testing.T) {
	g, _, _ := versitygw(t)
	_, packed := pack(t, 30, 1)
	g.put(t, "a.tar.gz", packed.archive, 0)
	g.put(t, "a.tar.gz"+format.SidecarSuffix, packed.side, 0)
	const url = "s3://" + bucket + "/a.tar.gz"
	args := []string{"--s3-endpoint", "http://" + g.address, url}
	s := newShell(t)
	s.fails([]string{url + ": permission denied: 403 AccessDenied", "asked without credentials",
		"check the credentials"}, args...)
	text := fmt.Sprintf("[default]\naws_access_key_id = x\naws_secret_access_key = y\n"+
		"[work]\naws_access_key_id = %s\naws_secret_access_key = %s\n", accessKey, secretKey)
	if err := os.WriteFile(filepath.Join(s.home, "credentials"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.fails([]string{url + ": "}, args...) // x
	base := s.env
	s.env = append(base[:len(base):len(base)], "AWS_PROFILE=work")
	s.works(args...)
	s.env = append(base[:len(base):len(base)], "AWS_PROFILE=none")
	s.fails([]string{`the profile "none" can't be used`}, args...)
	s.env = append(base[:len(base):len(base)], "AWS_ACCESS_KEY_ID="+accessKey,
		"AWS_SECRET_ACCESS_KEY="+secretKey)
	s.works(args...)
	for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"} {
		newShell(t, append(s.env[len(base):], name+"=http://"+g.address)...).works(url)
	}
	// Without a scheme it is https, which this server does not speak.
	s.fails([]string{url + ": "}, "--s3-endpoint", g.address, url)
	s.env = append(s.env, "AWS_SECRET_ACCESS_KEY=wrong")
	s.fails([]string{"403 SignatureDoesNotMatch"}, args...)
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",`+
		`"Action":"s3:GetObject","Resource":"arn:aws:s3:::%s/*"}]}`, bucket)
	if err := g.client.SetBucketPolicy(t.Context(), bucket, policy); err != nil {
		t.Fatal(err)
	}
	newShell(t).works(args...) // for everybody
}

// S3 by https, with a certificate of its own, for reading and writing.
func TestCommandS3TLS(t *testing.T) {
	dir := tools.Dir(t)
	cert, key := fixture.Certificate(t, dir)
	address := fixture.FreeAddress(t)
	tree := tools.Dir(t)
	writeTree(t, tree, 30, 1)
	store := tools.Dir(t)
	if err := os.Mkdir(filepath.Join(store, bucket), 0o755); err != nil {
		t.Fatal(err)
	}
	fixture.StartServer(t, address, exec.Command(tools.GoProgram(t, "versitygw"),
		"--access", accessKey, "--secret",
		secretKey, "--port", address, "--cert", cert, "--key", key, "posix", store))
	s := newShell(t, "AWS_ACCESS_KEY_ID="+accessKey, "AWS_SECRET_ACCESS_KEY="+secretKey)
	const url = "s3://" + bucket + "/a.tar.gz"
	run := func(args ...string) tools.Result {
		cmd := exec.Command(tools.TPK(t), append([]string{"pack", "-q", "--s3-endpoint",
			"https://" + address}, append(args, tree, url)...)...)
		cmd.Env = s.env
		return tools.Run(t, cmd)
	}
	if r := run(); r.Code != 1 || !bytes.Contains(r.Err, []byte("certificate is not trusted")) {
		t.Error(r)
	}
	if r := run("--cacert", cert); r.Code != 0 {
		t.Fatal(r)
	}
	s.works("--cacert", cert, "--s3-endpoint", "https://"+address, url)
}
