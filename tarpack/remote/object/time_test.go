package object_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tarpack/tpk/tarpack/remote/object"
	"github.com/tarpack/tpk/tarpack/source"
)

// A store is an object.Store in memory, for tests whose clock is that of testing/synctest.
type store struct {
	requests atomic.Int64
	limit    object.Limit
	// answer returns the response to the nth request, which is right if it is nil.
	answer func(ctx context.Context, n int64) (*http.Response, error)
}

const storeSize = 1 << 20

func (s *store) Name() string        { return "mem://x" }
func (s *store) Key() string         { return "mem" }
func (s *store) Limit() object.Limit { return s.limit }

func (s *store) Get(ctx context.Context, fields http.Header) (*http.Response, error) {
	n := s.requests.Add(1) - 1
	var first, last int64
	if r := fields.Get("Range"); strings.HasPrefix(r, "bytes=-") {
		fmt.Sscanf(r, "bytes=-%d", &last)
		first, last = storeSize-last, storeSize-1
	} else {
		fmt.Sscanf(r, "bytes=%d-%d", &first, &last)
	}
	resp := &http.Response{StatusCode: 206, Header: http.Header{
		"Content-Range": {fmt.Sprintf("bytes %d-%d/%d", first, last, storeSize)},
		"Etag":          {`"1"`},
	}, ContentLength: last - first + 1, Body: io.NopCloser(io.LimitReader(zeros{}, last-first+1))}
	if s.answer == nil {
		return resp, nil
	}
	other, err := s.answer(ctx, n)
	switch {
	case err != nil:
		return nil, err
	case other == nil:
		return resp, nil
	case other.StatusCode == 0: // only the body
		resp.Body = other.Body
		return resp, nil
	}
	return other, nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func status(code int, retryAfter string) *http.Response {
	return &http.Response{StatusCode: code, Status: fmt.Sprint(code), Body: http.NoBody,
		Header: http.Header{"Retry-After": {retryAfter}}}
}

// slow is a body that gives so many bytes each second.
type slow struct {
	ctx  context.Context
	rate int
}

func (s slow) Read(p []byte) (int, error) {
	select {
	case <-time.After(time.Second):
		return min(len(p), s.rate), nil
	case <-s.ctx.Done():
		return 0, s.ctx.Err()
	}
}

func (s slow) Close() error { return nil }

// fetch reads n bytes from the start.
func fetch(ctx context.Context, x *object.Object, n int64) error {
	r, err := x.Get(ctx, 0, n)
	if err != nil {
		return err
	}
	defer r.Close()
	m, err := io.Copy(io.Discard, r)
	if err == nil && m < n {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// Each field of the options has its effect.
func TestOptions(t *testing.T) {
	always := func(r *http.Response, err error) func(context.Context, int64) (*http.Response, error) {
		return func(context.Context, int64) (*http.Response, error) { return r, err }
	}
	hang := func(ctx context.Context, _ int64) (*http.Response, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	drip := func(ctx context.Context, _ int64) (*http.Response, error) {
		return &http.Response{Body: slow{ctx, 1}}, nil
	}
	// try opens a store and reads its first bytes, answered by answer, and returns how many requests
	// and how much time that took.
	try := func(
		t *testing.T, o *object.Options,
		answer func(context.Context, int64) (*http.Response, error),
	) (requests int64, took time.Duration, err error) {
		s := &store{}
		x, err := object.Open(t.Context(), s, o)
		if err != nil {
			t.Fatal(err)
		}
		s.requests.Store(0)
		s.answer = answer
		start := time.Now()
		err = fetch(t.Context(), x, 1000)
		return s.requests.Load(), time.Since(start), err
	}
	checks := map[string]func(t *testing.T){
		"First": func(t *testing.T) {
			for first, want := range map[int64]int64{0: 1, 1000: 0, 999: 1, -storeSize: 0} {
				if n, _, err := try(t, &object.Options{First: first}, nil); n != want || err != nil {
					t.Errorf("%d: %d requests, %v", first, n, err)
				}
			}
		},
		"Retries": func(t *testing.T) {
			for retries, want := range map[int]int64{0: 5, 1: 2, 9: 10, -1: 1} {
				n, _, err := try(t, &object.Options{Retries: retries}, always(status(503, ""), nil))
				if n != want || !errors.Is(err, source.ErrUnavailable) {
					t.Errorf("%d: %d requests, %v", retries, n, err)
				}
			}
		},
		"RetryAfter": func(t *testing.T) {
			for _, test := range []struct {
				most   time.Duration
				header string
				want   time.Duration
			}{
				{0, "30", 4 * 30 * time.Second}, {0, "31", 0}, {time.Hour, "3600", 4 * time.Hour},
				{time.Second, "2", 0},
			} {
				_, took, err := try(t, &object.Options{RetryAfter: test.most},
					always(status(503, test.header), nil))
				if took != test.want || !errors.Is(err, source.ErrUnavailable) {
					t.Errorf("%+v: %v, %v", test, took, err)
				}
			}
		},
		"HeaderTimeout": func(t *testing.T) {
			for timeout, want := range map[time.Duration]time.Duration{0: 30 * time.Second,
				time.Hour: time.Hour} {
				n, took, err := try(t, &object.Options{HeaderTimeout: timeout, Retries: -1}, hang)
				if took != want || n != 1 || !errors.Is(err, source.ErrUnavailable) {
					t.Errorf("%v: %d, %v, %v", timeout, n, took, err)
				}
			}
		},
		"StallTimeout": func(t *testing.T) {
			for timeout, want := range map[time.Duration]time.Duration{0: 30 * time.Second,
				100 * time.Second: 100 * time.Second} {
				_, took, err := try(t, &object.Options{StallTimeout: timeout, Retries: -1}, drip)
				if took != want || !errors.Is(err, source.ErrUnavailable) {
					t.Errorf("%v: %v, %v", timeout, took, err)
				}
			}
			if _, _, err := try(t, &object.Options{StallTimeout: 1001 * time.Second}, drip); err != nil {
				t.Error(err)
			}
		},
		"Notice": func(t *testing.T) {
			for _, weak := range []bool{false, true} {
				s := &store{}
				s.answer = func(context.Context, int64) (*http.Response, error) {
					if !weak {
						return nil, nil
					}
					return &http.Response{StatusCode: 206, ContentLength: 1, Header: http.Header{
						"Content-Range": {"bytes 0-0/1"}}, Body: io.NopCloser(strings.NewReader("x"))}, nil
				}
				var notices []error
				_, err := object.Open(t.Context(), s, &object.Options{
					Notice: func(err error) { notices = append(notices, err) }})
				if err != nil || (len(notices) == 1 && errors.Is(notices[0], object.ErrWeak)) != weak {
					t.Error(notices, err)
				}
			}
		},
	}
	for i := range reflect.TypeFor[object.Options]().NumField() {
		name := reflect.TypeFor[object.Options]().Field(i).Name
		t.Run(name, func(t *testing.T) {
			if checks[name] == nil {
				t.Fatal("it is not tested")
			}
			synctest.Test(t, checks[name])
		})
	}
}

// A reader that takes its time is no reason to end a request, and a server that is slow but not too
// slow is none either.
func TestSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		x, err := object.Open(t.Context(), s, &object.Options{Retries: -1})
		if err != nil {
			t.Fatal(err)
		}
		r, err := x.Get(t.Context(), 0, 100_000)
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			time.Sleep(time.Hour)
			if _, err := io.ReadFull(r, make([]byte, 1000)); err != nil {
				t.Fatal(err)
			}
		}
		s.answer = func(ctx context.Context, _ int64) (*http.Response, error) {
			return &http.Response{Body: slow{ctx, 600}}, nil
		}
		if err := fetch(t.Context(), x, 900_000); err != nil {
			t.Error(err)
		}
		s.answer = func(ctx context.Context, _ int64) (*http.Response, error) {
			return &http.Response{Body: slow{ctx, 500}}, nil
		}
		if err := fetch(t.Context(), x, 900_000); !errors.Is(err, source.ErrUnavailable) {
			t.Error(err)
		}
	})
}

// No more requests than the limit run at once. The next one starts when a body is closed; waiting
// for it ends with the context, and is no time of the server's.
func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{limit: object.NewLimit(2)}
		x, err := object.Open(t.Context(), s, nil)
		if err != nil {
			t.Fatal(err)
		}
		var bodies []io.ReadCloser
		for range 2 {
			r, err := x.Get(t.Context(), 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			bodies = append(bodies, r)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := fetch(ctx, x, 10); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		done := make(chan error)
		go func() { done <- fetch(t.Context(), x, 10) }()
		synctest.Wait()
		if n := s.requests.Load(); n != 3 {
			t.Errorf("%d requests", n)
		}
		time.Sleep(time.Hour)
		bodies[0].Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
		bodies[1].Close()
		// What fails gives its place back.
		for _, bad := range []func(context.Context, int64) (*http.Response, error){
			func(context.Context, int64) (*http.Response, error) { return nil, errors.New("x") },
			func(context.Context, int64) (*http.Response, error) { return status(503, ""), nil },
			func(context.Context, int64) (*http.Response, error) { return status(400, ""), nil },
			func(context.Context, int64) (*http.Response, error) {
				return &http.Response{Body: io.NopCloser(strings.NewReader("x"))}, nil
			},
		} {
			s.answer = bad
			for range 3 {
				if err := fetch(t.Context(), x, 10); err == nil {
					t.Error("no error")
				}
			}
		}
		s.answer = nil
		if err := fetch(t.Context(), x, 10); err != nil {
			t.Error(err)
		}
	})
}

func TestBackoff(t *testing.T) {
	for i := 1; i < 70; i++ {
		d := object.Backoff(i)
		if d <= 0 || d > 10*time.Second || i > 20 && d < 4*time.Second {
			t.Errorf("%d: %v", i, d)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)
	for v, want := range map[string]time.Duration{
		"": 0, "0": 0, "120": 2 * time.Minute, "-1": 0, "x": 0, "1.5": 0,
		"99999999999999999999":          0,
		"Sun, 01 Nov 2026 10:01:00 GMT": time.Minute, "Sun, 01 Nov 2026 09:00:00 GMT": 0,
	} {
		if got := object.RetryAfter(http.Header{"Retry-After": {v}}, now); got != want {
			t.Errorf("%q: %v", v, got)
		}
	}
}

func TestParseContentRange(t *testing.T) {
	for v, want := range map[string][3]int64{
		"bytes 0-0/1": {0, 0, 1}, "bytes 5-9/10": {5, 9, 10}, "Bytes 5-9/10": {5, 9, 10},
		"bytes 0-72057594037927935/72057594037927936": {0, 1<<56 - 1, 1 << 56},
	} {
		first, last, size, ok := object.ParseContentRange(v)
		if got := [3]int64{first, last, size}; !ok || got != want {
			t.Errorf("%s: %d, %v", v, got, ok)
		}
	}
	for _, v := range []string{
		"", "bytes", "bytes ", "bytes 0-0", "bytes 0-0/", "bytes 0-0/*", "bytes */1", "bytes 1-0/5",
		"bytes 0-5/5", "bytes -1-2/5", "bytes +1-2/5", "bytes 0x1-2/5", "bytes 1_0-11/20",
		"bytes 0-1/2, bytes 3-4/5", "bytes=0-1/2", "bytes 0-1/9223372036854775808", "items 0-0/1",
		"bytes 0-0/72057594037927937", "bytes 0-9223372036854775806/9223372036854775807",
		"bytes  0-0/1", "bytes 0 - 0/1", "bytes 0-0/1 ",
	} {
		if _, _, _, ok := object.ParseContentRange(v); ok {
			t.Errorf("%q is a Content-Range", v)
		}
	}
}
