// Package remote tests the reading of objects on servers of others, and the writing to them:
// versitygw and gofakes3 for S3, nginx for https, Chromium for CORS, and the netrc files of curl.
package remote
