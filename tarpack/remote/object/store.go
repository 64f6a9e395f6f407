package object

import (
	"context"
	"net/http"
)

// A Store sends requests for one object to its server. It is safe for concurrent use.
type Store interface {
	// Get sends one GET request with these fields and returns the response, whatever its status is.
	// It neither retries nor decodes anything. Only the header and the trust in the server are its
	// concern: credentials, redirects, certificates. Response.Status is shown to people if the status
	// is an error. An error that wraps ErrAnswer or fs.ErrPermission is not retried.
	Get(ctx context.Context, fields http.Header) (*http.Response, error)
	// Name is the URL for messages. It has no password and no query.
	Name() string
	// Key differs between objects that differ. It may have secrets, and is only hashed.
	Key() string
	// Limit bounds the parallel requests to the server. It is shared by the Stores of a server.
	Limit() Limit
}

// A Limit bounds the number of requests that run at the same time. nil is no limit.
type Limit chan struct{}

// NewLimit returns a Limit of n requests.
func NewLimit(n int) Limit { return make(Limit, n) }

// enter waits until another request may run. leave must be called after it.
func (l Limit) enter(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil || l == nil {
		return err
	}
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l Limit) leave() {
	if l != nil {
		<-l
	}
}
