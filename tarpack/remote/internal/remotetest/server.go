// Package remotetest has a server for tests: it serves one object by ranges, and can be told to do
// so wrongly in every way that a client must bear.
//
//	s := remotetest.New(t, content)
//	s.Do(remotetest.Once(remotetest.CutOff(100)))
//
// A [Fault] changes the right answer to a request before it is sent.
package remotetest

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Path is where the object is.
const Path = "/dir/a.tar.gz"

// Modified is the Last-Modified of the first generation.
const Modified = "Sun, 01 Nov 2026 10:00:00 GMT"

// A Server serves an object at Path, and others that Put adds. It honours If-Match.
type Server struct {
	*httptest.Server

	mu       sync.Mutex
	objects  map[string]generation // by path
	requests []*http.Request
	fault    func(n int, r *http.Request) Fault
}

// generation is what an object is at a time.
type generation struct {
	content        []byte
	etag, modified string // "" for none
}

// New starts a server on the loopback interface, with the ETag "1". It stops after the test.
func New(t testing.TB, content []byte) *Server {
	return start(t, content, (*httptest.Server).Start)
}

// NewTLS is New for https, with a certificate of its own.
func NewTLS(t testing.TB, content []byte) *Server {
	return start(t, content, (*httptest.Server).StartTLS)
}

func start(t testing.TB, content []byte, start func(*httptest.Server)) *Server {
	t.Helper()
	s := &Server{objects: map[string]generation{Path: {content, `"1"`, Modified}}}
	s.Server = httptest.NewUnstartedServer(s)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	start(s.Server)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// Object is the URL of the object.
func (s *Server) Object() string { return s.URL + Path }

// Replace makes another generation current. etag is the whole value of the field; "" is none.
func (s *Server) Replace(content []byte, etag, modified string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[Path] = generation{content, etag, modified}
}

// Put makes another generation of an object current; nil content removes it. Its ETag is a hash of
// the content.
func (s *Server) Put(path string, content []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[path] = generation{content, fmt.Sprintf(`"%x"`, sha256.Sum256(content)), Modified}
	if content == nil {
		delete(s.objects, path)
	}
}

// Content returns a copy of an object.
func (s *Server) Content(path string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]byte{}, s.objects[path].content...)
}

// ETag returns the ETag of an object.
func (s *Server) ETag(path string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.objects[path].etag
}

// Do sets what goes wrong from now on: fault returns it for the nth request from now, counted from
// 0, or nil. It forgets the requests so far.
func (s *Server) Do(fault func(n int, r *http.Request) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.requests = fault, nil
}

// Once is a first request that goes wrong.
func Once(f Fault) func(int, *http.Request) Fault {
	return func(n int, _ *http.Request) Fault {
		if n == 0 {
			return f
		}
		return nil
	}
}

// Always is every request going wrong.
func Always(f Fault) func(int, *http.Request) Fault {
	return func(int, *http.Request) Fault { return f }
}

// Requests returns the requests since the last Do.
func (s *Server) Requests() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*http.Request(nil), s.requests...)
}

// Ranges returns the Range fields of the requests since the last Do.
func (s *Server) Ranges() (list []string) {
	for _, r := range s.Requests() {
		list = append(list, strings.TrimPrefix(r.Header.Get("Range"), "bytes="))
	}
	return list
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	n := len(s.requests)
	s.requests = append(s.requests, r.Clone(r.Context()))
	a := s.answer(r)
	var f Fault
	if s.fault != nil {
		f = s.fault(n, r)
	}
	s.mu.Unlock()
	if f != nil {
		f(a, r)
	}
	a.send(w, r)
}

// An Answer is what is sent for one request.
type Answer struct {
	Status  int
	Header  http.Header
	Body    []byte
	Content []byte // the whole object
	First   int    // the offset of Body in Content, with 206

	length  int           // the Content-Length, or -1 for a body in chunks
	cut     int           // close the connection after so many bytes of the body; -1 for never
	stall   int           // send nothing more after so many bytes of the body; -1 for never
	hang    bool          // send not even a header
	drip    time.Duration // send single bytes, with so much time between
	replace func(http.ResponseWriter, *http.Request)
}

// answer returns the right answer.
func (s *Server) answer(r *http.Request) *Answer {
	g, found := s.objects[r.URL.Path]
	a := &Answer{Status: http.StatusNotFound, Header: http.Header{}, Content: g.content, cut: -1,
		stall: -1}
	if !found {
		return a
	}
	if g.modified != "" {
		a.Header.Set("Last-Modified", g.modified)
	}
	if g.etag != "" {
		a.Header.Set("ETag", g.etag)
	}
	if m := r.Header.Get("If-Match"); m != "" && (m != g.etag || strings.HasPrefix(m, "W/")) {
		a.Status = http.StatusPreconditionFailed
		return a
	}
	size := len(g.content)
	first, last, ok := parseRange(r.Header.Get("Range"), size)
	switch {
	case r.Header.Get("Range") == "":
		a.Status, a.Body, a.length = http.StatusOK, g.content, size
	case !ok:
		a.Status = http.StatusRequestedRangeNotSatisfiable
		a.Header.Set("Content-Range", fmt.Sprintf("bytes */%d", size))
	default:
		a.Status, a.First = http.StatusPartialContent, first
		a.Body, a.length = g.content[first:last+1], last+1-first
		a.Header.Set("Content-Range", contentRange(first, last, size))
	}
	return a
}

func contentRange(first, last, size int) string {
	return fmt.Sprintf("bytes %d-%d/%d", first, last, size)
}

// parseRange parses a Range field with one range.
func parseRange(v string, size int) (first, last int, ok bool) {
	bounds, _ := strings.CutPrefix(v, "bytes=")
	from, to, _ := strings.Cut(bounds, "-")
	first, err := strconv.Atoi(from)
	switch {
	case from == "":
		n, err := strconv.Atoi(to)
		return max(0, size-n), size - 1, err == nil && n > 0 && size > 0
	case err != nil || first >= size:
		return 0, 0, false
	case to == "":
		return first, size - 1, true
	}
	last, err = strconv.Atoi(to)
	return first, min(last, size-1), err == nil && first <= last
}

// send sends the answer. If it breaks off, it does so after what comes before has left.
func (a *Answer) send(w http.ResponseWriter, r *http.Request) {
	if a.replace != nil {
		a.replace(w, r)
		return
	}
	if a.hang {
		<-r.Context().Done()
		return
	}
	for name, values := range a.Header {
		w.Header()[name] = values
	}
	if a.length >= 0 {
		w.Header().Set("Content-Length", strconv.Itoa(a.length))
	}
	w.WriteHeader(a.Status)
	flush := http.NewResponseController(w).Flush
	_ = flush()
	switch {
	case a.cut >= 0:
		_, _ = w.Write(a.Body[:min(a.cut, len(a.Body))])
		_ = flush()
		panic(http.ErrAbortHandler)
	case a.stall >= 0:
		_, _ = w.Write(a.Body[:min(a.stall, len(a.Body))])
		_ = flush()
		<-r.Context().Done()
	case a.drip > 0:
		for i := range a.Body {
			if _, err := w.Write(a.Body[i : i+1]); err != nil || r.Context().Err() != nil {
				return
			}
			_ = flush()
			time.Sleep(a.drip)
		}
	default:
		_, _ = w.Write(a.Body)
	}
}
