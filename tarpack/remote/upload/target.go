package upload

import (
	"context"
	"io"
	"net/http"

	"github.com/tarpack/tpk/tarpack/remote/object"
)

// A Target is the name of an object in a store. Each method sends one request and returns its
// response, the whole answer of which was read. The other results are valid if that is a success.
// It neither retries nor checks anything; see object.Store for errors and statuses. A Target is
// safe for concurrent use.
type Target interface {
	// Put writes the object. sum is the SHA-256 of the body in hexadecimal. The token, any text that
	// identifies the upload, is kept with the object.
	Put(ctx context.Context, body io.Reader, size int64, sum, token string) (*http.Response, error)
	// Create begins an upload in parts with such a token.
	Create(ctx context.Context, token string) (id string, _ *http.Response, _ error)
	// Part uploads a part, counted from 1.
	Part(ctx context.Context, id string, n int, body io.Reader, size int64, sum string) (
		etag string, _ *http.Response, _ error)
	// Complete makes the object of all parts.
	Complete(ctx context.Context, id string, etags []string) (*http.Response, error)
	// Abort removes the parts.
	Abort(ctx context.Context, id string) (*http.Response, error)
	// Token returns the token of the object that is there.
	Token(ctx context.Context) (token string, _ *http.Response, _ error)
	// Name is the URL for messages.
	Name() string
	// Limit bounds the parallel requests to the server.
	Limit() object.Limit
}
