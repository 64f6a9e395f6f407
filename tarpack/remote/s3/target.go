//go:build !minimal

package s3

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/tarpack/tpk/tarpack/remote/object"
)

// A Target is the key of an object that is written. It is an upload.Target: each method sends one
// request and does not retry it.
type Target struct{ store }

// Target returns the Target with a URL as for Object. It sends nothing.
func (c *Client) Target(rawURL string) (*Target, error) {
	bucket, key, err := parseURL(rawURL)
	if err != nil {
		return nil, err
	}
	return &Target{store{client: c, bucket: bucket, key: key, name: rawURL}}, nil
}

// tokenField is the metadata of an object that names the upload that made it.
const tokenField = "Tpk-Upload" //nolint:gosec // no credential

func (t *Target) putOptions(token string) minio.PutObjectOptions {
	contentType := "application/octet-stream"
	if strings.HasSuffix(t.key, ".gz") || strings.HasSuffix(t.key, ".tgz") {
		contentType = "application/gzip"
	}
	return minio.PutObjectOptions{
		ContentType: contentType, UserMetadata: map[string]string{tokenField: token},
		// The SHA-256 of all of it is signed, and not that of each chunk: then the body is sent as it is,
		// which more servers understand.
		DisableContentSha256: true,
	}
}

// Put writes the whole object. sum is the SHA-256 of body in hexadecimal. Token, which is kept with
// the object, is any text that identifies the upload.
func (t *Target) Put(
	ctx context.Context, body io.Reader, size int64, sum, token string,
) (*http.Response, error) {
	return t.do(ctx, func(ctx context.Context, core *minio.Core) error {
		_, err := core.PutObject(ctx, t.bucket, t.key, body, size, "", sum, t.putOptions(token))
		return err
	})
}

// Create begins an upload in parts, with a token as for Put.
func (t *Target) Create(
	ctx context.Context, token string,
) (id string, resp *http.Response, err error) {
	resp, err = t.do(ctx, func(ctx context.Context, core *minio.Core) (err error) {
		id, err = core.NewMultipartUpload(ctx, t.bucket, t.key, t.putOptions(token))
		return err
	})
	return id, resp, err
}

// Part uploads part number n, counted from 1, and returns the ETag that Complete needs.
func (t *Target) Part(
	ctx context.Context, id string, n int, body io.Reader, size int64, sum string,
) (etag string, resp *http.Response, err error) {
	resp, err = t.do(ctx, func(ctx context.Context, core *minio.Core) error {
		part, err := core.PutObjectPart(ctx, t.bucket, t.key, id, n, body, size,
			minio.PutObjectPartOptions{Sha256Hex: sum, DisableContentSha256: true})
		etag = part.ETag
		return err
	})
	return etag, resp, err
}

// Complete makes an object of parts 1 to len(etags).
func (t *Target) Complete(ctx context.Context, id string, etags []string) (*http.Response, error) {
	parts := make([]minio.CompletePart, len(etags))
	for i, etag := range etags {
		parts[i] = minio.CompletePart{PartNumber: i + 1, ETag: etag}
	}
	return t.do(ctx, func(ctx context.Context, core *minio.Core) error {
		_, err := core.CompleteMultipartUpload(ctx, t.bucket, t.key, id, parts,
			minio.PutObjectOptions{})
		return err
	})
}

// Abort removes the parts of an upload.
func (t *Target) Abort(ctx context.Context, id string) (*http.Response, error) {
	return t.do(ctx, func(ctx context.Context, core *minio.Core) error {
		return core.AbortMultipartUpload(ctx, t.bucket, t.key, id)
	})
}

// Token returns the token of the object that is there.
func (t *Target) Token(ctx context.Context) (token string, resp *http.Response, err error) {
	resp, err = t.do(ctx, func(ctx context.Context, core *minio.Core) error {
		info, err := core.StatObject(ctx, t.bucket, t.key, minio.StatObjectOptions{})
		token = info.UserMetadata[tokenField]
		return err
	})
	return token, resp, err
}

// Remove removes the object, or does nothing if there is none.
func (t *Target) Remove(ctx context.Context) (*http.Response, error) {
	return t.do(ctx, func(ctx context.Context, core *minio.Core) error {
		return core.RemoveObject(ctx, t.bucket, t.key, minio.RemoveObjectOptions{})
	})
}

var _ object.Store = &Target{}
