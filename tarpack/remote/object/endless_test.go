package object_test

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/tarpack/tpk/tarpack/remote/internal/remotetest"
	"github.com/tarpack/tpk/tarpack/remote/object"
	"github.com/tarpack/tpk/tarpack/remote/s3"
)

// endless sends a status and a body without an end, and counts what leaves.
func endless(sent *atomic.Int64, status int, contentRange string) remotetest.Fault {
	return remotetest.Handle(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		if w.Header().Set("ETag", `"1"`); contentRange != "" {
			w.Header().Set("Content-Range", contentRange)
		}
		if status != 206 || contentRange != "" { // without it the library for S3 refuses the header
			w.Header().Set("Last-Modified", remotetest.Modified)
		}
		w.WriteHeader(status)
		for b := make([]byte, 64<<10); ; {
			n, err := w.Write(b)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	})
}

// A body that does not end is not read to its end, whatever its status is. What the kernel has
// buffered is sent all the same.
func TestEndless(t *testing.T) {
	for _, test := range []struct {
		status       int
		contentRange string
	}{
		{200, ""}, {206, "bytes 0-99/300"}, {206, "bytes 50-149/300"}, {206, ""}, {302, ""}, {403, ""},
		{404, ""}, {412, ""}, {416, ""}, {500, ""}, {503, ""},
	} {
		s := remotetest.New(t, content(300))
		x := open(t, s, &object.Options{First: -10, Retries: -1})
		c, err := s3.New(&s3.Options{Endpoint: s.URL, Anonymous: true})
		if err != nil {
			t.Fatal(err)
		}
		store, err := c.Object("s3:/" + remotetest.Path)
		if err != nil {
			t.Fatal(err)
		}
		y, err := object.Open(t.Context(), store, &object.Options{First: -10, Retries: -1})
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range []*object.Object{x, y} {
			var sent atomic.Int64
			s.Do(remotetest.Always(endless(&sent, test.status, test.contentRange)))
			if _, err := get(t, object, 0, 100); err == nil {
				t.Errorf("%+v: no error", test)
			}
			s.CloseClientConnections()
			if n := sent.Load(); n > 32<<20 {
				t.Errorf("%s, %+v: %d bytes", object.Name(), test, n)
			}
		}
	}
}
