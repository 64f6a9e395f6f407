//go:build !minimal

package s3

import (
	"context"
	"fmt"

	"github.com/minio/minio-go/v7"
)

// List returns the URLs of objects that begin with a prefix, itself the beginning of a URL, in
// order: the first of them, at most most. It sends one request and does not retry.
func (c *Client) List(ctx context.Context, prefix string, most int) (urls []string, err error) {
	bucket, key, err := parseURL(prefix)
	if err != nil {
		return nil, err
	}
	core, err := c.core(c.regionOf(bucket))
	if err != nil {
		return nil, err
	}
	var r record
	ctx, cancel := context.WithCancel(context.WithValue(ctx, recordKey{}, &r))
	defer cancel() // ends the goroutine of the library
	for o := range core.Client.ListObjects(ctx, bucket, minio.ListObjectsOptions{
		Prefix: key, Recursive: true, MaxKeys: most,
	}) {
		if o.Err != nil {
			return nil, fmt.Errorf("%s: %w", prefix, o.Err)
		}
		if urls = append(urls, "s3://"+bucket+"/"+o.Key); len(urls) == most {
			break
		}
	}
	return urls, nil
}
