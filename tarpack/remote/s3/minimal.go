//go:build minimal

package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/tarpack/tpk/tarpack/remote/object"
)

// Supported reports whether this build has S3.
const Supported = false

var errMissing = errors.New("this build has no S3")

// A Client refuses all URLs.
type Client struct{}

// New returns a Client.
func New(*Options) (*Client, error) { return &Client{}, nil }

// Close does nothing.
func (*Client) Close() {}

// Object returns an error.
func (*Client) Object(url string) (object.Store, error) { return nil, missing(url) }

// List returns an error.
func (*Client) List(_ context.Context, url string, _ int) ([]string, error) {
	return nil, missing(url)
}

// Target returns an error.
func (*Client) Target(url string) (*Target, error) { return nil, missing(url) }

func missing(url string) error { return fmt.Errorf("%s: %w", url, errMissing) }

// A Target is never made in this build.
type Target struct{ writer }

// writer has the methods of a Target in other builds.
type writer interface {
	object.Store
	Put(ctx context.Context, body io.Reader, size int64, sum, token string) (*http.Response, error)
	Create(ctx context.Context, token string) (id string, _ *http.Response, _ error)
	Part(ctx context.Context, id string, n int, body io.Reader, size int64, sum string) (
		etag string, _ *http.Response, _ error)
	Complete(ctx context.Context, id string, etags []string) (*http.Response, error)
	Abort(ctx context.Context, id string) (*http.Response, error)
	Token(ctx context.Context) (token string, _ *http.Response, _ error)
	Remove(ctx context.Context) (*http.Response, error)
}
