package object_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/tarpack/tpk/tarpack/remote/internal/remotetest"
	"github.com/tarpack/tpk/tarpack/remote/object"
	"github.com/tarpack/tpk/tarpack/source"
)

// Every range has the right bytes, by Get and by ReadAt, whether or not Open has read it.
func TestRanges(t *testing.T) {
	data := content(100)
	s := remotetest.New(t, data)
	for _, first := range []int64{-1, -30, -100, -200, 1, 30, 100, 200} {
		x := open(t, s, &object.Options{First: first})
		if x.Size() != 100 || x.Name() != s.Object() {
			t.Errorf("%d: %s, %d bytes", first, x.Name(), x.Size())
		}
		for off := int64(0); off <= 100; off += 10 {
			for n := int64(0); n <= 100-off; n += 5 {
				if got, err := get(t, x, off, n); err != nil || !bytes.Equal(got, data[off:off+n]) {
					t.Fatalf("%d: %d bytes from %d: %x, %v", first, n, off, got, err)
				}
			}
		}
		if err := iotest.TestReader(io.NewSectionReader(x, 0, 100), data); err != nil {
			t.Error(err)
		}
		for _, bad := range [][2]int64{{-1, 1}, {0, 101}, {101, 0}, {100, 1}, {1, -1}, {1, 1<<63 - 1}} {
			if _, err := x.Get(t.Context(), bad[0], bad[1]); err == nil {
				t.Errorf("%v is within", bad)
			}
		}
		p := make([]byte, 20)
		if n, err := x.ReadAt(p, 90); n != 10 || err != io.EOF {
			t.Error(n, err)
		}
		if n, err := x.ReadAt(p, 100); n != 0 || err != io.EOF {
			t.Error(n, err)
		}
		if n, err := x.ReadAt(nil, 500); n != 0 || err != nil {
			t.Error(n, err)
		}
		if _, err := x.ReadAt(p, -1); err == nil || err == io.EOF {
			t.Error(err)
		}
	}
}

// Open takes one request, and what it has read none more. Every other request has If-Match and one
// range, and none asks for a coding.
func TestRequests(t *testing.T) {
	s := remotetest.New(t, content(100_000))
	s.Do(nil)
	x := open(t, s, nil)
	for _, r := range [][2]int64{{100_000 - 65536, 65536}, {99_000, 1000}, {0, 10}, {10_000, 20_000}} {
		if _, err := get(t, x, r[0], r[1]); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"-65536", "0-9", "10000-29999"}
	if got := s.Ranges(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for i, r := range s.Requests() {
		h := r.Header
		if r.Method != http.MethodGet || h.Get("Accept-Encoding") != "identity" ||
			(h.Get("If-Match") == `"1"`) != (i > 0) {
			t.Errorf("%s %v", r.Method, h)
		}
	}
}

// An object without any byte.
func TestEmpty(t *testing.T) {
	for name, fault := range map[string]remotetest.Fault{
		"416": nil, "200": remotetest.Whole, "bare 416": remotetest.ContentRange(""),
	} {
		for _, first := range []int64{-10, 10} {
			t.Run(name, func(t *testing.T) {
				s := remotetest.New(t, nil)
				s.Do(remotetest.Always(fault))
				x := open(t, s, &object.Options{First: first})
				if b, err := get(t, x, 0, 0); x.Size() != 0 || len(b) > 0 || err != nil {
					t.Error(x.Size(), b, err)
				}
				if err := x.Check(t.Context()); err != nil {
					t.Error(err)
				}
				s.Replace(content(10), `"2"`, "")
				s.Do(nil)
				if err := x.Check(t.Context()); !errors.Is(err, source.ErrChanged) {
					t.Error(err)
				}
			})
		}
	}
}

// Bytes of two generations never meet, wherever the second one begins. Once it is noticed, nothing
// is read any more.
func TestReplaced(t *testing.T) {
	older, newer := content(300), bytes.Repeat([]byte{1}, 300)
	for _, test := range []struct {
		name           string
		etags          [2]string
		modified       [2]string
		newer          []byte
		ignoresIfMatch bool
		weak           bool
	}{
		{name: "412", etags: [2]string{`"1"`, `"2"`}, newer: newer},
		{name: "If-Match ignored", etags: [2]string{`"1"`, `"2"`}, newer: newer, ignoresIfMatch: true},
		{name: "ETag lost", etags: [2]string{`"1"`, ""}, newer: newer, ignoresIfMatch: true},
		{name: "size", etags: [2]string{"", ""}, newer: newer[:299], weak: true},
		{name: "weak", etags: [2]string{`W/"1"`, `W/"2"`}, newer: newer, weak: true},
		{name: "unquoted", etags: [2]string{`1`, `2`}, newer: newer, weak: true},
		{name: "Last-Modified", modified: [2]string{remotetest.Modified, "Mon, 02 Nov 2026 10:00:00 GMT"},
			newer: newer, weak: true},
		{name: "weak, Last-Modified", etags: [2]string{`W/"1"`, `W/"1"`},
			modified: [2]string{remotetest.Modified, "Mon, 02 Nov 2026 10:00:00 GMT"},
			newer:    newer, weak: true},
	} {
		for _, read := range []int{0, 1, 100} {
			t.Run(test.name, func(t *testing.T) {
				t.Parallel()
				s := remotetest.New(t, older)
				s.Replace(older, test.etags[0], test.modified[0])
				notices := 0
				o := &object.Options{First: -20, Notice: func(err error) {
					notices++
					if !errors.Is(err, object.ErrWeak) {
						t.Error(err)
					}
				}}
				x := open(t, s, o)
				if (notices == 1) != test.weak || (x.Identity() == "") != test.weak {
					t.Errorf("%d notices, %q", notices, x.Identity())
				}
				// The first answer breaks off. The next one is of the other generation.
				s.Do(func(n int, r *http.Request) remotetest.Fault {
					if h := r.Header; test.weak && h.Get("If-Match") != "" {
						t.Errorf("If-Match: %s", h.Get("If-Match"))
					}
					switch {
					case n == 0:
						return func(a *remotetest.Answer, r *http.Request) {
							remotetest.CutOff(read)(a, r)
							s.Replace(test.newer, test.etags[1], test.modified[1])
						}
					case test.ignoresIfMatch:
						return remotetest.ETag(test.etags[1])
					}
					return nil
				})
				r, err := x.Get(t.Context(), 10, 200)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(r)
				if !errors.Is(err, source.ErrChanged) || !bytes.Equal(got, older[10:10+read]) {
					t.Errorf("%d bytes, %v", len(got), err)
				}
				s.Replace(older, test.etags[0], test.modified[0])
				requests := len(s.Requests())
				for range 2 {
					if _, err := get(t, x, 0, 1); !errors.Is(err, source.ErrChanged) {
						t.Error(err)
					}
				}
				if err := x.Check(t.Context()); !errors.Is(err, source.ErrChanged) {
					t.Error(err)
				}
				if n := len(s.Requests()); n != requests {
					t.Errorf("%d more requests", n-requests)
				}
			})
		}
	}
}

// A body that is cut off goes on at the byte it has reached, as often as needed if there is
// progress.
func TestResume(t *testing.T) {
	data := content(1 << 20)
	s := remotetest.New(t, data)
	x := open(t, s, &object.Options{First: -1, Retries: 1})
	s.Do(remotetest.Always(remotetest.CutOff(200_000)))
	got, err := get(t, x, 5, 900_000)
	if err != nil || !bytes.Equal(got, data[5:900_005]) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	ranges := s.Ranges()
	if len(ranges) != 5 || ranges[0] != "5-900004" || ranges[4] != "800005-900004" {
		t.Errorf("%q", ranges)
	}
	// Without enough progress it ends.
	s.Do(remotetest.Always(remotetest.CutOff(1)))
	got, err = get(t, x, 5, 900_000)
	if !errors.Is(err, source.ErrUnavailable) || !bytes.Equal(got, data[5:7]) ||
		len(s.Requests()) != 2 {
		t.Errorf("%d bytes, %d requests, %v", len(got), len(s.Requests()), err)
	}
}

// A context that ends, and Close, end a request at any point.
func TestEnds(t *testing.T) {
	why := errors.New("no longer needed")
	for name, fault := range map[string]remotetest.Fault{
		"header": remotetest.Hang, "body": remotetest.Stall(5), "wait": remotetest.Status(503, "20"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := remotetest.New(t, content(100))
			x := open(t, s, &object.Options{First: -1})
			ctx, cancel := context.WithCancelCause(t.Context())
			s.Do(func(int, *http.Request) remotetest.Fault {
				time.AfterFunc(50*time.Millisecond, func() { cancel(why) })
				return fault
			})
			r, err := x.Get(ctx, 0, 90)
			if err == nil {
				_, err = io.ReadAll(r)
			}
			if !errors.Is(err, why) {
				t.Error(err)
			}
		})
	}
	s := remotetest.New(t, content(100))
	x := open(t, s, &object.Options{First: -1})
	r, err := x.Get(t.Context(), 0, 90)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.Close(), r.Close()); err != nil {
		t.Error(err)
	}
	if _, err := r.Read(make([]byte, 1)); err == nil || err == io.EOF {
		t.Error(err)
	}
}

// Many that read at the same time, from a server that fails now and then.
func TestConcurrent(t *testing.T) {
	data := content(100_000)
	s := remotetest.New(t, data)
	x := open(t, s, &object.Options{First: -1, Retries: 100})
	s.Do(func(n int, _ *http.Request) remotetest.Fault {
		switch n % 7 {
		case 3:
			return remotetest.CutOff(1000)
		case 5:
			return remotetest.Status(503, "")
		}
		return nil
	})
	var all sync.WaitGroup
	for i := range int64(20) {
		all.Go(func() {
			for j := range int64(5) {
				off := i*1000 + j*7
				if got, err := get(t, x, off, 20_000); err != nil ||
					!bytes.Equal(got, data[off:off+20_000]) {
					t.Errorf("%d: %v", off, err)
				}
			}
		})
	}
	all.Wait()
}

// What a server sends does not reach a terminal as it is.
func TestPrintable(t *testing.T) {
	s := remotetest.New(t, content(10))
	s.Do(remotetest.Always(remotetest.Handle(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 499 \x1b[2J"+strings.Repeat("x", 5000)+
			"\r\nContent-Length: 0\r\n\r\n")
	})))
	_, err := openAt(t, s.Object(), nil)
	if err == nil || strings.Contains(err.Error(), "\x1b") || len(err.Error()) > 400 {
		t.Error(err)
	}
}

// A server that is not there, or does not end its header, is not available.
func TestNoServer(t *testing.T) {
	s := remotetest.New(t, nil)
	url := s.Object()
	s.Close()
	_, err := openAt(t, url, quick())
	if !errors.Is(err, source.ErrUnavailable) || !strings.Contains(err.Error(), "refused") {
		t.Error(err)
	}
	s = remotetest.New(t, nil)
	s.Do(remotetest.Always(remotetest.Handle(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; ; i++ {
			w.Header().Set("X"+strings.Repeat("x", i), strings.Repeat("x", 10_000))
			if i == 100 {
				return
			}
		}
	})))
	if _, err := openAt(t, s.Object(), quick()); !errors.Is(err, source.ErrUnavailable) {
		t.Error(err)
	}
}
