package docs

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
)

// A session is a shell that runs the commands of a page in a directory with the site.
type session struct {
	dir, results string
	ports        map[string]string // the one that is free, by the one in the page
	script       strings.Builder
}

// prelude ends the servers of a page, and has a function that waits until ports of this machine
// accept connections, or the server that was started last has ended. "map A B" makes arguments of
// tpk that begin with A begin with B: a directory or a server of the test instead of one elsewhere.
const prelude = `trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
umask 022
await() {
	for port; do
		until (exec 3<>/dev/tcp/127.0.0.1/$port) 2>/dev/null; do
			kill -0 $! 2>/dev/null || return
			sleep .02
		done
	done
}
maps=()
map() { maps+=("$1=>$2"); }
tpk() {
	local args=("$@") m
	for m in "${maps[@]}"; do args=("${args[@]/#${m%%=>*}/${m##*=>}}"); done
	[ "$1" != serve ] || [ $BASHPID = $$ ] || exec tpk "${args[@]}" # so that $! is the server
	command tpk "${args[@]}"
}
`

var port = regexp.MustCompile(`(127\.0\.0\.1|localhost|--listen (?:https?://)?):(\d{2,5})`)

// newSession makes a directory with the site, and a certificate for 127.0.0.1.
func newSession(t *testing.T) *session {
	t.Helper()
	s := &session{dir: tools.Dir(t), results: tools.Dir(t), ports: map[string]string{}}
	if err := site.Write(filepath.Join(s.dir, "site")); err != nil {
		t.Fatal(err)
	}
	writeCertificate(t, s.dir)
	s.script.WriteString(prelude)
	return s
}

// writeCertificate writes cert.pem and key.pem. They are those of package httptest.
func writeCertificate(t *testing.T, dir string) {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: server.Certificate().Raw},
		"key.pem":  {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// free returns a port that is free, the same one for each use of a port in a page.
func (s *session) free(t *testing.T, inPage string) string {
	t.Helper()
	if s.ports[inPage] == "" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, s.ports[inPage], _ = net.SplitHostPort(l.Addr().String())
		l.Close()
	}
	return s.ports[inPage]
}

// add adds the command of step n to the script. After a server it waits for its ports.
func (s *session) add(t *testing.T, n int, c step) {
	t.Helper()
	var used []string
	command := port.ReplaceAllStringFunc(c.command, func(address string) string {
		m := port.FindStringSubmatch(address)
		used = append(used, s.free(t, m[2]))
		if strings.HasPrefix(m[1], "--listen") {
			m[1] += "127.0.0.1"
		}
		return m[1] + ":" + used[len(used)-1]
	})
	result := filepath.Join(s.results, fmt.Sprint(n))
	fmt.Fprintf(&s.script, "{ %s\n} >%s.out 2>%[2]s.err </dev/null\necho $? >%[2]s.code\n", command,
		result)
	if strings.HasSuffix(command, "&") {
		if !strings.Contains(command, "--listen") {
			used = append(used, s.free(t, "8080"))
		}
		s.script.WriteString("await " + strings.Join(used, " ") + "\n")
	}
}

// run runs the script.
func (s *session) run(t *testing.T) {
	t.Helper()
	cmd := exec.Command(tools.Path(t, "timeout"), "100", "bash", "-c", s.script.String())
	cmd.Dir = s.dir
	home := filepath.Join(s.results, "home")
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(tools.TPK(t))+":"+os.Getenv("PATH"),
		"TPK_LISTEN=127.0.0.1:"+s.free(t, "8080"), "HOME="+home, "XDG_CACHE_HOME="+home,
		"LC_ALL=C.UTF-8", "TZ=UTC", "SOURCE_DATE_EPOCH=")
	tools.Must(t, cmd)
}

// result returns what step n has printed on standard output, with the ports of the page, what it
// has printed on standard error, and its exit code.
func (s *session) result(t *testing.T, n int) (out, stderr, code string) {
	t.Helper()
	read := func(suffix string) string {
		b, err := os.ReadFile(filepath.Join(s.results, fmt.Sprint(n)+suffix))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	out = read(".out")
	for inPage, free := range s.ports {
		out = strings.ReplaceAll(out, ":"+free, ":"+inPage)
	}
	if out = strings.ReplaceAll(out, "\r\n", "\n"); out != "" && !strings.HasSuffix(out, "\n") {
		out += "\n"
	}
	return out, read(".err"), strings.TrimSpace(read(".code"))
}
