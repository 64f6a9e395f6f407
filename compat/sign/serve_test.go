package sign

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// A server is a running tpk serve.
type server struct {
	url  string // "" if it has ended
	log  *logLines
	stop func()
}

// logLines collects standard error.
type logLines struct {
	mu   sync.Mutex
	text strings.Builder
	grew chan struct{} // holds a value after each line
}

func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// says waits for a text.
func (l *logLines) says(t testing.TB, text string) {
	t.Helper()
	for deadline := time.After(tools.Timeout); !strings.Contains(l.String(), text); {
		select {
		case <-l.grew:
		case <-deadline:
			t.Fatalf("it never said %q, but\n%s", text, l)
		}
	}
}

// serve starts tpk serve, and waits until it serves or has ended.
func serve(t testing.TB, args ...string) *server {
	t.Helper()
	cmd := exec.Command(tools.TPK(t), append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &server{log: &logLines{grew: make(chan struct{}, 1)}}
	ready := make(chan string, 2)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for r := bufio.NewScanner(stderr); r.Scan(); {
			s.log.mu.Lock()
			s.log.text.WriteString(r.Text() + "\n")
			s.log.mu.Unlock()
			select {
			case s.log.grew <- struct{}{}:
			default:
			}
			if _, url, ok := strings.Cut(r.Text(), "serving on "); ok {
				ready <- url
			}
		}
		ready <- ""
		_ = cmd.Wait()
	}()
	var once sync.Once
	s.stop = func() {
		once.Do(func() {
			_ = cmd.Process.Kill()
			<-ended
		})
	}
	t.Cleanup(s.stop)
	s.url = <-ready
	return s
}

// get asks for a path. whole reports whether the answer ended normally.
func (s *server) get(t testing.TB, path string, fields ...string) (
	status int, body []byte, whole bool,
) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "identity")
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, false
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(answer.Body)
	return answer.StatusCode, body, err == nil
}

// tryServe requires that the server does not start, or answers the path with an error in every
// coding, and for the range in which the content was forged.
func (s *scene) tryServe(t *testing.T, a attack, name, path string, trust []string) {
	t.Helper()
	srv := serve(t, append(trust, name)...)
	defer srv.stop()
	if srv.url != "" {
		for _, fields := range [][]string{
			nil, {"Accept-Encoding", "gzip"}, {"Range", "bytes=0-9"}, {"Range", "bytes=0-9,40-49"},
		} {
			status, body, whole := srv.get(t, path, fields...)
			if a.rebuilt && fields == nil && !bytes.Equal(body, trees.NoiseBytes(path, 5000)) {
				t.Errorf("status %d, %d other bytes", status, len(body))
			} else if whole && status < 400 && !a.rebuilt {
				t.Errorf("%q: status %d, %d bytes", fields, status, len(body))
			}
		}
	}
	srv.stop()
	if !a.silent && !saysOne(srv.log.String(), a.says) {
		t.Errorf("want one of %q\n%s", a.says, srv.log)
	}
}
