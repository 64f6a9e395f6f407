package upload_test

import (
	"errors"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tarpack/tpk/tarpack/remote/internal/remotetest"
	"github.com/tarpack/tpk/tarpack/remote/upload"
	"github.com/tarpack/tpk/tarpack/source"
)

// Each field of the options has its effect.
func TestOptions(t *testing.T) {
	checks := map[string]func(t *testing.T, b *remotetest.Bucket){
		"PartSize": testPartSize, "Parallel": testParallel, "Retries": testRetries,
		"RetryAfter": testRetryAfter, "Timeout": testTimeout, "CompleteTimeout": testTimeout,
	}
	for i := range reflect.TypeFor[upload.Options]().NumField() {
		f := reflect.TypeFor[upload.Options]().Field(i).Name
		t.Run(f, func(t *testing.T) {
			if checks[f] == nil {
				t.Fatal("it is not tested")
			}
			checks[f](t, remotetest.NewBucket(t))
		})
	}
}

func testPartSize(t *testing.T, b *remotetest.Bucket) {
	for size, want := range map[int64][]int{0: nil, 600: {600, 400}} {
		o := small()
		o.PartSize = size
		if err := put(t.Context(), target(t, b), random(1000), o); err != nil {
			t.Fatal(err)
		}
		if _, parts, _ := b.Object(path); !slices.Equal(parts, want) {
			t.Error(size, parts)
		}
	}
}

// testParallel waits until as many parts as there may be are being sent.
func testParallel(t *testing.T, b *remotetest.Bucket) {
	for parallel, want := range map[int]int{0: 4, 2: 2, 6: 6} {
		var mu sync.Mutex
		now, most := 0, 0
		all := make(chan bool)
		b.Do(func(op string, _ int) remotetest.BucketFault {
			if op != remotetest.OpPart {
				return nil
			}
			return func(w http.ResponseWriter, r *http.Request, do func()) {
				mu.Lock()
				if now++; now == want && most < want {
					close(all)
				}
				most = max(most, now)
				mu.Unlock()
				<-all
				do()
				mu.Lock()
				now--
				mu.Unlock()
				w.WriteHeader(http.StatusServiceUnavailable) // with the ETag only the second time
			}
		})
		o := small()
		o.Parallel, o.Retries = parallel, -1
		if err := put(t.Context(), target(t, b), random(100_000), o); err == nil {
			t.Error("no error")
		}
		if most != want {
			t.Errorf("%d: %d at the same time", parallel, most)
		}
	}
}

func testRetries(t *testing.T, b *remotetest.Bucket) {
	for retries, want := range map[int]int{-1: 1, 1: 2} {
		b.Do(func(string, int) remotetest.BucketFault { return remotetest.Refuse(503, "SlowDown") })
		o := small()
		o.Retries = retries
		err := put(t.Context(), target(t, b), random(10), o)
		if !errors.Is(err, source.ErrUnavailable) || b.Count(remotetest.OpPut) != want {
			t.Errorf("%d: %d, %v", retries, b.Count(remotetest.OpPut), err)
		}
	}
}

func testRetryAfter(t *testing.T, b *remotetest.Bucket) {
	for most, ok := range map[time.Duration]bool{time.Millisecond: false, 0: true} {
		b.Do(func(_ string, n int) remotetest.BucketFault {
			if n > 0 {
				return nil
			}
			return func(w http.ResponseWriter, _ *http.Request, _ func()) {
				w.Header().Set("Retry-After", "1")
				remotetest.S3Error(w, 503, "SlowDown")
			}
		})
		o := small()
		o.RetryAfter = most
		if err := put(t.Context(), target(t, b), random(10), o); (err == nil) != ok {
			t.Error(most, err)
		}
	}
}

// testTimeout has a server that hangs once, in each kind of request.
func testTimeout(t *testing.T, b *remotetest.Bucket) {
	for _, slow := range []string{remotetest.OpPart, remotetest.OpCreate, remotetest.OpComplete} {
		b.Do(func(op string, n int) remotetest.BucketFault {
			if op == slow && n == 0 {
				return remotetest.HangUp
			}
			return nil
		})
		o := small()
		o.Timeout, o.CompleteTimeout = 300*time.Millisecond, time.Hour
		if slow == remotetest.OpComplete {
			o.Timeout, o.CompleteTimeout = time.Hour, 300*time.Millisecond
		}
		if err := put(t.Context(), target(t, b), random(25_000), o); err != nil {
			t.Error(slow, err)
		}
		if b.Count(slow) < 2 {
			t.Errorf("%s: %d requests", slow, b.Count(slow))
		}
	}
}
