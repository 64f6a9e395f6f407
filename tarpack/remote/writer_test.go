package remote_test

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/remote/internal/remotetest"
	"github.com/tarpack/tpk/tarpack/remote/s3"
)

const (
	keyPath  = "/bucket/a.tar.gz"
	indexKey = keyPath + format.SidecarSuffix
	keyURL   = "s3:/" + keyPath
)

// writerOptions are options for a bucket with small parts.
func writerOptions(t *testing.T, b *remotetest.Bucket) *remote.WriterOptions {
	t.Helper()
	c, err := s3.New(&s3.Options{Endpoint: b.URL, AccessKey: "a", SecretKey: "b"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &remote.WriterOptions{S3: c, PartSize: 10_000, RetryAfter: time.Millisecond}
}

// upload packs a directory to a bucket.
func upload(
	ctx context.Context, t *testing.T, dir string, o *remote.WriterOptions, po pack.StreamOptions,
) error {
	t.Helper()
	w, err := remote.NewWriter(ctx, keyURL, o)
	if err != nil {
		return err
	}
	po.Sidecar = w.Sidecar
	if _, err := pack.Stream(ctx, dir, w.Archive, po); err != nil {
		return errors.Join(err, w.Abort())
	}
	return w.Commit()
}

// tree returns a directory whose archive has several parts.
func tree(t *testing.T) string {
	return tartest.Tree(t, [2]string{"big", strings.Repeat("0123456789abcdef\n", 100) +
		string(content(60_000))}, [2]string{"small", "x"})
}

// content returns bytes that can't be compressed.
func content(n int) []byte {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

// What is in the bucket has the bytes of files.
func TestWriter(t *testing.T) {
	dir := tree(t)
	for _, embed := range []bool{false, true} {
		b := remotetest.NewBucket(t)
		b.Put(indexKey, "old")
		err := upload(t.Context(), t, dir, writerOptions(t, b), pack.StreamOptions{EmbedIndex: embed})
		if err != nil {
			t.Fatal(err)
		}
		name := tartest.Pack(t, dir, pack.Options{EmbedIndex: embed})
		got, parts, _ := b.Object(keyPath)
		if string(got) != string(tartest.Read(t, name)) || len(parts) < 3 {
			t.Errorf("%d bytes in parts %d", len(got), parts)
		}
		side, _, found := b.Object(indexKey)
		if found == embed || !embed && string(side) != string(tartest.Read(t,
			name+format.SidecarSuffix)) {
			t.Errorf("the sidecar has %d bytes, %v", len(side), found)
		}
		if b.Uploads() > 0 {
			t.Error("an upload is left")
		}
	}
}

// Whatever request fails for good, nothing is visible of the new archive, and no upload is left.
// The sidecar comes first.
func TestWriterFails(t *testing.T) {
	dir := tree(t)
	for _, op := range []string{remotetest.OpPut, remotetest.OpCreate, remotetest.OpPart,
		remotetest.OpComplete} {
		b := remotetest.NewBucket(t)
		b.Put(keyPath, "old archive")
		b.Put(indexKey, "old index")
		b.Do(func(got string, n int) remotetest.BucketFault {
			if got == op {
				return remotetest.Refuse(http.StatusForbidden, "AccessDenied")
			}
			return nil
		})
		err := upload(t.Context(), t, dir, writerOptions(t, b), pack.StreamOptions{})
		if err == nil || b.Uploads() != 0 {
			t.Errorf("%s: %d uploads are left, %v", op, b.Uploads(), err)
		}
		got, _, _ := b.Object(keyPath)
		side, _, _ := b.Object(indexKey)
		if string(got) != "old archive" || string(side) != "old index" && op != remotetest.OpComplete {
			t.Errorf("%s: %.20q, %.20q", op, got, side)
		}
		if both := strings.Contains(err.Error(), "index is there already"); both != (op ==
			remotetest.OpComplete) {
			t.Error(op, err)
		}
	}
}

// A source that can't be read leaves nothing.
func TestWriterAborts(t *testing.T) {
	b := remotetest.NewBucket(t)
	w, err := remote.NewWriter(t.Context(), keyURL, writerOptions(t, b))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Archive.Write(content(35_000)); err != nil {
		t.Fatal(err)
	}
	if err := w.Abort(); err != nil || b.Uploads() != 0 {
		t.Error(b.Uploads(), err)
	}
	if _, _, found := b.Object(keyPath); found {
		t.Error("it is visible")
	}
	for _, bad := range []string{"https://host/a.tar.gz", "a.tar.gz"} {
		if _, err := remote.NewWriter(t.Context(), bad, nil); !errors.Is(err, remote.ErrNotWritable) {
			t.Error(bad, err)
		}
	}
	for _, bad := range []string{"s3://", "s3://bucket", "s3://b/", "s3://u:p@bucket/key"} {
		if _, err := remote.NewWriter(t.Context(), bad, nil); err == nil {
			t.Error(bad)
		}
	}
}

// Each field of the options has its effect. Those of upload.Options are tested there: it is enough
// that they arrive.
func TestWriterOptions(t *testing.T) {
	checks := map[string]func(t *testing.T, b *remotetest.Bucket, o *remote.WriterOptions){
		"S3": testWriterS3, "PartSize": testWriterPartSize, "Parallel": testWriterParallel,
		"Retries": testWriterRetries, "RetryAfter": testWriterRetryAfter,
		"Timeout": testWriterTimeout, "CompleteTimeout": testWriterTimeout, "Notice": testWriterNotice,
	}
	for i := range reflect.TypeFor[remote.WriterOptions]().NumField() {
		name := reflect.TypeFor[remote.WriterOptions]().Field(i).Name
		t.Run(name, func(t *testing.T) {
			if checks[name] == nil {
				t.Fatal("it is not tested")
			}
			b := remotetest.NewBucket(t)
			checks[name](t, b, writerOptions(t, b))
		})
	}
}

func testWriterS3(t *testing.T, b *remotetest.Bucket, o *remote.WriterOptions) {
	if err := upload(t.Context(), t, tree(t), o, pack.StreamOptions{}); err != nil {
		t.Error(err)
	}
	if b.Count(remotetest.OpComplete) == 0 {
		t.Error("the client was not used")
	}
}

func testWriterPartSize(t *testing.T, b *remotetest.Bucket, o *remote.WriterOptions) {
	for size, want := range map[int64]bool{0: false, 10_000: true} {
		o.PartSize = size
		if err := upload(t.Context(), t, tree(t), o, pack.StreamOptions{}); err != nil {
			t.Fatal(err)
		}
		if _, parts, _ := b.Object(keyPath); (len(parts) > 0) != want {
			t.Error(size, parts)
		}
	}
}

func testWriterParallel(t *testing.T, b *remotetest.Bucket, o *remote.WriterOptions) {
	o.Parallel, o.Retries = 1, -1
	busy := make(chan bool, 1)
	b.Do(func(op string, _ int) remotetest.BucketFault {
		if op != remotetest.OpPart {
			return nil
		}
		return func(w http.ResponseWriter, r *http.Request, do func()) {
			select {
			case busy <- true:
			default:
				t.Error("two at the same time")
			}
			b.Carry(w, r)
			<-busy
		}
	})
	if err := upload(t.Context(), t, tree(t), o, pack.StreamOptions{EmbedIndex: true}); err != nil {
		t.Error(err)
	}
}

func testWriterRetries(t *testing.T, b *remotetest.Bucket, o *remote.WriterOptions) {
	b.Do(func(string, int) remotetest.BucketFault { return remotetest.Refuse(503, "SlowDown") })
	o.Retries = -1
	if err := upload(t.Context(), t, tree(t), o, pack.StreamOptions{}); err == nil ||
		b.Count(remotetest.OpCreate) != 1 {
		t.Error(b.Count(remotetest.OpCreate), err)
	}
}

func testWriterRetryAfter(t *testing.T, b *remotetest.Bucket, o *remote.WriterOptions) {
	for most, ok := range map[time.Duration]bool{time.Millisecond: false, 0: true} {
		b.Do(func(op string, n int) remotetest.BucketFault {
			if op != remotetest.OpCreate || n > 0 {
				return nil
			}
			return func(w http.ResponseWriter, _ *http.Request, _ func()) {
				w.Header().Set("Retry-After", "1")
				remotetest.S3Error(w, 503, "SlowDown")
			}
		})
		o.RetryAfter = most
		if err := upload(t.Context(), t, tree(t), o, pack.StreamOptions{}); (err == nil) != ok {
			t.Error(most, err)
		}
	}
}

func testWriterTimeout(t *testing.T, b *remotetest.Bucket, o *remote.WriterOptions) {
	for _, slow := range []string{remotetest.OpCreate, remotetest.OpComplete} {
		b.Do(func(op string, n int) remotetest.BucketFault {
			if op == slow && n == 0 {
				return remotetest.HangUp
			}
			return nil
		})
		o.Timeout, o.CompleteTimeout = 300*time.Millisecond, time.Hour
		if slow == remotetest.OpComplete {
			o.Timeout, o.CompleteTimeout = time.Hour, 300*time.Millisecond
		}
		if err := upload(t.Context(), t, tree(t), o, pack.StreamOptions{}); err != nil {
			t.Error(slow, err)
		}
	}
}

func testWriterNotice(t *testing.T, b *remotetest.Bucket, o *remote.WriterOptions) {
	var notices []error
	o.Notice = func(err error) { notices = append(notices, err) }
	for _, refuse := range []bool{false, true} {
		b.Put(indexKey, "old")
		b.Do(func(op string, _ int) remotetest.BucketFault {
			if op == remotetest.OpRemove && refuse {
				return remotetest.Refuse(403, "AccessDenied")
			}
			return nil
		})
		err := upload(t.Context(), t, tree(t), o, pack.StreamOptions{EmbedIndex: true})
		if err != nil || (len(notices) > 0) != refuse {
			t.Error(notices, err)
		}
	}
}
