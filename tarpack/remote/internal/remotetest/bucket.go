package remotetest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
)

// The operations of a Bucket.
const (
	OpPut      = "put"
	OpCreate   = "create"
	OpPart     = "part"
	OpComplete = "complete"
	OpAbort    = "abort"
	OpHead     = "head"
	OpRemove   = "remove"
)

// A Bucket is a server for S3 to which objects are written, at once or in parts. It checks the
// SHA-256 of each body. The path /bucket/key is that of an object.
type Bucket struct {
	*httptest.Server

	mu      sync.Mutex
	objects map[string]stored  // by path
	uploads map[string]*pieces // by id
	counts  map[string]int     // requests so far, by operation
	fault   func(op string, n int) BucketFault
}

type stored struct {
	content []byte
	token   string
	parts   []int // sizes
}

type pieces struct {
	path, token string
	parts       map[int][]byte
}

// A BucketFault answers a request in place of the bucket. do carries the request out, without its
// answer.
type BucketFault func(w http.ResponseWriter, r *http.Request, do func())

// NewBucket starts a server without objects. It stops after the test.
func NewBucket(t testing.TB) *Bucket {
	t.Helper()
	b := &Bucket{objects: map[string]stored{}, uploads: map[string]*pieces{},
		counts: map[string]int{}}
	b.Server = httptest.NewUnstartedServer(b)
	b.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	b.Start()
	t.Cleanup(func() {
		b.CloseClientConnections()
		b.Close()
	})
	return b
}

// Do sets what goes wrong: fault returns it for the nth request of an operation, counted from 0, or
// nil.
func (b *Bucket) Do(fault func(op string, n int) BucketFault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault, b.counts = fault, map[string]int{}
}

// Object returns the content of an object and the sizes of its parts.
func (b *Bucket) Object(path string) (content []byte, parts []int, found bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, found := b.objects[path]
	return o.content, o.parts, found
}

// Put makes an object, as another program does.
func (b *Bucket) Put(path, content string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.objects[path] = stored{content: []byte(content)}
}

// Uploads returns the number of uploads that were neither completed nor aborted.
func (b *Bucket) Uploads() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.uploads)
}

// Count returns the number of requests of an operation since the last Do.
func (b *Bucket) Count(op string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counts[op]
}

// operation returns what a request asks for.
func operation(r *http.Request) string {
	q := r.URL.Query()
	switch {
	case r.Method == http.MethodHead:
		return OpHead
	case r.Method == http.MethodPost && q.Has("uploads"):
		return OpCreate
	case r.Method == http.MethodPost:
		return OpComplete
	case r.Method == http.MethodPut && q.Has("uploadId"):
		return OpPart
	case r.Method == http.MethodPut:
		return OpPut
	case q.Has("uploadId"):
		return OpAbort
	}
	return OpRemove
}

// ServeHTTP implements http.Handler.
func (b *Bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	op := operation(r)
	b.mu.Lock()
	n := b.counts[op]
	b.counts[op]++
	var fault BucketFault
	if b.fault != nil {
		fault = b.fault(op, n)
	}
	b.mu.Unlock()
	if fault != nil {
		fault(w, r, func() { b.answer(httptest.NewRecorder(), r, op) })
		return
	}
	b.answer(w, r, op)
}

// Carry carries a request out and answers it.
func (b *Bucket) Carry(w http.ResponseWriter, r *http.Request) { b.answer(w, r, operation(r)) }

func (b *Bucket) answer(w http.ResponseWriter, r *http.Request, op string) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	sum := sha256.Sum256(body)
	if (op == OpPut || op == OpPart) &&
		r.Header.Get("X-Amz-Content-Sha256") != hex.EncodeToString(sum[:]) {
		S3Error(w, http.StatusBadRequest, "XAmzContentSHA256Mismatch")
		return
	}
	id := r.URL.Query().Get("uploadId")
	u := b.uploads[id]
	if id != "" && (u == nil || u.path != r.URL.Path) {
		S3Error(w, http.StatusNotFound, "NoSuchUpload")
		return
	}
	const token = "X-Amz-Meta-Tpk-Upload"
	switch op {
	case OpPut:
		b.objects[r.URL.Path] = stored{content: body, token: r.Header.Get(token)}
	case OpCreate:
		id := fmt.Sprintf("upload-%d", b.counts[OpCreate])
		b.uploads[id] = &pieces{r.URL.Path, r.Header.Get(token), map[int][]byte{}}
		fmt.Fprintf(w, "<InitiateMultipartUploadResult><UploadId>%s</UploadId>"+
			"</InitiateMultipartUploadResult>", id)
	case OpPart:
		n, err := strconv.Atoi(r.URL.Query().Get("partNumber"))
		if err != nil || n < 1 || n > 10_000 {
			S3Error(w, http.StatusBadRequest, "InvalidArgument")
			return
		}
		u.parts[n] = body
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sum[:16]))
	case OpComplete:
		b.complete(w, u, id, body)
	case OpAbort:
		delete(b.uploads, id)
		w.WriteHeader(http.StatusNoContent)
	case OpHead:
		o, found := b.objects[r.URL.Path]
		if !found {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set(token, o.token)
		w.Header().Set("Last-Modified", Modified)
	case OpRemove:
		delete(b.objects, r.URL.Path)
		w.WriteHeader(http.StatusNoContent)
	}
}

// complete makes an object of the parts that body names.
func (b *Bucket) complete(w http.ResponseWriter, u *pieces, id string, body []byte) {
	var list struct {
		Part []struct {
			PartNumber int
			ETag       string
		}
	}
	if err := xml.Unmarshal(body, &list); err != nil || len(list.Part) == 0 {
		S3Error(w, http.StatusBadRequest, "MalformedXML")
		return
	}
	o := stored{token: u.token}
	for i, p := range list.Part {
		part, found := u.parts[p.PartNumber]
		sum := sha256.Sum256(part)
		if !found || p.PartNumber != i+1 || p.ETag != hex.EncodeToString(sum[:16]) {
			S3Error(w, http.StatusBadRequest, "InvalidPart")
			return
		}
		o.content, o.parts = append(o.content, part...), append(o.parts, len(part))
	}
	b.objects[u.path] = o
	delete(b.uploads, id)
	fmt.Fprint(w, "<CompleteMultipartUploadResult><Bucket>bucket</Bucket>"+
		"</CompleteMultipartUploadResult>")
}

// S3Error answers with an error of S3.
func S3Error(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%[1]s</Message></Error>", code)
}

// Refuse answers with an error of S3 and does nothing.
func Refuse(status int, code string) BucketFault {
	return func(w http.ResponseWriter, _ *http.Request, _ func()) { S3Error(w, status, code) }
}

// Lose carries the request out and closes the connection without an answer.
func Lose(_ http.ResponseWriter, _ *http.Request, do func()) {
	do()
	panic(http.ErrAbortHandler)
}

// Drop closes the connection and does nothing.
func Drop(http.ResponseWriter, *http.Request, func()) { panic(http.ErrAbortHandler) }

// HangUp sends nothing at all until the client gives up.
func HangUp(_ http.ResponseWriter, r *http.Request, _ func()) {
	_, _ = io.Copy(io.Discard, r.Body) // or the end of the connection is not noticed
	<-r.Context().Done()
}
