package remote_test

import (
	"errors"
	"net/http"
	"os"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/remote/internal/remotetest"
	"github.com/tarpack/tpk/tarpack/remote/s3"
	"github.com/tarpack/tpk/tarpack/remote/web"
	"github.com/tarpack/tpk/tarpack/source"
)

// Each field of the options has its effect.
func TestOptions(t *testing.T) {
	checks := map[string]func(t *testing.T, s *remotetest.Server){
		"Web": testWeb, "S3": testS3, "Blocks": testBlocks, "Sidecar": testSidecar,
		"LoadIndex": testLoadIndex, "BuildIndex": testBuildIndex, "Workers": testBuildIndex,
		"Trust":   testTrust,
		"Retries": testRetries, "RetryAfter": testRetryAfter, "HeaderTimeout": testTimeouts,
		"StallTimeout": testTimeouts, "Notice": testNotice, "Progress": testBuildIndex,
	}
	archive, side := packed(t, "x", pack.Options{})
	for i := range reflect.TypeFor[remote.Options]().NumField() {
		name := reflect.TypeFor[remote.Options]().Field(i).Name
		t.Run(name, func(t *testing.T) {
			if checks[name] == nil {
				t.Fatal("it is not tested")
			}
			checks[name](t, serve(t, archive, side))
		})
	}
}

func testWeb(t *testing.T, s *remotetest.Server) {
	c, err := web.New(&web.Options{Header: http.Header{"X-Key": {"k"}}})
	if err != nil {
		t.Fatal(err)
	}
	s.Do(nil)
	if err := openAndCheck(t, s.Object(), "x", &remote.Options{Web: c}); err != nil {
		t.Error(err)
	}
	for _, r := range s.Requests() {
		if r.Header.Get("X-Key") != "k" {
			t.Error(r.URL, r.Header)
		}
	}
}

func testS3(t *testing.T, s *remotetest.Server) {
	c, err := s3.New(&s3.Options{Endpoint: s.URL, AccessKey: "a", SecretKey: "b"})
	if err != nil {
		t.Fatal(err)
	}
	if err := openAndCheck(t, "s3:/"+remotetest.Path, "x", &remote.Options{S3: c}); err != nil {
		t.Error(err)
	}
}

func testBlocks(t *testing.T, s *remotetest.Server) {
	dir := t.TempDir()
	for _, o := range []remote.Options{{}, {Blocks: newCache(dir)}} {
		if err := openAndCheck(t, s.Object(), "x", &o); err != nil {
			t.Error(err)
		}
		if list, err := os.ReadDir(dir); err != nil || (len(list) > 0) != (o.Blocks != nil) {
			t.Error(list, err)
		}
	}
}

func testSidecar(t *testing.T, s *remotetest.Server) {
	side := s.Content(sidePath)
	s.Put(sidePath, nil)
	s.Put("/elsewhere", side)
	err := openAndCheck(t, s.Object(), "x", &remote.Options{Sidecar: s.URL + "/elsewhere"})
	if err != nil {
		t.Error(err)
	}
	if err := openAndCheck(t, s.Object(), "x", nil); !errors.Is(err, format.ErrNoSidecar) {
		t.Error(err)
	}
}

func testLoadIndex(t *testing.T, s *remotetest.Server) {
	side := s.Content(sidePath)
	side[len(side)-1] ^= 1 // which only reading all of it finds
	s.Put(sidePath, side)
	size := int64(len(side))
	for limit, want := range map[int64]error{
		0: format.ErrStale, size: format.ErrStale,
		size - 1: format.ErrStale, // the table is read and compared
		1:        nil,
	} {
		a, err := remote.Open(t.Context(), s.Object(), &remote.Options{LoadIndex: limit})
		if !errors.Is(err, want) {
			t.Error(limit, err)
		}
		if err == nil {
			a.Close()
		}
	}
}

func testBuildIndex(t *testing.T, s *remotetest.Server) {
	s.Put(sidePath, nil)
	if err := openAndCheck(t, s.Object(), "x", nil); !errors.Is(err, format.ErrNoSidecar) {
		t.Error(err)
	}
	for _, workers := range []int{0, 1} {
		calls := 0
		o := &remote.Options{BuildIndex: true, Workers: workers,
			Progress: func(format.Progress) { calls++ }}
		if err := openAndCheck(t, s.Object(), "x", o); err != nil || calls == 0 {
			t.Errorf("%d calls, %v", calls, err)
		}
	}
}

func testRetries(t *testing.T, s *remotetest.Server) {
	for retries, want := range map[int]int64{-1: 1, 1: 2} {
		var n atomic.Int64
		s.Do(func(_ int, r *http.Request) remotetest.Fault {
			if r.URL.Path != remotetest.Path {
				return nil
			}
			n.Add(1)
			return remotetest.Status(503, "")
		})
		err := openAndCheck(t, s.Object(), "x", &remote.Options{Retries: retries})
		if !errors.Is(err, source.ErrUnavailable) || n.Load() != want {
			t.Errorf("%d: %d, %v", retries, n.Load(), err)
		}
	}
}

func testRetryAfter(t *testing.T, s *remotetest.Server) {
	for most, ok := range map[time.Duration]bool{time.Millisecond: false, 0: true} {
		s.Do(remotetest.Once(remotetest.Status(503, "1")))
		err := openAndCheck(t, s.Object(), "x", &remote.Options{RetryAfter: most})
		if (err == nil) != ok {
			t.Errorf("%v: %v", most, err)
		}
	}
}

// testTimeouts needs no more than that the time is not that of the default.
func testTimeouts(t *testing.T, s *remotetest.Server) {
	o := &remote.Options{Retries: -1, HeaderTimeout: 300 * time.Millisecond,
		StallTimeout: 300 * time.Millisecond}
	for _, fault := range []remotetest.Fault{remotetest.Hang, remotetest.Stall(5)} {
		s.Do(remotetest.Always(fault))
		if err := openAndCheck(t, s.Object(), "x", o); !errors.Is(err, source.ErrUnavailable) {
			t.Error(err)
		}
	}
}

func testNotice(t *testing.T, s *remotetest.Server) {
	s.Do(remotetest.Always(remotetest.ETag("")))
	n := 0
	o := &remote.Options{Notice: func(error) { n++ }}
	if err := openAndCheck(t, s.Object(), "x", o); err != nil || n != 2 {
		t.Error(n, err)
	}
}
