//go:build !minimal

package s3

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/minio/minio-go/v7"

	"github.com/tarpack/tpk/tarpack/remote/object"
)

// store is the object.Store of one key.
type store struct {
	client            *Client
	bucket, key, name string
}

func (s *store) Name() string { return s.name }

func (s *store) Key() string { return s.client.endpoint.String() + "\n" + s.bucket + "\n" + s.key }

func (s *store) Limit() object.Limit { return s.client.limit }

// Get implements object.Store. If the server names another region for the bucket it asks there.
func (s *store) Get(ctx context.Context, fields http.Header) (*http.Response, error) {
	var o minio.GetObjectOptions
	for name, values := range fields {
		o.Set(name, values[0])
	}
	var body io.ReadCloser
	resp, err := s.do(ctx, func(ctx context.Context, core *minio.Core) (err error) {
		body, _, _, err = core.GetObject(ctx, s.bucket, s.key, o)
		return err
	})
	if err == nil && resp.Body == nil {
		resp.Body = body
	}
	return resp, err
}

// A call sends one request.
type call func(ctx context.Context, core *minio.Core) error

// do sends a request, to another region if the server names it. The response has no body yet if it
// is a success.
func (s *store) do(ctx context.Context, send call) (*http.Response, error) {
	region := s.client.regionOf(s.bucket)
	resp, named, err := s.doIn(ctx, region, send)
	if err != nil || resp.StatusCode < 300 || !s.client.move(s.bucket, region, named) {
		return resp, err
	}
	resp, _, err = s.doIn(ctx, named, send)
	return resp, err
}

// regionOf returns the region in which a bucket is thought to be.
func (c *Client) regionOf(bucket string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return cmp.Or(c.at[bucket], c.firstRegion())
}

// move notes that the server has named a region for a bucket that was looked for in another one. It
// reports whether it is worth asking there.
func (c *Client) move(bucket, region, named string) bool {
	if named == "" || named == region || c.region != "" {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at[bucket] = named
	return true
}

// doIn sends one request to a region. named is the region that an error names.
func (s *store) doIn(
	ctx context.Context, region string, send call,
) (resp *http.Response, named string, err error) {
	core, err := s.client.core(region)
	if err != nil {
		return nil, "", err
	}
	var r record
	err = send(context.WithValue(ctx, recordKey{}, &r), core)
	switch {
	case err == nil:
		return &http.Response{StatusCode: r.status, Status: http.StatusText(r.status),
			Header: r.header, ContentLength: r.length}, "", nil
	case r.err != nil: // without what the library adds to it
		return nil, "", r.err
	case r.status == 0: // there was no request
		return nil, "", err
	}
	e := minio.ToErrorResponse(err)
	switch {
	case r.status < 300 && isCutOff(err):
		return nil, "", err
	case r.status < 300 && e.Code == "":
		return nil, "", fmt.Errorf("%w: %w", object.ErrAnswer, err)
	}
	code := statusOf(r.status, e.Code)
	status := fmt.Sprintf("%d %s", code, cmp.Or(e.Code, http.StatusText(code)))
	if e.Message != "" && e.Message != e.Code {
		status += ": " + e.Message
	}
	if code == http.StatusForbidden && s.client.chain != nil {
		status += s.client.chain.hint()
	}
	return &http.Response{StatusCode: code, Status: status, Header: r.header, Body: http.NoBody},
		cmp.Or(e.Region, r.header.Get("X-Amz-Bucket-Region")), nil
}

// isCutOff reports whether err is that of a connection that was closed in an answer.
func isCutOff(err error) bool {
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, new(net.Error))
}

// statusOf returns the status that the code of an error stands for, if the response has another
// one: S3 begins its answer to some requests with 200 before it knows how they end.
func statusOf(status int, code string) int {
	switch {
	case code == "RequestTimeout" && status == http.StatusBadRequest:
		return http.StatusRequestTimeout
	case status >= 300:
		return status
	case code == "SlowDown", code == "ServiceUnavailable":
		return http.StatusServiceUnavailable
	case code == "InternalError":
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// A record is what the library does not return of the last response.
type record struct {
	status int
	length int64
	header http.Header
	err    error // instead of a response
}

type recordKey struct{}

// recorder fills in the record that the context of a request has.
type recorder struct{ http.RoundTripper }

// maxError is how many bytes of the body of an error are read.
const maxError = 64 << 10

func (t recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.RoundTripper.RoundTrip(req)
	r, ok := req.Context().Value(recordKey{}).(*record)
	if !ok {
		return resp, err
	}
	if err == nil {
		err = check(resp)
	}
	if err != nil {
		*r = record{err: err}
		return nil, err
	}
	*r = record{status: resp.StatusCode, length: resp.ContentLength, header: resp.Header}
	return resp, nil
}

// check keeps the library from reading a body to its end, however long that is. It does so with
// errors, and with responses whose header it can't parse.
func check(resp *http.Response) error {
	if resp.StatusCode != http.StatusPartialContent {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, maxError), resp.Body}
		return nil
	}
	if _, err := minio.ToObjectInfo("", "", resp.Header); err != nil {
		resp.Body.Close()
		return fmt.Errorf("%w: %w", object.ErrAnswer, err)
	}
	return nil
}
