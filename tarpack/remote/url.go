package remote

import (
	"errors"
	"strings"

	"github.com/tarpack/tpk/tarpack/remote/object"
)

const s3Scheme = "s3://"

// IsURL reports whether a name is one that Open takes, and not that of a file.
func IsURL(name string) bool {
	for _, scheme := range []string{"https://", "http://", s3Scheme} {
		if len(name) >= len(scheme) && strings.EqualFold(name[:len(scheme)], scheme) {
			return true
		}
	}
	return false
}

// beside returns the URL of the file that has the name of another one and a suffix. A query stays
// what it is.
func beside(rawURL, suffix string) string {
	file, query := cutQuery(rawURL)
	return file + suffix + query
}

func isS3(rawURL string) bool { return strings.HasPrefix(rawURL, s3Scheme) }

// cutQuery cuts the query and the fragment off a URL. Keys in S3 have neither.
func cutQuery(rawURL string) (file, query string) {
	if end := strings.IndexAny(rawURL, "?#"); end >= 0 && !isS3(rawURL) {
		return rawURL[:end], rawURL[end:]
	}
	return rawURL, ""
}

// store returns the store of an object.
func (o *Options) store(rawURL string) (object.Store, error) {
	if isS3(rawURL) {
		if o.S3 == nil {
			return nil, errors.New("there is no client for S3")
		}
		return o.S3.Object(rawURL)
	}
	return o.Web.Object(rawURL)
}
