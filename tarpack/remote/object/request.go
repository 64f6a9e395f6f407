package object

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// A request is one request that is being answered. close must be called when it is done with.
type request struct {
	*http.Response
	store Store
	watch *watch
	ctx   context.Context
}

// send sends one request for the bytes that the Range field names. It waits until the limit of the
// server lets it. Errors are temporary if another attempt may help.
func send(
	ctx context.Context, store Store, o *Options, ranges, ifMatch string,
) (*request, error) {
	if err := store.Limit().enter(ctx); err != nil {
		return nil, err
	}
	r := &request{store: store}
	r.ctx, r.watch = newWatch(ctx, o)
	// identity: the ranges are those of the object as it is stored (RFC 9110 §12.5.3).
	fields := http.Header{"Range": {ranges}, "Accept-Encoding": {"identity"}}
	if ifMatch != "" {
		fields.Set("If-Match", ifMatch)
	}
	resp, err := store.Get(r.ctx, fields) //nolint:bodyclose // close does
	if err != nil {
		err = r.failed(ctx, err)
		r.close()
		return nil, err
	}
	r.Response = resp
	r.watch.began()
	return r, nil
}

// failed returns the error for a request that failed with err. ctx is that of the caller.
func (r *request) failed(ctx context.Context, err error) error {
	if err := ended(ctx); err != nil {
		return err
	}
	if cause := ended(r.ctx); cause != nil {
		return &temporary{err: cause}
	}
	return sendError(err)
}

func (r *request) close() {
	r.watch.end()
	if r.Response != nil {
		r.Body.Close()
	}
	r.store.Limit().leave()
}

// read reads from the body.
func (r *request) read(p []byte) (int, error) {
	r.watch.before()
	n, err := r.Body.Read(p)
	r.watch.after(n)
	return n, err
}

// A span is the value of Content-Range: the bytes from first to last of size bytes.
type span struct{ first, last, size int64 }

func (s span) String() string { return fmt.Sprintf("bytes %d-%d/%d", s.first, s.last, s.size) }

// partial returns what a response with 206 has, once it is certain that the body is just that, or
// an error that wraps ErrAnswer.
func partial(resp *http.Response) (span, error) {
	h := resp.Header
	coding := contentCoding(h)
	switch {
	case resp.StatusCode == http.StatusOK:
		return span{}, fmt.Errorf("%w: it ignores byte ranges (200 instead of 206)", ErrAnswer)
	case resp.StatusCode != http.StatusPartialContent:
		return span{}, fmt.Errorf("%w: %s", ErrAnswer, printable(resp.Status))
	case coding != "":
		return span{}, fmt.Errorf("%w: it has Content-Encoding: %s, so its bytes are others; "+
			"the object must be stored and sent without one", ErrAnswer, printable(coding))
	case strings.HasPrefix(strings.ToLower(h.Get("Content-Type")), "multipart/byteranges"):
		return span{}, fmt.Errorf("%w: it sent several parts for one range", ErrAnswer)
	}
	s, ok := parseContentRange(h.Get("Content-Range"))
	if !ok || len(h.Values("Content-Range")) > 1 {
		return span{}, fmt.Errorf("%w: Content-Range is %q", ErrAnswer,
			printable(h.Get("Content-Range")))
	}
	if n := s.last - s.first + 1; resp.ContentLength >= 0 && resp.ContentLength != n {
		return span{}, fmt.Errorf("%w: it sent %d bytes as %v", ErrAnswer, resp.ContentLength, s)
	}
	return s, nil
}

// contentCoding returns the content codings of a response that change its bytes, or "". Servers for
// S3 keep aws-chunked, which is a coding of the upload and not of what they have stored.
func contentCoding(h http.Header) string {
	var list []string
	for coding := range strings.SplitSeq(strings.Join(h.Values("Content-Encoding"), ","), ",") {
		coding = strings.ToLower(strings.TrimSpace(coding))
		if coding != "" && coding != "identity" && coding != "aws-chunked" {
			list = append(list, coding)
		}
	}
	return strings.Join(list, ", ")
}

// maxSize is more bytes than an object has: archives are smaller (FORMAT.md 4). With it sums of
// offsets and lengths can't overflow.
const maxSize = 1 << 56

// parseContentRange parses "bytes 0-99/1000" (RFC 9110 §14.4). The size must be known.
func parseContentRange(v string) (s span, ok bool) {
	const unit = "bytes "
	if len(v) < len(unit) || !strings.EqualFold(v[:len(unit)], unit) {
		return s, false
	}
	bounds, size, _ := strings.Cut(v[len(unit):], "/")
	first, last, _ := strings.Cut(bounds, "-")
	var errs [3]error
	s.first, errs[0] = parseDigits(first)
	s.last, errs[1] = parseDigits(last)
	s.size, errs[2] = parseDigits(size)
	return s, errors.Join(errs[:]...) == nil && s.first <= s.last && s.last < s.size &&
		s.size <= maxSize
}

// parseDigits parses a number without a sign.
func parseDigits(v string) (int64, error) {
	n, err := strconv.ParseUint(v, 10, 63)
	return int64(n), err
}

// empty reports whether a response to the first request means that the object has no bytes: then no
// range is satisfiable, or all are ignored. fromStart means that the range begins with the first
// byte, which every other object has.
func empty(resp *http.Response, fromStart bool) bool {
	switch resp.StatusCode {
	case http.StatusOK:
		return resp.ContentLength == 0
	case http.StatusRequestedRangeNotSatisfiable:
		size := resp.Header.Get("Content-Range")
		return strings.EqualFold(size, "bytes */0") || size == "" && fromStart
	}
	return false
}

// readFull reads n bytes, which must be all of the body.
func (r *request) readFull(ctx context.Context, n int64) ([]byte, error) {
	p := make([]byte, n)
	got := 0
	for got < len(p) {
		m, err := r.read(p[got:])
		got += m
		if err != nil && got < len(p) {
			return nil, r.cutOff(ctx, err)
		}
	}
	return p, r.ends()
}

// cutOff returns the error for a body that ended early with err.
func (r *request) cutOff(ctx context.Context, err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = errors.New("the connection was closed in the middle of the answer")
	}
	return r.failed(ctx, err)
}

// ends returns an error if more bytes follow. They can't if the response had Content-Length.
func (r *request) ends() error {
	if r.ContentLength >= 0 {
		return nil
	}
	for {
		var p [1]byte
		n, err := r.read(p[:])
		switch {
		case n > 0:
			return fmt.Errorf("%w: it sent more than Content-Range says", ErrAnswer)
		case err != nil:
			return nil
		}
	}
}
