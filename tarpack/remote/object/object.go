package object

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tarpack/tpk/tarpack/source"
)

// An Object is one generation of an object on a server. It is safe for concurrent use, and has
// nothing that must be closed.
type Object struct {
	store Store
	o     *Options
	generation
	first   []byte // the bytes from firstAt, that Open has read
	firstAt int64
	taken   sync.Map              // offsets from which Get has returned a part of first
	changed atomic.Pointer[error] // that of the first request that found another generation
}

// Open asks for the first range, which fixes the generation. See the package comment for the
// errors; they begin with the name of the store. source.ErrChanged can't be one of them.
func Open(ctx context.Context, store Store, o *Options) (*Object, error) {
	x := &Object{store: store, o: o.withDefaults()}
	tries := attempts{o: x.o}
	for {
		x.changed.Store(nil)
		var err error
		if x.o.First < 0 {
			err = x.open(ctx, "bytes="+strconv.FormatInt(x.o.First, 10), x.o.First)
		} else {
			err = x.open(ctx, byteRange(0, x.o.First), x.o.First)
		}
		if errors.Is(err, errNoSuffix) {
			// Some servers don't know ranges that count from the end. The first byte tells the size.
			if err = x.open(ctx, byteRange(0, 1), 1); err == nil {
				err = x.openEnd(ctx)
			}
		}
		if err == nil {
			break
		}
		if err = tries.wait(ctx, err); err != nil {
			return nil, x.named(err)
		}
	}
	if !x.strong() {
		x.o.Notice(x.named(x.weakness()))
	}
	return x, nil
}

// errNoSuffix means that the server refuses or ignores a range that counts from the end.
var errNoSuffix = errors.New("no suffix ranges")

// open sends the first request. n is the number of bytes in the range; it counts from the end if it
// is negative.
func (x *Object) open(ctx context.Context, ranges string, n int64) error {
	r, err := send(ctx, x.store, x.o, ranges, "")
	if err != nil {
		return err
	}
	defer r.close()
	if empty(r.Response, n > 0) {
		x.generation, x.first = newGeneration(0, r.Header), nil
		return nil
	}
	switch r.StatusCode {
	case http.StatusPartialContent:
	case http.StatusOK, http.StatusBadRequest, http.StatusRequestedRangeNotSatisfiable,
		http.StatusNotImplemented:
		if n < 0 {
			return errNoSuffix
		}
		_, err := partial(r.Response)
		return err
	default:
		return statusError(r.Response, true)
	}
	s, err := partial(r.Response)
	if err != nil {
		return err
	}
	want := span{first: 0, last: min(n, s.size) - 1, size: s.size}
	if n < 0 {
		want = span{first: max(0, s.size+n), last: s.size - 1, size: s.size}
	}
	if s != want {
		return fmt.Errorf("%w: it sent %v for the range %s", ErrAnswer, s, ranges)
	}
	first, err := r.readFull(ctx, s.last-s.first+1)
	if err != nil {
		return err
	}
	x.generation, x.first, x.firstAt = newGeneration(s.size, r.Header), first, s.first
	return nil
}

// openEnd reads the last bytes of a generation that is fixed.
func (x *Object) openEnd(ctx context.Context) error {
	n := min(-x.o.First, x.size)
	if n == 0 {
		return nil
	}
	at := x.size - n
	r, err := x.request(ctx, at, n)
	if errors.Is(err, source.ErrChanged) { // between two requests
		return &temporary{err: errors.New("it changes all the time")}
	}
	if err != nil {
		return err
	}
	defer r.close()
	x.first, err = r.readFull(ctx, n)
	x.firstAt = at
	return err
}

// Name is the name of the store.
func (x *Object) Name() string { return x.store.Name() }

// Size is the number of bytes.
func (x *Object) Size() int64 { return x.size }

// Identity names the generation: a hash of the key of the store, the ETag, the size and the bytes
// that Open has read. Many servers make an ETag of size and time, which a new object may share with
// the old one. The bytes at one of its ends tell archives and sidecars apart: they hold the digest.
// It is "" without a strong ETag.
func (x *Object) Identity() string { return x.identity(x.store.Key()) }

// ResumeKey is Identity without the query of the URL, which may be a signature that expires. A
// download can go on at an Object with the same ResumeKey.
func (x *Object) ResumeKey() string {
	key := x.store.Key()
	if !strings.Contains(x.Name(), "?") { // as a key in S3 may
		key, _, _ = strings.Cut(key, "?")
	}
	return x.identity(key)
}

func (x *Object) identity(key string) string {
	if !x.strong() {
		return ""
	}
	return fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%d\n%x", key, x.etag,
		x.size, sha256.Sum256(x.first))))
}

// Get returns n bytes from offset off. The first of them are there, or on their way, when it
// returns. Reading goes on with another request if a body is cut off, and fails if it ends all the
// same. The context is that of the reads too. Close must be called, and soon: it ends the request,
// which counts for the limit of the server. It may be called while another goroutine reads.
func (x *Object) Get(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	if off < 0 || n < 0 || off > x.size-n {
		return nil, fmt.Errorf("%s: %d bytes from %d are not within its %d", x.Name(), n, off, x.size)
	}
	if n == 0 {
		return http.NoBody, nil
	}
	if at := off - x.firstAt; at >= 0 && at+n <= int64(len(x.first)) {
		// Whoever asks for the same again has found damage, or has no room for it.
		if _, again := x.taken.LoadOrStore(off, nil); !again {
			return io.NopCloser(bytes.NewReader(x.first[at : at+n])), nil
		}
	}
	b, err := newBody(ctx, x, off, n)
	if err != nil {
		return nil, err
	}
	return b, nil
}

// ReadAt implements io.ReaderAt. It ends at the latest when all retries and timeouts have passed.
func (x *Object) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("%s: offset %d", x.Name(), off)
	}
	n := min(int64(len(p)), max(0, x.size-off))
	if n == 0 {
		return 0, atEnd(len(p))
	}
	r, err := x.Get(context.Background(), off, n)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	m, err := io.ReadFull(r, p[:n])
	if err == nil {
		err = atEnd(len(p) - m)
	}
	return m, err
}

// atEnd returns the error of ReadAt if so many bytes are missing since the object has no more.
func atEnd(missing int) error {
	if missing > 0 {
		return io.EOF
	}
	return nil
}

// Check asks the server whether it still has this generation, and compares some of the bytes that
// Open has read. The error wraps source.ErrChanged if it has not.
func (x *Object) Check(ctx context.Context) error {
	tries := attempts{o: x.o}
	for {
		err := x.check(ctx)
		if err != nil {
			err = tries.wait(ctx, err)
		} else {
			return nil
		}
		if err != nil {
			return x.later(ctx, err)
		}
	}
}

func (x *Object) check(ctx context.Context) error {
	if x.size > 0 {
		return x.checkMark(ctx)
	}
	r, err := send(ctx, x.store, x.o, byteRange(0, 1), "")
	if err != nil {
		return err
	}
	defer r.close()
	switch {
	case empty(r.Response, true):
		return nil
	case r.StatusCode == http.StatusPartialContent:
		return x.note(fmt.Errorf("%w: it is no longer empty", source.ErrChanged))
	}
	return x.note(statusError(r.Response, false))
}

// markSize is how many bytes Check compares at the beginning or end of an object. The digest of a
// sidecar is in its first 512 bytes, and that of an archive in its last 64.
const markSize = 512

// checkMark compares the outer bytes of those that Open has read.
func (x *Object) checkMark(ctx context.Context) error {
	want, at := x.first, x.firstAt
	if n := len(want) - markSize; n > 0 && at > 0 {
		want, at = want[n:], at+int64(n)
	} else if n > 0 {
		want = want[:markSize]
	}
	r, err := x.request(ctx, at, int64(len(want)))
	if err != nil {
		return err
	}
	defer r.close()
	got, err := r.readFull(ctx, int64(len(want)))
	if err == nil && !bytes.Equal(got, want) {
		err = x.note(fmt.Errorf("%w: it has other bytes, and the same ETag", source.ErrChanged))
	}
	return err
}

// request asks for n bytes from offset off, and returns a response with just that range of this
// generation.
func (x *Object) request(ctx context.Context, off, n int64) (*request, error) {
	if err := x.changed.Load(); err != nil {
		return nil, *err
	}
	ifMatch := ""
	if x.strong() {
		ifMatch = x.etag
	}
	r, err := send(ctx, x.store, x.o, byteRange(off, n), ifMatch)
	if err != nil {
		return nil, err
	}
	if err := x.note(x.verify(r.Response, off, n)); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// verify checks a response to a request for n bytes from offset off.
func (x *Object) verify(resp *http.Response, off, n int64) error {
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusPartialContent {
		return statusError(resp, false)
	}
	s, err := partial(resp)
	if err != nil {
		return err
	}
	if err := x.compare(s.size, resp.Header); err != nil {
		return err
	}
	if s.first != off || s.last != off+n-1 {
		return fmt.Errorf("%w: it sent %v for the range %s", ErrAnswer, s, byteRange(off, n))
	}
	return nil
}

// note makes an error that wraps source.ErrChanged that of all later requests.
func (x *Object) note(err error) error {
	if errors.Is(err, source.ErrChanged) {
		x.changed.CompareAndSwap(nil, &err)
	}
	return err
}

func (x *Object) named(err error) error { return fmt.Errorf("%s: %w", x.Name(), err) }

// later returns the error of a request after Open. The server has answered rightly before, so what
// it does wrong now, such as a page with an error and the status 200, may be over soon.
func (x *Object) later(ctx context.Context, err error) error {
	if ended(ctx) == nil && !errors.Is(err, source.ErrChanged) &&
		!errors.Is(err, source.ErrUnavailable) {
		err = fmt.Errorf("%w: %w", source.ErrUnavailable, err)
	}
	return x.named(err)
}

// byteRange is the Range field for n bytes from offset off (RFC 9110 §14.1.2).
func byteRange(off, n int64) string { return fmt.Sprintf("bytes=%d-%d", off, off+n-1) }
