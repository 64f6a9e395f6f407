package serve

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve/internal/record"
)

// stuck is a writer that blocks until let is closed.
type stuck struct {
	let chan struct{}

	mu  sync.Mutex
	got bytes.Buffer
}

func (s *stuck) Write(b []byte) (int, error) {
	<-s.let
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got.Write(b)
}

// TestAccessLogStuck: log never waits for the writer, what waits to be written is bounded, and a
// notice reports lost lines.
func TestAccessLogStuck(t *testing.T) {
	w := &stuck{let: make(chan struct{})}
	notices := make(chan string, 10)
	l, err := newAccessLog(w, "combined", func(m string) { notices <- m })
	if err != nil {
		t.Fatal(err)
	}
	target := "/" + strings.Repeat("x", 1000)
	const requests = 20_000 // 20 MB of lines
	for range requests {
		l.log(&record.Access{Time: time.Now(), Method: "GET", Target: target, Proto: "HTTP/1.1",
			Status: 200})
	}
	if n := len(l.buf); n > mostLines+2000 {
		t.Errorf("%d bytes are kept", n)
	}
	close(w.let)
	l.close()
	written := bytes.Count(w.got.Bytes(), []byte("\n"))
	select {
	case m := <-notices:
		if !strings.Contains(m, "lines of the access log lost") {
			t.Error(m)
		}
	default:
		t.Error("nobody was told")
	}
	if written == 0 || written >= requests || written*len(target) > 3*mostLines {
		t.Errorf("%d of %d lines were written", written, requests)
	}
}
