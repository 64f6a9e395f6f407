//go:build !minimal

package s3

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/s3utils"

	"github.com/tarpack/tpk/tarpack/remote/internal/transport"
	"github.com/tarpack/tpk/tarpack/remote/object"
)

// Supported reports whether this build has S3.
const Supported = true

// A Client has the connections to one server. It is safe for concurrent use.
type Client struct {
	transport   *http.Transport
	endpoint    *url.URL
	region      string // "" if it may be another one
	lookup      minio.BucketLookupType
	credentials *credentials.Credentials
	chain       *chain // nil if the credentials are known without it
	limit       object.Limit

	mu    sync.Mutex
	cores map[string]*minio.Core // by region
	at    map[string]string      // the region of a bucket that is not in the first one
}

// New returns a Client.
func New(o *Options) (*Client, error) {
	if o == nil {
		o = &Options{}
	}
	endpoint, err := parseEndpoint(cmp.Or(o.Endpoint, "https://s3.amazonaws.com"))
	if err != nil {
		return nil, err
	}
	requests := cmp.Or(o.Requests, transport.Requests)
	c := &Client{
		endpoint: endpoint, region: o.Region, limit: object.NewLimit(requests),
		cores: map[string]*minio.Core{}, at: map[string]string{},
	}
	if o.PathStyle {
		c.lookup = minio.BucketLookupPath
	}
	if c.transport, err = transport.New(o.CAFile, requests); err != nil {
		return nil, err
	}
	if c.credentials, c.chain, err = o.credentials(c.transport); err != nil {
		return nil, err
	}
	if _, err := c.core(c.firstRegion()); err != nil {
		return nil, fmt.Errorf("%s: %w", endpoint, err)
	}
	return c, nil
}

// Close closes connections that are idle.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Object returns the store of the object with a URL: s3://bucket/key. What follows the bucket is
// the key as it is, without escapes. It sends nothing.
func (c *Client) Object(rawURL string) (object.Store, error) {
	bucket, key, err := parseURL(rawURL)
	if err != nil {
		return nil, err
	}
	return &store{client: c, bucket: bucket, key: key, name: rawURL}, nil
}

// parseURL splits a URL. An error does not show what may be a password.
func parseURL(rawURL string) (bucket, key string, err error) {
	rest, found := strings.CutPrefix(rawURL, "s3://")
	bucket, key, _ = strings.Cut(rest, "/")
	switch {
	case !found:
		return "", "", errors.New("not the URL of an object in S3: it must be s3://bucket/key")
	case strings.ContainsAny(bucket, "@:"):
		return "", "", errors.New("not the URL of an object in S3: s3://bucket/key has no user name " +
			"and no port")
	}
	if err := s3utils.CheckValidBucketName(bucket); err != nil {
		return "", "", fmt.Errorf("%s: not the URL of an object in S3: %s", rawURL, lower(err))
	}
	if err := s3utils.CheckValidObjectName(key); err != nil {
		return "", "", fmt.Errorf("%s: not the URL of an object in S3: %s", rawURL, lower(err))
	}
	return bucket, key, nil
}

// lower makes a message of the library one that can follow a colon.
func lower(err error) string {
	s := strings.Replace(err.Error(), "Object name", "key", 1)
	return strings.ToLower(s[:1]) + s[1:]
}

// parseEndpoint parses Options.Endpoint. Errors don't show it if it has a password.
func parseEndpoint(s string) (*url.URL, error) {
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, errors.New("the endpoint is not the URL of a server, such as https://host:9000")
	case u.User != nil:
		return nil, errors.New("the endpoint must not have a user name: S3 has keys instead")
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("the endpoint %s://%s must not have a path or query", u.Scheme, u.Host)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// firstRegion is the region of buckets that the server has not named another one for. Asking for it
// would take a request for each bucket.
func (c *Client) firstRegion() string {
	return cmp.Or(c.region, s3utils.GetRegionFromURL(*c.endpoint), "us-east-1")
}

// core returns the library's client for a region.
func (c *Client) core(region string) (*minio.Core, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if core := c.cores[region]; core != nil {
		return core, nil
	}
	core, err := minio.NewCore(c.endpoint.Host, &minio.Options{
		Creds: c.credentials, Secure: c.endpoint.Scheme == "https", Region: region,
		Transport: recorder{c.transport}, BucketLookup: c.lookup,
		MaxRetries: 1, // object.Object retries
	})
	if err != nil {
		return nil, err
	}
	c.cores[region] = core
	return core, nil
}
