// Package remote tests the reading of objects on servers of others: versitygw and gofakes3 for S3,
// nginx for https, and the netrc files of curl.
package remote
