package upload_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/internal/filetest"

	"github.com/tarpack/tpk/tarpack/remote/internal/remotetest"
	"github.com/tarpack/tpk/tarpack/remote/object"
	"github.com/tarpack/tpk/tarpack/remote/s3"
	"github.com/tarpack/tpk/tarpack/remote/upload"
	"github.com/tarpack/tpk/tarpack/source"
)

const (
	path = "/bucket/dir/a.tar.gz"
	name = "s3:/" + path
)

// target returns the object of a bucket.
func target(t testing.TB, b *remotetest.Bucket) *s3.Target {
	t.Helper()
	c, err := s3.New(&s3.Options{Endpoint: b.URL, AccessKey: "a", SecretKey: "b"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	to, err := c.Target(name)
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// random returns n bytes.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// put uploads content in pieces of odd sizes.
func put(ctx context.Context, to upload.Target, content []byte, o *upload.Options) error {
	u := upload.New(ctx, to, o)
	for rest := content; len(rest) > 0; {
		n := min(len(rest), 7919)
		if _, err := u.Write(rest[:n]); err != nil {
			return errors.Join(err, u.Abort())
		}
		rest = rest[n:]
	}
	return u.Commit()
}

// small are options for parts of 10,000 bytes and no long waits.
func small() *upload.Options {
	return &upload.Options{PartSize: 10_000, Parallel: 3, Timeout: 20 * time.Second,
		CompleteTimeout: 20 * time.Second, RetryAfter: time.Second}
}

func TestSizes(t *testing.T) {
	for size, parts := range map[int][]int{
		0: nil, 1: nil, 9_999: nil, 10_000: nil,
		10_001: {10_000, 1}, 20_000: {10_000, 10_000},
		95_000: {10_000, 10_000, 10_000, 10_000, 10_000, 10_000, 10_000, 10_000, 10_000, 5_000},
	} {
		b := remotetest.NewBucket(t)
		want := random(size)
		if err := put(t.Context(), target(t, b), want, small()); err != nil {
			t.Fatal(size, err)
		}
		got, sizes, found := b.Object(path)
		if !found || !bytes.Equal(got, want) || !slices.Equal(sizes, parts) {
			t.Errorf("%d: %d bytes, parts %d", size, len(got), sizes)
		}
		if b.Uploads() != 0 {
			t.Errorf("%d: %d uploads are left", size, b.Uploads())
		}
	}
}

// The sizes of parts come to 5 TiB, and each is one that S3 takes.
func TestPartSizes(t *testing.T) {
	sum, last := int64(0), int64(0)
	for n := 1; n <= 10_000; n++ {
		size := upload.PartSize(n)
		if size < upload.LeastPart || size > 5<<30 || size < last {
			t.Fatalf("part %d has %d bytes after %d", n, size, last)
		}
		sum, last = sum+size, size
	}
	if sum < 5<<40 {
		t.Errorf("they come to %d bytes", sum)
	}
}

// Large parts are in temporary files, which have no names.
func TestLargeParts(t *testing.T) {
	if testing.Short() {
		t.Skip("100 MB")
	}
	filetest.SetTempDir(t, t.TempDir())
	b := remotetest.NewBucket(t)
	want := random(3*upload.InMemory + 1000)
	o := small()
	o.PartSize = upload.InMemory + 1
	if err := put(t.Context(), target(t, b), want, o); err != nil {
		t.Fatal(err)
	}
	if got, sizes, _ := b.Object(path); !bytes.Equal(got, want) || len(sizes) != 4 {
		t.Errorf("%d bytes, parts %d", len(got), sizes)
	}
	if list, err := os.ReadDir(os.TempDir()); err != nil || len(list) > 0 {
		t.Error(list, err)
	}
}

// A full disk, here a directory for temporary files that is not there, ends it.
func TestNoTemp(t *testing.T) {
	filetest.SetTempDir(t, "/none")
	b := remotetest.NewBucket(t)
	o := small()
	o.PartSize = upload.InMemory + 1
	err := put(t.Context(), target(t, b), random(10), o)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "/none") {
		t.Error(err)
	}
}

// Whatever a server does, the object is complete or not there, no parts are left, and an error has
// the right kind.
func TestHostileServer(t *testing.T) {
	const all = 1 << 30 // requests
	want := random(55_000)
	for _, test := range []struct {
		name, op  string
		n         int // requests that go wrong
		fault     remotetest.BucketFault
		err       error // nil: it succeeds
		remaining int   // uploads that could not be removed
	}{
		{"slow", remotetest.OpPart, 2, remotetest.Refuse(503, "SlowDown"), nil, 0},
		{"error", remotetest.OpPart, 2, remotetest.Refuse(500, "InternalError"), nil, 0},
		{"dropped", remotetest.OpPart, 3, remotetest.Drop, nil, 0},
		{"lost", remotetest.OpPart, 3, remotetest.Lose, nil, 0},
		{"timeout", remotetest.OpPart, 2, remotetest.Refuse(400, "RequestTimeout"), nil, 0},
		{"down", remotetest.OpPart, all, remotetest.Refuse(503, "SlowDown"),
			source.ErrUnavailable, 0},
		{"denied", remotetest.OpPart, all, remotetest.Refuse(403, "AccessDenied"),
			fs.ErrPermission, 0},
		{"bad digest", remotetest.OpPart, all, remotetest.Refuse(400, "BadDigest"),
			object.ErrAnswer, 0},
		{"aborted by another", remotetest.OpPart, all, remotetest.Refuse(404, "NoSuchUpload"),
			fs.ErrNotExist, 0},
		{"create", remotetest.OpCreate, 1, remotetest.Refuse(503, "SlowDown"), nil, 0},
		{"no bucket", remotetest.OpCreate, all, remotetest.Refuse(404, "NoSuchBucket"),
			fs.ErrNotExist, 0},
		{"create denied", remotetest.OpCreate, all, remotetest.Refuse(403, "AccessDenied"),
			fs.ErrPermission, 0},
		{"nameless", remotetest.OpCreate, all, nameless, object.ErrAnswer, 0},
		{"complete", remotetest.OpComplete, 2, remotetest.Refuse(500, "InternalError"), nil, 0},
		// S3 has begun its answer with 200 then.
		{"complete late", remotetest.OpComplete, 2, remotetest.Refuse(200, "InternalError"), nil, 0},
		{"complete wrong", remotetest.OpComplete, all, remotetest.Refuse(200, "InvalidPart"),
			object.ErrAnswer, 0},
		{"complete lost", remotetest.OpComplete, 1, remotetest.Lose, nil, 0},
		{"complete always lost", remotetest.OpComplete, all, remotetest.Lose, nil, 0},
		{"complete dropped", remotetest.OpComplete, all, remotetest.Drop, source.ErrUnavailable, 0},
		{"complete garbled", remotetest.OpComplete, all, garbled, object.ErrAnswer, 0},
		{"complete done and garbled", remotetest.OpComplete, 1, doneAndGarbled, nil, 0},
		{"complete down", remotetest.OpComplete, all, remotetest.Refuse(503, "SlowDown"),
			source.ErrUnavailable, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := remotetest.NewBucket(t)
			b.Put(path, "old")
			b.Do(func(op string, n int) remotetest.BucketFault {
				if op == test.op && n < test.n {
					return test.fault
				}
				return nil
			})
			o := small()
			o.Retries = 3
			err := put(t.Context(), target(t, b), want, o)
			got, _, _ := b.Object(path)
			if test.err == nil {
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%d bytes, %v", len(got), err)
				}
			} else if !errors.Is(err, test.err) || string(got) != "old" {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			if err != nil && !strings.HasPrefix(err.Error(), name+": ") {
				t.Errorf("no name: %v", err)
			}
			if b.Uploads() != test.remaining {
				t.Errorf("%d uploads are left", b.Uploads())
			}
		})
	}
}

func nameless(w http.ResponseWriter, _ *http.Request, _ func()) {
	_, _ = w.Write([]byte("<InitiateMultipartUploadResult></InitiateMultipartUploadResult>"))
}

func garbled(w http.ResponseWriter, _ *http.Request, _ func()) { _, _ = w.Write([]byte("<Comp")) }

func doneAndGarbled(w http.ResponseWriter, r *http.Request, do func()) {
	do()
	garbled(w, r, nil)
}

// What is sent at once is the same under every fault.
func TestHostilePut(t *testing.T) {
	want := random(5000)
	for _, test := range []struct {
		n     int
		fault remotetest.BucketFault
		err   error
	}{
		{2, remotetest.Refuse(503, "SlowDown"), nil}, {2, remotetest.Lose, nil},
		{100, remotetest.Drop, source.ErrUnavailable},
		{100, remotetest.Refuse(403, "AccessDenied"), fs.ErrPermission},
		{100, remotetest.Refuse(404, "NoSuchBucket"), fs.ErrNotExist},
	} {
		b := remotetest.NewBucket(t)
		b.Do(func(_ string, n int) remotetest.BucketFault {
			if n < test.n {
				return test.fault
			}
			return nil
		})
		o := small()
		o.Retries = 2
		err := put(t.Context(), target(t, b), want, o)
		got, _, _ := b.Object(path)
		if !errors.Is(err, test.err) || (err == nil) != bytes.Equal(got, want) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
}

// An upload that can't be removed is named in the error.
func TestAbortFails(t *testing.T) {
	b := remotetest.NewBucket(t)
	b.Do(func(op string, _ int) remotetest.BucketFault {
		switch op {
		case remotetest.OpAbort, remotetest.OpPart:
			return remotetest.Refuse(403, "AccessDenied")
		}
		return nil
	})
	err := put(t.Context(), target(t, b), random(55_000), small())
	var left *upload.LeftError
	if !errors.As(err, &left) || left.ID != "upload-1" || left.Name != name {
		t.Error(err)
	}
}

// When the context ends, the requests end, and what was uploaded is removed all the same. A part
// that the server has already is waited for.
func TestCancel(t *testing.T) {
	for _, op := range []string{remotetest.OpPart, remotetest.OpComplete} {
		b := remotetest.NewBucket(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := errors.New("stopped")
		b.Do(func(got string, n int) remotetest.BucketFault {
			if got != op || n > 0 {
				return nil
			}
			return func(w http.ResponseWriter, r *http.Request, do func()) {
				cancel(stop)
				remotetest.Lose(w, r, do)
			}
		})
		err := put(ctx, target(t, b), random(55_000), small())
		_, _, found := b.Object(path)
		if op == remotetest.OpComplete {
			// It was complete before anybody could stop it.
			if err != nil || !found {
				t.Error(found, err)
			}
		} else if !errors.Is(err, stop) || found {
			t.Error(found, err)
		}
		if b.Uploads() != 0 {
			t.Errorf("%s: %d uploads are left", op, b.Uploads())
		}
	}
}

// Abort waits for parts that the server has already: they would stay if they were stored after it.
func TestAbortWaits(t *testing.T) {
	b := remotetest.NewBucket(t)
	received, goOn := make(chan bool), make(chan bool)
	b.Do(func(op string, n int) remotetest.BucketFault {
		if op != remotetest.OpPart || n > 0 {
			return nil
		}
		return func(w http.ResponseWriter, _ *http.Request, do func()) {
			close(received)
			<-goOn
			do()
			w.Header().Set("ETag", `"x"`)
		}
	})
	u := upload.New(t.Context(), target(t, b), small())
	if _, err := u.Write(random(15_000)); err != nil {
		t.Fatal(err)
	}
	<-received
	aborted := make(chan error)
	go func() { aborted <- u.Abort() }()
	close(goOn)
	if err := <-aborted; err != nil || b.Uploads() != 0 {
		t.Errorf("%d uploads are left, %v", b.Uploads(), err)
	}
	if err := u.Abort(); err != nil || b.Count(remotetest.OpAbort) != 1 {
		t.Errorf("%d requests, %v", b.Count(remotetest.OpAbort), err)
	}
}

// The number of parts has a limit.
func TestTooLarge(t *testing.T) {
	defer upload.SetMaxParts(20)()
	b := remotetest.NewBucket(t)
	o := small()
	o.PartSize = 1
	err := put(t.Context(), target(t, b), random(21), o)
	if err == nil || !strings.Contains(err.Error(), "too large for 20 parts of 1 byte") ||
		b.Uploads() != 0 {
		t.Error(err)
	}
}
