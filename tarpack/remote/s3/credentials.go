//go:build !minimal

package s3

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

// credentials returns the source of credentials. The chain is nil unless several places are
// searched for them.
func (o *Options) credentials(t *http.Transport) (*credentials.Credentials, *chain, error) {
	switch {
	case o.Anonymous:
		return credentials.NewStatic("", "", "", credentials.SignatureAnonymous), nil, nil
	case o.AccessKey != "" && o.SecretKey != "":
		return credentials.NewStaticV4(o.AccessKey, o.SecretKey, o.SessionToken), nil, nil
	case o.AccessKey != "" || o.SecretKey != "" || o.SessionToken != "":
		return nil, nil, errors.New("an access key and a secret key are needed, or neither")
	case o.Profile != "":
		p := &profile{FileAWSCredentials: credentials.FileAWSCredentials{Profile: o.Profile}}
		return credentials.New(p), nil, nil
	}
	c := &chain{providers: []credentials.Provider{
		&credentials.EnvAWS{}, &credentials.FileAWSCredentials{},
		&credentials.IAM{Client: roleClient(t), Endpoint: o.roleEndpoint},
	}}
	return credentials.New(c), c, nil
}

// roleClient returns the client that asks for the credentials of a machine's role. On a machine
// without a role it must not wait for long.
func roleClient(t *http.Transport) *http.Client {
	t = t.Clone()
	t.DialContext = (&net.Dialer{Timeout: 2 * time.Second}).DialContext
	t.ResponseHeaderTimeout = 10 * time.Second
	proxy := t.Proxy
	t.Proxy = func(r *http.Request) (*url.URL, error) {
		ip := net.ParseIP(r.URL.Hostname())
		if ip != nil && ip.IsLinkLocalUnicast() { // the machine's own service
			return nil, nil
		}
		return proxy(r)
	}
	return &http.Client{Transport: t, Timeout: 20 * time.Second}
}

// profile is the provider of a profile that was named, which must exist.
type profile struct {
	credentials.FileAWSCredentials
}

func (p *profile) RetrieveWithCredContext(cc *credentials.CredContext) (credentials.Value, error) {
	v, err := p.FileAWSCredentials.RetrieveWithCredContext(cc)
	if err == nil && v.AccessKeyID == "" {
		err = errors.New("there are no keys in it")
	}
	if err != nil {
		return v, fmt.Errorf("%w: the profile %q can't be used: %w", fs.ErrPermission, p.Profile, err)
	}
	return v, nil
}

// searchAgain is how long it is remembered that there are no credentials.
const searchAgain = 5 * time.Minute

// A chain is a provider that takes the first of several that has credentials. If none has, requests
// are not signed.
type chain struct {
	providers []credentials.Provider
	current   credentials.Provider
	until     time.Time // without current: when to search again
	problem   atomic.Pointer[error]
}

func (c *chain) RetrieveWithCredContext(cc *credentials.CredContext) (credentials.Value, error) {
	c.current = nil
	var problem error
	for _, p := range c.providers {
		v, err := p.RetrieveWithCredContext(cc)
		if err == nil && v.AccessKeyID != "" && v.SecretAccessKey != "" {
			c.current = p
			c.problem.Store(nil)
			return v, nil
		}
		if cc != nil && cc.Context != nil && cc.Context.Err() != nil {
			return v, context.Cause(cc.Context)
		}
		if _, file := p.(*credentials.FileAWSCredentials); file && !errors.Is(err, fs.ErrNotExist) {
			problem = err
		}
	}
	if problem == nil {
		problem = errors.New("none were found")
	}
	c.problem.Store(&problem)
	c.until = time.Now().Add(searchAgain)
	return credentials.Value{SignerType: credentials.SignatureAnonymous}, nil
}

// Retrieve implements credentials.Provider.
func (c *chain) Retrieve() (credentials.Value, error) { return c.RetrieveWithCredContext(nil) }

// IsExpired implements credentials.Provider.
func (c *chain) IsExpired() bool {
	if c.current != nil {
		return c.current.IsExpired()
	}
	return !time.Now().Before(c.until)
}

// hint is what to add to the message of a request that was refused.
func (c *chain) hint() string {
	if p := c.problem.Load(); p != nil {
		return fmt.Sprintf(" (asked without credentials: %v)", *p)
	}
	return ""
}
